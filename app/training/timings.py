"""Measures the time of the steps of a request."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Timings"]


class Timings:
    """The time of each step of a request, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @property
    def header(self) -> str:
        """The value of a ``Server-Timing`` header."""
        return ", ".join(f"{step};dur={1000 * seconds:.1f}" for step, seconds in self.seconds.items())

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        """Add the time of the block to a step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started
