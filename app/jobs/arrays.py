"""Arrays as the bytes of .npy files: data, never code."""

import io
import math

import numpy as np

from kohonen.data import LARGEST_MAGNITUDE, FloatArray

__all__ = ["decode", "encode", "most_bytes"]

#: What the header of an .npy file may take.
HEADER_BYTES = 1024


def encode(array: FloatArray) -> bytes:
    """Return an array as an .npy file: little-endian float64, in C order."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array, dtype="<f8"), allow_pickle=False)
    return file.getvalue()


def most_bytes(shape: tuple[int, ...]) -> int:
    """Return how many bytes the file of an array has at most."""
    return 8 * math.prod(shape) + HEADER_BYTES


def decode(data: bytes, shape: tuple[int, ...]) -> FloatArray | None:
    """Return the array of an .npy file, or None when it is not one of this shape and of finite float64."""
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError):
        return None
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != np.float64:
        return None
    # False for NaN, too.
    return array if np.abs(array).max() <= LARGEST_MAGNITUDE else None
