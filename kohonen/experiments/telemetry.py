"""Telemetry of a training as JSON lines."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from kohonen.files import write_whole
from kohonen.observers.standard import record_of
from kohonen.training import Observer, Training

__all__ = ["Telemetry"]


class Telemetry(Observer):
    """Writes a line at the beginning, at even intervals, and at the end.

    Parameters
    ----------
    path : Path
        The file to create or to continue.
    lines : int
        The approximate number of lines.
    kept : int
        The number of lines of the file that the last checkpoint covers; later ones are removed.
    seconds : callable
        Returns the seconds of training so far, those before the checkpoint included.

    Attributes
    ----------
    written : int
        The number of lines in the file.
    stopped_early : bool
        Whether an observer has stopped the training early.
    """

    essential = True  # a run without its telemetry would not be complete

    def __init__(self, path: Path, *, lines: int, kept: int, seconds: Callable[[], float]) -> None:
        self._lines = lines
        self._seconds = seconds
        self.written = kept
        self.stopped_early = False
        before = path.read_bytes().splitlines(keepends=True)[:kept] if kept else []
        self._last = int(json.loads(before[-1])["iteration"]) if before else -1
        write_whole(path, b"".join(before))
        self._file = path.open("ab")

    def start(self, training: Training) -> None:
        """Write the first line, unless the training is resumed."""
        self._every = max(1, -(-training.last_iteration // self._lines))
        if not self.written:
            self._write(training)

    def after_iteration(self, training: Training) -> None:
        """Write a line when it is due."""
        if training.iteration % self._every == 0:
            self._write(training)

    def end(self, training: Training) -> None:
        """Write the last line, unless the training is to be resumed."""
        self.stopped_early = training.stopping and training.iteration < training.last_iteration
        over = training.iteration == training.last_iteration or self.stopped_early
        if over and self._last != training.iteration:
            self._write(training)

    def sync(self) -> None:
        """Flush all lines to the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, training: Training) -> None:
        weights = training.weights
        record = record_of(training, weights)
        line = {
            "iteration": record.iteration,
            "iterations": training.last_iteration,
            "elapsed_seconds": round(self._seconds(), 6),
            "radius": record.radius,
            "learning_rate": record.learning_rate,
            "map": list(weights.shape[:2]),
            "data": list(training.samples.shape),
            "quantization_error": record.quantization_error,
        }
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        self.written += 1
        self._last = training.iteration
