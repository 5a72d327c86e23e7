"""The compiled kernel, where there is one: plain C behind a narrow interface, called through ctypes.

The library is a file beside this one, compiled when the package is built or by ``python
kohonen/kernel/build.py``. It knows nothing of Python, so that one serves every version of it; calls release
the interpreter's lock. Where the library is missing, `kernel()` is None and NumPy serves; likewise where it
does not do as it should, or is of other sources than those beside it, which is logged.
"""

import ctypes
import functools
import logging
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from kohonen.kernel.sources import digest

__all__ = ["Kernel", "address", "kernel", "loaded_kernel"]

_LOG = logging.getLogger(__name__)

#: Where the library is, and in a checkout its sources.
FOLDER = Path(__file__).parent

#: The library beside this file, as build.py calls it, whose imports would cost more than loading it.
LIBRARY = "libkohonen.so"

#: The interface that is spoken here; a library with another one is left alone.
INTERFACE = 3

_SIZE, _INT, _NUMBER, _POINTER = ctypes.c_int64, ctypes.c_int, ctypes.c_double, ctypes.c_void_p

#: Each function's result and arguments, as in kernel.h.
_FUNCTIONS: dict[str, tuple[type | None, list[type]]] = {
    "interface": (_INT, []),
    "sources": (ctypes.c_char_p, []),
    "highest_level": (_INT, []),
    "level_name": (ctypes.c_char_p, [_INT]),
    "exp": (_NUMBER, [_NUMBER]),
    "tiles_open": (_POINTER, [_SIZE, _SIZE, _SIZE, _POINTER, _INT, _INT]),
    "tiles_close": (None, [_POINTER]),
    "match": (_SIZE, [_POINTER, _POINTER, _SIZE, _INT, _POINTER, _POINTER]),
    "online_open": (
        _POINTER,
        [_SIZE, _SIZE, _SIZE, _POINTER, _POINTER, _SIZE, _NUMBER, _NUMBER, _NUMBER, _INT],
    ),
    "online_close": (None, [_POINTER]),
    "online_run": (None, [_POINTER, _SIZE, _SIZE]),
    "online_weights": (None, [_POINTER, _POINTER]),
}


class Kernel:
    """The functions of a loaded library, by their names in kernel.h without ``kohonen_``.

    Parameters
    ----------
    path : Path
        The library.

    Attributes
    ----------
    level : int
        The instruction set that is used, the best of this processor; see ``highest_level`` in kernel.h.

    Raises
    ------
    OSError
        When the library cannot be loaded or does not do what it should.
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
            raise OSError(f"{path} is a kernel of another version: {self.interface()} and not {INTERFACE}")
        sources = digest(FOLDER)
        if sources is not None and self.sources().decode() != sources:
            raise OSError(f"{path} is compiled from other sources than those beside it: make it anew")
        # All engines must make the same tables, and the kernel makes its own.
        arguments_of_exp = random.Random(0)
        for _ in range(64):
            x = -30.0 * arguments_of_exp.random()
            if self.exp(x) != math.exp(x):
                raise OSError(f"{path} has another exponential function than Python")
        self.level: int = self.highest_level()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]:
            """Tell the type of the functions that are set above."""

    @property
    def instruction_set(self) -> str:
        """The name of the instruction set that is used, such as ``"avx2"``."""
        return str(self.level_name(self.level).decode())


@functools.cache
def kernel() -> Kernel | None:
    """Return the kernel of this installation, or None where there is none that works."""
    path = FOLDER / LIBRARY
    if not path.exists():
        return None
    try:
        return Kernel(path)
    except OSError as error:
        _LOG.warning("the compiled kernel is left alone, and NumPy serves: %s", error)
        return None


def loaded_kernel() -> Kernel:
    """Return the kernel of this installation, which must be there.

    Raises
    ------
    RuntimeError
        Where there is none.
    """
    found = kernel()
    if found is None:
        raise RuntimeError("the compiled kernel is not there: compile it, or use NumPy")
    return found


def address(array: npt.NDArray[Any]) -> int:
    """Return where the values of a contiguous array are."""
    if not array.flags.c_contiguous:
        raise ValueError("the kernel reads contiguous arrays only")
    return array.ctypes.data
