"""The deadline for blocking calls of stores, buckets and queues, which may hang.

A request has a deadline (`app.web.deadline` sets it), and no client's own timeouts keep it: a client
connects, waits and tries again, a body may trickle for ever, and a name may take long to resolve. So
`in_time` makes the call in another thread, and abandons it there when the deadline has passed. An abandoned
call may still take effect: every write is whole, and the same request again finds what there is. But it is
not retried: by then somebody else may have written there.

Without a deadline, as in a worker or on the command line, nothing is abandoned.
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

__all__ = ["RETRY_AFTER", "Deadline", "in_time", "is_abandoned", "punctual", "seconds_left", "until"]

#: Seconds after which a caller may retry what was abandoned.
RETRY_AFTER = 5

Result = TypeVar("Result")


class Deadline:
    """The end of the time that a caller waits.

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
#: Set once nobody waits any more for the call that this thread makes.
_left: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("left", default=None)


@contextmanager
def until(deadline: Deadline) -> Iterator[None]:
    """Set the deadline of the calls in the block."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return the seconds until the deadline; None without one."""
    deadline = _deadline.get()
    return None if deadline is None else deadline.at - time.monotonic()


def in_time(work: Callable[[], Result], *, late: Callable[[], Exception]) -> Result:
    """Make a blocking call, and return its result unless the deadline passes first.

    Parameters
    ----------
    work : callable
        The call.
    late : callable
        Makes the exception that is raised when the deadline has passed.
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


def is_abandoned() -> bool:
    """Return whether the call that this thread makes was abandoned: retrying it is of no use."""
    left = _left.get()
    return left is not None and left.is_set()


def punctual(store: Store) -> Store:
    """Return a store whose calls raise `StoreUnavailable` when the deadline has passed."""

    def late() -> StoreUnavailable:
        return StoreUnavailable(
            f"the store {store.description} (SOM_STORE) takes too long to answer; try again: what was "
            "done is not done a second time",
            retry_after=RETRY_AFTER,
        )

    return around(store, lambda call: in_time(call, late=late))
