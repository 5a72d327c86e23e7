"""Signal handling of a training: SIGINT and SIGTERM save it and stop it."""

import os
import signal
from types import FrameType
from typing import Any, Self

from kohonen.training import Observer, Training

__all__ = ["Interrupted", "Interrupts"]


class Interrupted(Exception):  # noqa: N818 - it is no error
    """A training was interrupted, and can be resumed; the process ends with the exit code."""

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Interrupts(Observer):
    """Stops a training after the current iteration upon a signal; a second signal ends the process.

    `signal` is the signal received, 0 for none, and `iteration` the number of iterations done.
    """

    def __init__(self) -> None:
        self.signal = 0
        self.iteration = self.last_iteration = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def requested(self) -> bool:
        """Return whether a signal has requested a stop."""
        return self.signal != 0

    def start(self, training: Training) -> None:
        """Install the signal handlers."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)

    def end(self, training: Training) -> None:
        """Restore the previous handlers: what follows the training can be repeated."""
        self.iteration, self.last_iteration = training.iteration, training.last_iteration
        self._restore()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.signal = number

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
