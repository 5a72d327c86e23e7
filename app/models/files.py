"""The files of models: weights and samples at rest, and weights in other formats for downloads.

Files are data, never code: nothing is pickled, and what is read is checked before it is used.
"""

import io
import json
from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np

from kohonen.data import LARGEST_MAGNITUDE, FloatArray

__all__ = ["FORMATS", "MEDIA_TYPES", "Format", "most_npy_bytes", "npy", "parse_npy", "write"]

Format: TypeAlias = Literal["npy", "npz", "json", "csv"]
FORMATS: tuple[Format, ...] = ("npy", "npz", "json", "csv")
MEDIA_TYPES: dict[Format, str] = {
    "npy": "application/octet-stream",
    "npz": "application/octet-stream",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}

#: What the header of an .npy file may take.
_HEADER_BYTES = 1024


def npy(array: FloatArray) -> bytes:
    """Return an array as the bytes of an .npy file: little-endian float64, in C order."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array, dtype="<f8"), allow_pickle=False)
    return file.getvalue()


def most_npy_bytes(*shape: int) -> int:
    """Return how many bytes an .npy file of a shape has at most."""
    size = 8
    for side in shape:
        size *= side
    return size + _HEADER_BYTES


def parse_npy(file: bytes, *shape: int, missing: bool = False) -> FloatArray:
    """Return the array of an .npy file that must hold finite float64 of a shape; or NaN, where some may miss.

    Raises
    ------
    ValueError
        When it holds anything else.
    """
    try:
        array = np.load(io.BytesIO(file), allow_pickle=False)
    except EOFError as error:
        raise ValueError("the file ends early") from error
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != np.float64:
        raise ValueError(f"the file does not hold float64 of shape {shape}")
    usable = np.abs(array) <= LARGEST_MAGNITUDE
    if not (usable | np.isnan(array) if missing else usable).all():
        raise ValueError("the file holds what are not finite numbers")
    return np.asarray(array, dtype=np.float64)


def write(weights: FloatArray, form: Format, *, card: str) -> Iterator[bytes]:
    """Give weights in a format, piece by piece.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights.
    form : {"npy", "npz", "json", "csv"}
        npz: the arrays ``weights`` and ``card``, which is the card as text. json: an object with id, width,
        height, dimension and ``weights``, nested as ``[x][y][k]``. csv: a row a unit, its ``x`` and ``y``
        first.
    card : str
        The model's card as JSON.
    """
    match form:
        case "npy":
            yield npy(weights)
        case "npz":
            file = io.BytesIO()
            np.savez_compressed(file, weights=np.ascontiguousarray(weights, dtype="<f8"), card=np.array(card))
            yield file.getvalue()
        case "json":
            yield from _json(weights, card)
        case "csv":
            yield from _csv(weights)


def _json(weights: FloatArray, card: str) -> Iterator[bytes]:
    width, height, dimension = weights.shape
    opening = {"id": json.loads(card)["id"], "width": width, "height": height, "dimension": dimension}
    yield json.dumps(opening)[:-1].encode() + b', "weights": ['
    for x, column in enumerate(weights):
        yield (", " if x else "").encode() + json.dumps(column.tolist()).encode()
    yield b"]}\n"


def _csv(weights: FloatArray) -> Iterator[bytes]:
    yield ",".join(["x", "y", *(f"w{k}" for k in range(weights.shape[2]))]).encode() + b"\n"
    for x, column in enumerate(weights):
        yield "".join(
            f"{x},{y},{','.join(map(repr, unit))}\n" for y, unit in enumerate(column.tolist())
        ).encode()
