"""Wraps every call of a store in a function."""

import functools
from collections.abc import Callable
from typing import Any, cast

from app.storage.port import Store

__all__ = ["wrap_calls"]


def wrap_calls(store: Store, wrapper: Callable[[Callable[[], Any]], Any]) -> Store:
    """Return a store whose calls `wrapper` makes: it is passed each call, and returns its result."""
    return cast(Store, _WrappedStore(store, wrapper))


class _WrappedStore:
    """Forwards every attribute, so that it needs no method of the port."""

    def __init__(self, store: Store, wrapper: Callable[[Callable[[], Any]], Any]) -> None:
        self._store = store
        self._wrapper = wrapper

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        if not callable(member):
            return member

        @functools.wraps(member)
        def call(*arguments: Any, **named: Any) -> Any:
            return self._wrapper(lambda: member(*arguments, **named))

        return call
