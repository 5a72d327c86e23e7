"""A training's course as JSON lines, for whoever watches it or reads it afterwards."""

import json
import os
import time
from pathlib import Path
from typing import Any

from kohonen.files import write_whole
from kohonen.observers import look
from kohonen.training import Observer, Training

__all__ = ["Telemetry"]


class Telemetry(Observer):
    """Writes a line at the beginning, then evenly, and at the end.

    Parameters
    ----------
    path : Path
        The file, which is made or gone on with.
    lines : int
        How many lines there are to be, about.
    begun : int
        The iteration with which the training began, of which this may be a later part.
    kept : int
        How many lines of the file are from the parts before; what a crash has left behind them is removed.
    seconds : float
        How long the parts before took.

    Attributes
    ----------
    written : int
        How many lines the file has.
    stopped_early : bool
        Whether an observer has ended the training before its time.
    """

    essential = True  # a run without its course is not what was asked for

    def __init__(
        self, path: Path, *, lines: int, begun: int = 0, kept: int = 0, seconds: float = 0.0
    ) -> None:
        self._lines = lines
        self._begun = begun
        self._before = seconds
        self.written = kept
        self.stopped_early = False
        before = path.read_bytes().splitlines(keepends=True)[:kept] if kept else []
        self._last = int(json.loads(before[-1])["iteration"]) if before else -1
        write_whole(path, b"".join(before))
        self._file = path.open("ab")
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the training has taken, the parts before included."""
        return self._before + time.monotonic() - self._started

    def start(self, training: Training) -> None:
        """Go on where the part before ended."""
        self._started = time.monotonic()
        iterations = training.last_iteration - self._begun
        self._every = max(1, -(-iterations // self._lines))
        if not self.written:
            self._write(training)

    def after_iteration(self, training: Training) -> None:
        """Write a line, when it is time."""
        if (training.iteration - self._begun) % self._every == 0:
            self._write(training)

    def end(self, training: Training) -> None:
        """Write a last line, unless the training goes on in another part."""
        self.stopped_early = training.stopping and training.iteration < training.last_iteration
        over = training.iteration == training.last_iteration or self.stopped_early
        if over and self._last != training.iteration:
            self._write(training)

    def sync(self) -> None:
        """Have all lines on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, training: Training) -> None:
        self._file.write(json.dumps(self._tell(training)).encode() + b"\n")
        self._file.flush()
        self.written += 1
        self._last = training.iteration

    def _tell(self, training: Training) -> dict[str, Any]:
        weights = training.weights
        record = look(training, weights)
        return {
            "iteration": record.iteration,
            "iterations": training.last_iteration,
            "elapsed_seconds": round(self.seconds, 6),
            "radius": record.radius,
            "learning_rate": record.learning_rate,
            "map": list(weights.shape[:2]),
            "data": list(training.samples.shape),
            "quantization_error": record.quantization_error,
        }
