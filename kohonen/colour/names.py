"""Names of colours, finer than those of CSS."""

import functools
from pathlib import Path

import numpy as np

from kohonen.colour.pixels import Pixels
from kohonen.colour.spaces import TrainingSpace
from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray

__all__ = ["name_colours"]

#: The colours of a survey of 2010 among the readers of xkcd, without vulgar ones: each ``rrggbb name``. The
#: list is in the public domain (CC0): https://xkcd.com/color/rgb/
_FILE = Path(__file__).with_name("names.txt")
_SPACE = TrainingSpace("oklab")


def name_colours(colours: Pixels) -> list[str]:
    """Return the name of the nearest known colour of each of some colours (k, 3)."""
    names, known = _known()
    units = match(known[:, None], _SPACE.of_srgb(colours / 255)).units[:, 0]
    return [names[unit] for unit in units]


@functools.cache
def _known() -> tuple[list[str], FloatArray]:
    lines = [line.split(" ", 1) for line in _FILE.read_text(encoding="utf-8").splitlines()]
    pixels = np.array([list(bytes.fromhex(code)) for code, _ in lines])
    return [name for _, name in lines], _SPACE.of_srgb(pixels / 255)
