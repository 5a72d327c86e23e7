"""Weights in the formats of downloads."""

import io
import json
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import numpy as np

from kohonen.files import npy
from kohonen.inputs.arrays import FloatArray

__all__ = ["MEDIA_TYPES", "PIECE", "Format", "write"]

#: Bytes that are compressed, or sent, at a time.
PIECE = 2**20

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
            yield from _npz(weights, card)
        case "json":
            yield from _json(weights, card)
        case "csv":
            yield from _csv(weights)


class _Pipe(io.RawIOBase):
    """A file that is written only; what has been written is taken out piece by piece."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken


def _npz(weights: FloatArray, card: str) -> Iterator[bytes]:
    import zipfile  # seldom needed

    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        arrays = {"weights": weights.astype("<f8", order="C", copy=False), "card": np.array(card)}
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, np.lib.format.header_data_from_array_1_0(array))
                content = array.reshape(-1).view(np.uint8).data
                for start in range(0, len(content), PIECE):
                    member.write(content[start : start + PIECE])
                    yield pipe.take()
    yield pipe.take()


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
