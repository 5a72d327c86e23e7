"""Waiting for something, however slow the machine is."""

from collections.abc import Callable
from time import monotonic, sleep  # by name: tests replace those of the module
from typing import TypeVar

__all__ = ["PATIENCE", "eventually"]

#: Seconds after which something is taken to hang; much longer than anything takes on a slow machine.
PATIENCE = 120.0

Found = TypeVar("Found")


def eventually(
    condition: Callable[[], Found],
    limit: float = PATIENCE,
    *,
    pause: float = 0.01,
    why: Callable[[], object] = lambda: "it hangs",
) -> Found:
    """Wait until a condition is true, and return its value.

    Parameters
    ----------
    condition : callable
        Is called until it returns something true; may raise to end the waiting.
    limit : float
        Seconds to wait at most.
    pause : float
        Seconds between two calls.
    why : callable
        Returns what to report when it does not become true, such as a log.
    """
    until = monotonic() + limit
    while not (found := condition()):
        assert monotonic() < until, f"not true after {limit:g} seconds: {why()}"
        sleep(pause)
    return found
