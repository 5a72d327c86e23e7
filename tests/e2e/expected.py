"""What the service should answer, computed here: the library trains and draws without any service."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from kohonen import SelfOrganizingMap
from kohonen.inputs.colours import parse_colours
from kohonen.pictures.maps import draw_input_output, draw_map

FloatArray = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

TRAINING: dict[str, Any] = {
    "colours": ["#e63946", "gold", [0.1, 0.7, 0.2], "teal"],
    "width": 30,
    "height": 20,
    "iterations": 200,
    "random_state": 7,
}
"""A training that takes a moment."""


def weights(training: dict[str, Any]) -> FloatArray:
    """Return the weights of the map that a training request asks for."""
    return _map(training, parse_colours(training["colours"]))


def picture(training: dict[str, Any]) -> Pixels:
    """Return the picture of that map."""
    return draw_map(weights(training))


def demo(
    *, seed: int, samples: int = 20, width: int = 100, height: int = 100, iterations: int = 1000
) -> Pixels:
    """Return the picture of a demo: the colours above their map."""
    colours = np.random.default_rng([seed, 1]).random((samples, 3))
    training = {"width": width, "height": height, "iterations": iterations, "random_state": seed}
    return draw_input_output(colours, _map(training, colours))


def request_body(event: dict[str, Any]) -> bytes:
    """Return the bytes of the body that an event carries."""
    content: str = event["body"]
    return base64.b64decode(content) if event["isBase64Encoded"] else content.encode()


def pixels(png: bytes) -> Pixels:
    """Return what a PNG shows."""
    with Image.open(BytesIO(png)) as opened:
        assert opened.format == "PNG"
        return np.asarray(opened.convert("RGB"))


def is_yellow_somewhere(png: bytes) -> bool:
    """Whether a PNG shows the largest value of a component plane."""
    distance = np.abs(pixels(png).astype(int) - (253, 231, 37)).max(axis=2)
    return bool((distance <= 2).any())


def _map(training: dict[str, Any], samples: FloatArray) -> FloatArray:
    names = ("width", "height", "iterations", "random_state")
    return SelfOrganizingMap(**{name: training[name] for name in names}).fit(samples).weights_
