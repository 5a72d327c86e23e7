"""Observers that send this process a signal while it trains."""

import os
import signal

from kohonen import Observer, Training

__all__ = ["Sender", "send_2", "send_15"]


class Sender(Observer):
    """Sends a signal after the eleventh iteration."""

    def __init__(self, number: int) -> None:
        self._number = number

    def after_iteration(self, training: Training) -> None:
        if training.iteration == 11:
            os.kill(os.getpid(), self._number)


def send_2() -> Sender:
    return Sender(signal.SIGINT)


def send_15() -> Sender:
    return Sender(signal.SIGTERM)
