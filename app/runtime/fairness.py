"""Lets one thread at a time run CPU-bound Python code, so that the service stays responsive.

Threads that run Python code share the interpreter's lock, and so does the event loop, which needs it several
times per request: more such threads only make it wait. So CPU-bound work on large bodies holds the one CPU
slot. Waiting for a store, and compiled code that releases the lock, need no slot. Neither do small bodies:
they take milliseconds, and would wait for seconds.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from app.errors import TooBusyError
from app.storage.deadline import seconds_left

__all__ = ["SMALL", "cpu_slot", "cpu_slot_for", "in_cpu_slots"]

Item = TypeVar("Item")

#: The size in bytes of a body that is processed within some milliseconds.
SMALL = 2**14

#: Seconds after which a request may be repeated that has got no slot.
RETRY_AFTER = 5

#: Held by threads while they run CPU-bound Python code, never while they wait.
cpu_slot = threading.Lock()


def cpu_slot_for(size: int) -> AbstractContextManager[object]:
    """Return the context manager for processing a body of some bytes: a CPU slot if it is large.

    Entering it raises `TooBusyError` when no slot is free before the request's deadline.
    """
    return _acquired_slot() if size > SMALL else nullcontext()


@contextmanager
def _acquired_slot() -> Iterator[None]:
    left = seconds_left()
    if not cpu_slot.acquire(timeout=-1 if left is None else max(0.0, left)):
        raise TooBusyError(
            f"other large requests come first, and the time of this one is over: try again in "
            f"{RETRY_AFTER} seconds",
            retry_after=RETRY_AFTER,
        )
    try:
        yield
    finally:
        cpu_slot.release()


def in_cpu_slots(items: Iterator[Item], *, size: int) -> Iterator[Item]:
    """Yield the items of an iterator, each computed in a CPU slot if the body of the request is large."""
    while True:
        # Without a deadline, since the response has begun.
        with cpu_slot if size > SMALL else nullcontext():
            try:
                item = next(items)
            except StopIteration:
                return
        yield item
