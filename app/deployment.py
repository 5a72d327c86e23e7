"""The stores and the models of a deployment, opened as its settings say.

The time that calls of a store take is recorded, and no request waits for a store beyond its deadline.
"""

import time
from collections.abc import Callable
from typing import Any

from app.models.registry import Models
from app.observability import record
from app.settings import Settings
from app.storage import open_store
from app.storage.around import around
from app.storage.deadline import punctual
from app.storage.port import Store, StoreUnavailable
from kohonen.metrics import Metric

__all__ = ["observed", "open_models", "open_watched"]


def open_models(settings: Settings) -> Models:
    """Return the models in the store that the settings name. Nothing is reached, read or written yet."""
    return Models(
        open_watched(settings.store, settings),
        metric=Metric(settings.metric_key, settings.metric_ascending),
        unnamed_days=settings.unnamed_days,
    )


def open_watched(url: str, settings: Settings) -> Store:
    """Return the store that a URL names. Nothing is reached, read or written yet."""
    store = open_store(url, endpoint=settings.s3_endpoint, public_endpoint=settings.public_s3_endpoint)
    return observed(store if url == "memory:" else punctual(store))  # memory answers at once


def observed(store: Store) -> Store:
    """Return a store that records how long its calls take."""
    return around(store, _timed)


def _timed(call: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    try:
        return call()
    except StoreUnavailable:
        record(store_errors=1)
        raise
    finally:
        record(store_milliseconds=round(1000 * (time.perf_counter() - started), 3))
