"""Reads and writes the files of models: weights and samples.

Files are data, never code: nothing is pickled, and contents are validated when read. Files are written
atomically: under a temporary name, then renamed.
"""

import contextlib
import io
import math
import os
import uuid
from pathlib import Path

import numpy as np

from kohonen.inputs.arrays import LARGEST_MAGNITUDE, FloatArray

__all__ = ["UNFINISHED", "most_npy_bytes", "npy", "parse_npy", "sync_folder", "write_whole"]

#: Suffix of temporary files; a process that is killed may leave one behind.
UNFINISHED = ".part"
#: Maximum size of the header of an .npy file.
_HEADER_BYTES = 1024
#: Values that are checked at a time.
BLOCK = 2**17


def npy(array: FloatArray) -> bytes:
    """Return an array as an .npy file: little-endian float64, in C order."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array, dtype="<f8"), allow_pickle=False)
    return file.getvalue()


def most_npy_bytes(*shape: int) -> int:
    """Return the maximum size, in bytes, of an .npy file of float64 of a shape."""
    size = 8
    for side in shape:
        size *= side
    return size + _HEADER_BYTES


def parse_npy(file: bytes, *shape: int, missing: bool = False) -> FloatArray:
    """Return the array of an .npy file that must hold finite float64 of a shape, or NaN if `missing`.

    The array is read-only.

    Raises
    ------
    ValueError
        If it holds anything else.
    """
    stream = io.BytesIO(file)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("the file is not of version 1.0 of the format")
    stored, in_columns, kind = np.lib.format.read_array_header_1_0(stream)
    if stored != shape or kind != np.float64 or in_columns:
        raise ValueError(f"the file does not hold float64 of shape {shape}")
    # The array shares the memory of the file.
    values = np.frombuffer(file, dtype=np.float64, count=math.prod(shape), offset=stream.tell())
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        usable = np.abs(block) <= LARGEST_MAGNITUDE
        if not (usable | np.isnan(block) if missing else usable).all():
            raise ValueError("the file holds numbers that are not finite")
    return values.reshape(shape)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: readers see the old content or the new, even after a crash.

    Raises
    ------
    OSError
        If the file cannot be written; it names `path` rather than the temporary file.
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
    """Flush a folder's entries to disk, if the operating system supports it."""
    with contextlib.suppress(PermissionError):  # Windows cannot open folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
