"""The deadline for blocking calls of stores, buckets and queues, which may hang.

A request has a deadline, which `app.web.deadline` sets. The timeouts of clients do not ensure it: clients
connect, wait and retry, a body may arrive very slowly, and a name may take long to resolve. So `in_time`
makes the call in another thread, and abandons it when the deadline has passed. An abandoned call may still
take effect: every write is atomic, and a repeated request finds its result. But the call is not retried,
since another request may have written in the meantime.

Without a deadline, as in a worker or on the command line, no call is abandoned.
"""

import contextvars
import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from app.storage.port import Store, StoreUnavailable
from app.storage.threads import run_in_thread
from app.storage.wrapper import wrap_calls

__all__ = ["RETRY_AFTER", "Deadline", "in_time", "is_abandoned", "seconds_left", "until", "with_deadline"]

#: Seconds after which a caller may retry an abandoned call.
RETRY_AFTER = 5

Result = TypeVar("Result")


class Deadline:
    """The time until which a caller waits, by `time.monotonic`; may be changed."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


#: Copied into the threads that work for a request.
_deadline: contextvars.ContextVar[Deadline | None] = contextvars.ContextVar("deadline", default=None)
#: Set when the call that this thread makes has been abandoned.
_abandoned: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("abandoned", default=None)


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


def in_time(call: Callable[[], Result], *, timeout: Callable[[], Exception]) -> Result:
    """Make a blocking call, and return its result, or raise when the deadline passes first.

    `timeout` makes the exception to raise.
    """
    left = seconds_left()
    if left is None:
        return call()
    if left <= 0:
        raise timeout()
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised in the waiting thread
            done.set_exception(error)

    context, abandoned = contextvars.copy_context(), threading.Event()
    context.run(_abandoned.set, abandoned)
    run_in_thread(functools.partial(context.run, run))
    try:
        # Errors of the call are returned here, not raised, so a TimeoutError means the deadline.
        done.exception(left)
    except TimeoutError:
        abandoned.set()
        raise timeout() from None
    return done.result()


def is_abandoned() -> bool:
    """Return whether the call that this thread makes was abandoned and must not be retried."""
    abandoned = _abandoned.get()
    return abandoned is not None and abandoned.is_set()


def with_deadline(store: Store) -> Store:
    """Return a store whose calls raise `StoreUnavailable` when the deadline has passed."""

    def timeout() -> StoreUnavailable:
        return StoreUnavailable(
            f"the store {store.description} (SOM_STORE) takes too long to answer; try again: a request "
            "that has taken effect is not executed twice",
            retry_after=RETRY_AFTER,
        )

    return wrap_calls(store, lambda call: in_time(call, timeout=timeout))
