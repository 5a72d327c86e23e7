"""Trainings at a time: a few run, some more wait, the rest are told to come back."""

import math
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from app.errors import TooBusyError

__all__ = ["TrainingPool"]

#: Threads that train give way to those that answer, as far as Linux has it. Workers give way to both.
NICENESS = 5

Result = TypeVar("Result")


class TrainingPool:
    """A bounded number of threads that train, and a bounded queue before them.

    Parameters
    ----------
    running : int
        How many trainings run at a time.
    waiting : int
        How many more may wait.
    """

    def __init__(self, *, running: int, waiting: int) -> None:
        self._running = running
        self._most = running + waiting
        self._threads = ThreadPoolExecutor(running, thread_name_prefix="training", initializer=_give_way)
        self._lock = threading.Lock()
        self._admitted = 0
        self._seconds = 0.0

    def submit(self, work: Callable[[], Result], *, seconds: float) -> "Future[Result]":
        """Have work done in its turn.

        Parameters
        ----------
        work : callable
            What to do.
        seconds : float
            How long it is expected to take.

        Returns
        -------
        Future
            Of what the work returns.

        Raises
        ------
        TooBusyError
            When as many run and wait as may; says when to come back.
        """
        with self._lock:
            if self._admitted >= self._most:
                retry_after = max(1, math.ceil(self._seconds / self._running / 2))
                raise TooBusyError(
                    f"{self._admitted} trainings are under way or waiting, and no more are taken; "
                    f"try again in {retry_after} seconds",
                    retry_after=retry_after,
                )
            self._admitted += 1
            self._seconds += seconds
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._leave(seconds))
        return future

    @property
    def admitted(self) -> int:
        """How many trainings run or wait."""
        return self._admitted

    def _leave(self, seconds: float) -> None:
        with self._lock:
            self._admitted -= 1
            self._seconds -= seconds


def _give_way() -> None:
    """Let the other threads of the process go first.

    Trainings are compiled code that keeps every core busy. The event loop, whose work is many little pieces,
    would wait some milliseconds for a core with each of them.
    """
    if sys.platform == "linux":  # where a thread has a niceness of its own
        os.nice(NICENESS)
