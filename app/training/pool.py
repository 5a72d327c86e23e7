"""Limits the number of trainings that run and that wait."""

import math
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from app.errors import TooBusyError

__all__ = ["TrainingPool"]

#: Lowers the priority of training threads below that of other threads, on Linux. Workers are lower still.
NICENESS = 5

Result = TypeVar("Result")


class TrainingPool:
    """A thread pool for trainings, with a maximum number of running and of waiting ones."""

    def __init__(self, *, running: int, waiting: int) -> None:
        self._running = running
        self._most = running + waiting
        self._threads = ThreadPoolExecutor(running, thread_name_prefix="training", initializer=_set_niceness)
        self._lock = threading.Lock()
        self._admitted = 0
        self._seconds = 0.0

    def submit(self, call: Callable[[], Result], *, seconds: float) -> "Future[Result]":
        """Queue a training, which is estimated to take some seconds, and return its future result.

        When the queue is full, `TooBusyError` contains the time after which to retry.
        """
        with self._lock:
            if self._admitted >= self._most:
                retry_after = max(1, math.ceil(self._seconds / self._running / 2))
                raise TooBusyError(
                    f"{self._admitted} trainings are running or waiting, and no more are accepted; "
                    f"try again in {retry_after} seconds",
                    retry_after=retry_after,
                )
            self._admitted += 1
            self._seconds += seconds
        future = self._threads.submit(call)
        future.add_done_callback(lambda _: self._finished(seconds))
        return future

    @property
    def admitted(self) -> int:
        """The number of trainings that run or wait."""
        return self._admitted

    def _finished(self, seconds: float) -> None:
        with self._lock:
            self._admitted -= 1
            self._seconds -= seconds


def _set_niceness() -> None:
    """Lower the priority of this thread.

    Trainings are compiled code that keeps every core busy. The event loop runs often and briefly, and would
    wait some milliseconds for a core each time.
    """
    if sys.platform == "linux":  # where niceness is set per thread
        os.nice(NICENESS)
