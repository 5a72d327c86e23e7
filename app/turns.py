"""What keeps the service answering while it computes.

Threads that compute in Python have the interpreter's lock in turn, some milliseconds each, and the event loop
is one more that waits for its turn, several times for each request. More of them make nothing quicker. So
what computes in Python for long takes turns; what waits for a store, or for compiled code that lets go of the
lock, needs none.
"""

import threading
from collections.abc import Iterator
from typing import TypeVar

__all__ = ["in_turns", "turn"]

Item = TypeVar("Item")

#: To be held by threads that compute in Python for long, and never while they wait for something.
turn = threading.Lock()


def in_turns(items: Iterator[Item]) -> Iterator[Item]:
    """Give what an iterator gives, each item made in a turn of its own."""
    while True:
        with turn:
            try:
                item = next(items)
            except StopIteration:
                return
        yield item
