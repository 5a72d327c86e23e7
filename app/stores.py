"""The stores of a deployment: what their calls take is recorded, and no request waits for them for ever."""

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from app.observability import record
from app.settings import Settings
from app.storage import open_store
from app.storage.deadline import punctual
from app.storage.port import Store, StoreUnavailable

__all__ = ["observed", "open_watched"]


def open_watched(url: str, settings: Settings) -> Store:
    """Return the store that a URL names. Nothing is reached, read or written yet."""
    store = open_store(url, endpoint=settings.s3_endpoint, public_endpoint=settings.public_s3_endpoint)
    return observed(store if url == "memory:" else punctual(store))  # memory answers at once


def observed(store: Store) -> Store:
    """Return a store that does what another does, and records how long its calls take."""
    return cast(Store, _ObservedStore(store))


class _ObservedStore:
    """Whatever a store offers, timed. Not method by method: what it offers is the port's business."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        if not callable(member):
            return member

        @functools.wraps(member)
        def timed(*arguments: Any, **named: Any) -> Any:
            with _timed():
                return member(*arguments, **named)

        return timed


@contextmanager
def _timed() -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    except StoreUnavailable:
        record(store_errors=1)
        raise
    finally:
        record(store_milliseconds=round(1000 * (time.perf_counter() - started), 3))
