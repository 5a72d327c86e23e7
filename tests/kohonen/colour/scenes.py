"""Pictures for tests, made of numbers."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


def scene(width: int = 60, height: int = 40, seed: int = 0) -> Pixels:
    """Return a picture of gradients with spots and noise: some thousands of colours."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    colours = np.stack([x, 0.5 + 0.5 * np.sin(5 * y + 3 * x), 1 - x * y], axis=2)
    colours[height // 4 : height // 2, width // 4 : width // 2] = (0.9, 0.1, 0.2)
    return np.rint(255 * np.clip(colours + generator.normal(0, 0.03, colours.shape), 0, 1)).astype(np.uint8)


def encoded(pixels: Any, form: str = "PNG", **options: Any) -> bytes:
    """Return the file of an array or of a Pillow image."""
    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def decoded(content: bytes) -> Any:
    """Return the Pillow image of a file."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
