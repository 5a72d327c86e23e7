"""Files of frames: ``.npz`` archives without pickled objects."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kohonen.animation.frames import Frame
from kohonen.observers.standard import Record

__all__ = ["Piece", "pack", "unpack"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stored file of frames: its key or name, checksum, size in bytes, count of frames, last iteration."""

    key: str
    sha256: str
    size: int
    count: int
    last: int

    @classmethod
    def of(cls, key: str, frames: Sequence[Frame], data: bytes) -> "Piece":
        """Return the description of a file that `pack` made of frames."""
        checksum = hashlib.sha256(data).hexdigest()
        return cls(key, checksum, len(data), len(frames), frames[-1].record.iteration)


def pack(frames: Sequence[Frame]) -> bytes:
    """Return frames of one map, at least one, as the bytes of a file.

    It holds ``records`` (n, 4): iteration, radius, learning rate and quantization error; ``coloured`` (n,);
    ``stride``; and, if present, ``colours`` (n, width, height, 3) and ``greys`` (n, width, height).
    """
    first = frames[0]
    arrays: dict[str, Any] = {
        "records": np.array([frame.record[:4] for frame in frames], dtype=np.float64),
        "coloured": np.array([frame.coloured for frame in frames]),
        "stride": np.array(first.stride),
    }
    if first.colours is not None:
        arrays["colours"] = np.stack([frame.colours for frame in frames if frame.colours is not None])
    if first.greys is not None:
        arrays["greys"] = np.stack([frame.greys for frame in frames if frame.greys is not None])
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpack(data: bytes, *, sha256: str) -> list[Frame]:
    """Return the frames of a file; raise `ValueError` when its checksum is not `sha256`."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("the file of frames is damaged: its checksum has changed")
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        colours, greys = file.get("colours"), file.get("greys")
        stride = int(file["stride"])
        return [
            Frame(
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
