"""Wraps every call of a store in one function, instead of method by method."""

import functools
from collections.abc import Callable
from typing import Any, cast

from app.storage.port import Store

__all__ = ["around"]


def around(store: Store, do: Callable[[Callable[[], Any]], Any]) -> Store:
    """Return a store whose calls a function makes.

    Parameters
    ----------
    store : Store
        The store that is called.
    do : callable
        Takes each call, makes it and returns its result.
    """
    return cast(Store, _Around(store, do))


class _Around:
    """Whatever a store offers, which is the port's business."""

    def __init__(self, store: Store, do: Callable[[Callable[[], Any]], Any]) -> None:
        self._store = store
        self._do = do

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        if not callable(member):
            return member

        @functools.wraps(member)
        def call(*arguments: Any, **named: Any) -> Any:
            return self._do(lambda: member(*arguments, **named))

        return call
