"""Loads the compiled kernel: a plain C library, called through ctypes.

The library is a file in this folder, compiled when the package is built or by ``python
kohonen/kernel/build.py``. It does not use Python's API, so that one library serves all versions of Python;
calls release the interpreter's lock. Without the library `kernel()` returns None and NumPy is used instead;
likewise, with a warning, if it fails a check or was compiled from other sources than those in this folder.
"""

import ctypes
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from kohonen.kernel.sources import digest

__all__ = ["Kernel", "address", "kernel", "loaded_kernel"]

_LOG = logging.getLogger(__name__)

#: The folder of the library and, in a checkout, of its sources.
FOLDER = Path(__file__).parent

#: Name of the library, as in build.py, whose imports would take longer than loading the library.
LIBRARY = "libkohonen.so"

#: The supported version of the interface.
INTERFACE = 4

_SIZE, _INT, _NUMBER, _POINTER = ctypes.c_int64, ctypes.c_int, ctypes.c_double, ctypes.c_void_p

#: Result and argument types of the functions, as in kernel.h.
_FUNCTIONS: dict[str, tuple[type | None, list[type]]] = {
    "interface": (_INT, []),
    "sources": (ctypes.c_char_p, []),
    "highest_level": (_INT, []),
    "level_name": (ctypes.c_char_p, [_INT]),
    "arithmetic": (None, [_INT, _POINTER, _SIZE, _NUMBER, _POINTER]),
    "random": (None, [_POINTER, _SIZE, _POINTER, _SIZE]),
    "integers": (None, [_POINTER, _SIZE, _SIZE, _POINTER, _SIZE]),
    "search_open": (_POINTER, [_SIZE, _SIZE, _SIZE, _POINTER, _POINTER, _SIZE, _INT, _INT]),
    "search_close": (None, [_POINTER]),
    "search_run": (_SIZE, [_POINTER, _POINTER, _SIZE, _INT, _POINTER, _POINTER]),
    "online_open": (
        _POINTER,
        [_SIZE, _SIZE, _SIZE, _POINTER, _POINTER, _SIZE, _NUMBER, _NUMBER, _NUMBER, _INT, _INT, _INT],
    ),
    "online_close": (None, [_POINTER]),
    "online_run": (None, [_POINTER, _SIZE, _SIZE]),
    "online_weights": (None, [_POINTER, _POINTER]),
    "sums_add": (None, [_POINTER, _SIZE, _POINTER, _POINTER, _POINTER, _POINTER, _SIZE, _SIZE]),
    "sums_planes": (None, [_POINTER, _SIZE, _SIZE, _POINTER, _POINTER]),
    "product": (None, [_POINTER, _SIZE, _POINTER, _SIZE, _POINTER, *[_SIZE] * 5, _INT]),
    "pixel_cells": (None, [_POINTER, _SIZE, _INT, _POINTER, _POINTER]),
    "pixel_marks": (None, [_POINTER, _SIZE, _INT, _POINTER]),
    "pixel_table": (None, [_POINTER, _SIZE, _INT, _POINTER, _POINTER]),
    "dither": (None, [_POINTER, _POINTER, _SIZE, _SIZE, *[_POINTER] * 4, _SIZE, _NUMBER, _POINTER, _POINTER]),
    "cells": (_INT, [_POINTER, _SIZE, _INT, _INT, _INT, _SIZE, _SIZE, *[_POINTER] * 5]),
}


class Kernel:
    """The functions of a loaded library, named as in kernel.h without the prefix ``kohonen_``.

    Parameters
    ----------
    path : Path
        The library.

    Raises
    ------
    OSError
        If the library cannot be loaded or fails a check.
    """

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        try:
            for name, (result, arguments) in _FUNCTIONS.items():
                function = getattr(library, f"kohonen_{name}")
                function.restype, function.argtypes = result, arguments
                setattr(self, name, function)
        except AttributeError as error:
            raise OSError(f"{path} is not the kernel: {error}") from error
        if self.interface() != INTERFACE:
            raise OSError(f"{path} has interface version {self.interface()}, but {INTERFACE} is required")
        sources = digest(FOLDER)
        if sources is not None and self.sources().decode() != sources:
            raise OSError(f"{path} was compiled from other sources than those beside it: compile it again")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]:
            """Declare the type of the functions set above."""

    @property
    def instruction_set(self) -> str:
        """The name of the best instruction set of this processor, such as ``"avx2"``."""
        return str(self.level_name(self.highest_level()).decode())


@functools.cache
def kernel() -> Kernel | None:
    """Return the kernel of this installation, or None if it is missing or unusable."""
    path = FOLDER / LIBRARY
    if not path.exists():
        return None
    try:
        return Kernel(path)
    except OSError as error:
        _LOG.warning("the compiled kernel is ignored, and NumPy is used instead: %s", error)
        return None


def loaded_kernel() -> Kernel:
    """Return the kernel of this installation.

    Raises
    ------
    RuntimeError
        If it is missing or unusable.
    """
    found = kernel()
    if found is None:
        raise RuntimeError("the compiled kernel is missing: compile it, or use a NumPy engine")
    return found


def address(array: npt.NDArray[Any]) -> int:
    """Return the address of the values of a contiguous array."""
    if not array.flags.c_contiguous:
        raise ValueError("the array must be contiguous")
    return array.ctypes.data
