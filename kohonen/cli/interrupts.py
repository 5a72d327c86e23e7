"""Ctrl-C, and a request to end: the training is saved and stops."""

import os
import signal
from types import FrameType
from typing import Any, Self

from kohonen.training import Observer, Training

__all__ = ["Interrupted", "Interrupts"]


class Interrupted(Exception):  # noqa: N818 - it is no error
    """A training was interrupted, and can be gone on with.

    Attributes
    ----------
    exit_code : int
        What the process ends with.
    """

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Interrupts(Observer):
    """While a training runs, signals ask it to stop after an iteration; a second one ends the process.

    Attributes
    ----------
    signal : int
        The signal that was sent; 0 for none.
    iteration, last_iteration : int
        How far the training came, and how far it was to come.
    """

    def __init__(self) -> None:
        self.signal = 0
        self.iteration = self.last_iteration = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def asked(self) -> bool:
        """Tell whether the training is to stop."""
        return self.signal != 0

    def start(self, training: Training) -> None:
        """Take the signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._take)

    def end(self, training: Training) -> None:
        """Give the signals back: what follows can be repeated."""
        self.iteration, self.last_iteration = training.iteration, training.last_iteration
        self._restore()

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.signal = number

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
