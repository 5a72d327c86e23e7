"""What keeps the service answering while it computes.

Threads that compute in Python have the interpreter's lock in turn, some milliseconds each, and the event loop
is one more that waits for its turn, several times for each request. More of them make nothing quicker. So
what computes in Python for long takes turns; what waits for a store, or for compiled code that lets go of the
lock, needs none. Neither does what is small: it would wait some milliseconds' work for seconds of another's.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from app.errors import TooBusyError
from app.storage.deadline import seconds_left

__all__ = ["SMALL", "in_turns", "turn", "turn_for"]

Item = TypeVar("Item")

#: A body of so many bytes takes some milliseconds.
SMALL = 2**14

#: Seconds after which somebody may try again whose turn did not come.
RETRY_AFTER = 5

#: To be held by threads that compute in Python for long, and never while they wait for something.
turn = threading.Lock()


def turn_for(size: int) -> AbstractContextManager[object]:
    """Return what is to be held while a body of so many bytes is worked on: a turn, where it is large.

    Entering it raises `TooBusyError` when the request's time is over before its turn comes.
    """
    return _own_turn() if size > SMALL else nullcontext()


@contextmanager
def _own_turn() -> Iterator[None]:
    left = seconds_left()
    if not turn.acquire(timeout=-1 if left is None else max(0.0, left)):
        raise TooBusyError(
            f"other large requests come first, and no time is left for this one: try again in {RETRY_AFTER} "
            "seconds",
            retry_after=RETRY_AFTER,
        )
    try:
        yield
    finally:
        turn.release()


def in_turns(items: Iterator[Item], *, size: int) -> Iterator[Item]:
    """Give what an iterator gives, each item in a turn of its own where they answer a large body."""
    while True:
        with turn if size > SMALL else nullcontext():  # an answer that has begun is sent to its end
            try:
                item = next(items)
            except StopIteration:
                return
        yield item
