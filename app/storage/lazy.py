"""Makes objects on first use: an adapter's package takes longer to import than the rest of the service."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["lazy"]

Made = TypeVar("Made")


def lazy(make: Callable[[], Made]) -> Made:
    """Return a proxy of an object that `make` makes on first access, once."""
    return cast(Made, _Lazy(make))


class _Lazy:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)
