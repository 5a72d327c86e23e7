"""A fixture that calls the command in this process."""

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Terminal"]

#: Called with arguments: returns the exit code, standard output and standard error.
Terminal: TypeAlias = Callable[..., tuple[int, str, str]]
