"""What is made when it is first used: an adapter's package takes longer to import than all of the service."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["later"]

Made = TypeVar("Made")


def later(make: Callable[[], Made]) -> Made:
    """Return what stands for an object, which is made when it is first asked for anything.

    Parameters
    ----------
    make : callable
        Makes it, once.
    """
    return cast(Made, _Later(make))


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)
