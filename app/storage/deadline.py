"""Until when somebody waits for a store, a bucket or a queue that may hang.

Whoever answers a request has a deadline, and the client of a server that hangs has none that one could rely
on: it connects, waits and tries again, a body may trickle for ever, and a name may take long to resolve. So
what is asked for on the way to an answer is done by another thread, and left behind when time is over.
What is on its way then may still be done: every write is whole, and the same request again finds what there
is. But it is not tried again: by then somebody else may have written there.

Without a deadline, as in a worker or on the command line, nothing is left behind.
"""

import contextvars
import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from app.storage.around import around
from app.storage.helpers import do
from app.storage.port import Store, StoreUnavailable

__all__ = ["RETRY_AFTER", "Deadline", "in_time", "is_left_behind", "punctual", "seconds_left", "until"]

#: Seconds after which a caller may try again what was left behind.
RETRY_AFTER = 5

Result = TypeVar("Result")


class Deadline:
    """When somebody's patience ends.

    Attributes
    ----------
    at : float
        The `time.monotonic`; may be moved.
    """

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


#: Copied into the threads that work for a request.
_deadline: contextvars.ContextVar[Deadline | None] = contextvars.ContextVar("deadline", default=None)
#: Set once nobody waits for this thread any more.
_left: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("left", default=None)


@contextmanager
def until(deadline: Deadline) -> Iterator[None]:
    """Have what the block asks for left behind at its deadline."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return how many seconds somebody still waits; None where nobody waits in vain."""
    deadline = _deadline.get()
    return None if deadline is None else deadline.at - time.monotonic()


def in_time(work: Callable[[], Result], *, late: Callable[[], Exception]) -> Result:
    """Do something that may hang, and return what comes of it.

    Parameters
    ----------
    work : callable
        What to do.
    late : callable
        Makes what is raised when time is over.
    """
    left = seconds_left()
    if left is None:
        return work()
    if left <= 0:
        raise late()
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised by who waits for it
            done.set_exception(error)

    context, behind = contextvars.copy_context(), threading.Event()
    context.run(_left.set, behind)
    do(functools.partial(context.run, run))
    try:
        # An error of the work is returned and not raised here, so this is ours.
        done.exception(left)
    except TimeoutError:
        behind.set()
        raise late() from None
    return done.result()


def is_left_behind() -> bool:
    """Say whether nobody waits any more for what this thread does: there is no point in trying again."""
    left = _left.get()
    return left is not None and left.is_set()


def punctual(store: Store) -> Store:
    """Return a store that does what another does, until the deadline."""

    def late() -> StoreUnavailable:
        return StoreUnavailable(
            f"the store {store.description} (SOM_STORE) takes too long to answer; try again: what was "
            "done is not done a second time",
            retry_after=RETRY_AFTER,
        )

    return around(store, lambda call: in_time(call, late=late))
