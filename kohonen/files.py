"""The files of models: weights and samples at rest.

Files are data, never code: nothing is pickled, and what is read is checked before it is used. And what is
seen under a file's name is whole: it is written under another name first.
"""

import contextlib
import io
import os
import uuid
from pathlib import Path

import numpy as np

from kohonen.data import LARGEST_MAGNITUDE, FloatArray

__all__ = ["UNFINISHED", "most_npy_bytes", "npy", "parse_npy", "sync_folder", "write_whole"]

#: How the names end of files that are being written; a process that is killed leaves one.
UNFINISHED = ".part"
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


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it sees all of it or what was before, whatever interrupts this.

    Raises
    ------
    OSError
        When that cannot be done, with the file's own name.
    """
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}{UNFINISHED}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk, where the system can do that."""
    with contextlib.suppress(PermissionError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
