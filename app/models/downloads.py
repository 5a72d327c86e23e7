"""Weights in the formats of downloads."""

import io
import json
from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np

from kohonen.files import npy
from kohonen.inputs.arrays import FloatArray

__all__ = ["MEDIA_TYPES", "Format", "write"]

Format: TypeAlias = Literal["npy", "npz", "json", "csv"]
MEDIA_TYPES: dict[Format, str] = {
    "npy": "application/octet-stream",
    "npz": "application/octet-stream",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


def write(weights: FloatArray, form: Format, *, card: str) -> Iterator[bytes]:
    """Yield weights in a format, in pieces.

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
