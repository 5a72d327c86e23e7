"""Frames of a training at rest: sketches as an .npz file, data and never code."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from kohonen.observers import Record
from kohonen.sketches import Sketch

__all__ = ["pack", "unpack"]


def pack(sketches: Sequence[Sketch]) -> bytes:
    """Return sketches of one map, at least one, as a file.

    It holds ``records`` (n, 4): iteration, radius, learning rate and quantization error; ``coloured`` (n,);
    ``stride``; and where there are any, ``colours`` (n, width, height, 3) and ``greys`` (n, width, height).
    """
    first = sketches[0]
    records = [
        (one.record.iteration, one.record.radius, one.record.learning_rate, one.record.quantization_error)
        for one in sketches
    ]
    arrays: dict[str, Any] = {
        "records": np.array(records, dtype=np.float64),
        "coloured": np.array([one.coloured for one in sketches]),
        "stride": np.array(first.stride),
    }
    if first.colours is not None:
        arrays["colours"] = np.stack([one.colours for one in sketches if one.colours is not None])
    if first.greys is not None:
        arrays["greys"] = np.stack([one.greys for one in sketches if one.greys is not None])
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpack(data: bytes, *, sha256: str) -> list[Sketch]:
    """Return the sketches of a file.

    Raises
    ------
    ValueError
        When it is not the one that was stored.
    """
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("the frames are not what was stored")
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        colours, greys = file.get("colours"), file.get("greys")
        stride = int(file["stride"])
        return [
            Sketch(
                Record(int(iteration), radius, rate, error),
                coloured,
                stride,
                None if colours is None else colours[index],
                None if greys is None else greys[index],
            )
            for index, ((iteration, radius, rate, error), coloured) in enumerate(
                zip(file["records"].tolist(), file["coloured"].tolist(), strict=True)
            )
        ]
