"""Observers of a training: progress, records, checkpoints and early stopping.

Pass them to ``fit`` or ``train`` as ``observers``. To write one, derive from :class:`kohonen.Observer` and
override the methods needed::

    class Print(Observer):
        def after_iteration(self, training):
            if training.iteration % 100 == 0:
                print(training.iteration, training.radius)

``training.weights`` is a copy, made on access. An error in an observer ends the training only if its
attribute ``essential`` is true. :mod:`kohonen.animation.frames` has one more, for animations.
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kohonen.engines.search import match
from kohonen.errors import InvalidParameterError
from kohonen.inputs.arrays import FloatArray, weighted_mean
from kohonen.observers.time_left import TimeLeft
from kohonen.training import Observer, Training

__all__ = ["Checkpoints", "EarlyStopping", "Progress", "Record", "Recorder", "at_least", "record_of"]

#: The largest number of samples on which the quantization error is measured during a training,
MEASURED_SAMPLES = 1_000
#: and of values compared for it, except for a single sample: a second or two.
MEASURED_VALUES = 10**9


class Progress(Observer):
    """Reports the progress of a training, at intervals and at its end.

    Parameters
    ----------
    report : callable
        Called with the share done, from 0 to 1.
    seconds : float, default 0.5
        The shortest time between two reports.

    Attributes
    ----------
    seconds_left : float or None
        An estimate of the time left, as of the last report: after a tenth of the training mostly within a
        factor of two. None before the first iteration was timed.
    """

    def __init__(self, report: Callable[[float], object], *, seconds: float = 0.5) -> None:
        self._report = report
        self._seconds = seconds
        self.seconds_left: float | None = None

    def start(self, training: Training) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        self._silent_until = -math.inf
        first, last = training.iteration, training.last_iteration
        self._time_left = TimeLeft(training.cost, training.parameters, first, last)
        self.seconds_left = None

    def after_iteration(self, training: Training) -> None:
        """Report, unless the last report was just made."""
        now = time.monotonic()
        if now >= self._silent_until or training.iteration == training.last_iteration:
            self._silent_until = now + self._seconds
            self.seconds_left = self._time_left.seconds_left(training.iteration, now - self._began)
            self._report(training.iteration / training.last_iteration)


class Record(NamedTuple):
    """A training after some of its iterations.

    Attributes
    ----------
    iteration : int
        The number of iterations done.
    radius, learning_rate : float
        Those of the next iteration.
    quantization_error : float
        On at most 1,000 evenly spaced samples; on fewer where the map has more than a million values.
    units : ndarray of shape (n,) or None
        The best matching units of those samples, as indices in C order, if recorded.
    """

    iteration: int
    radius: float
    learning_rate: float
    quantization_error: float
    units: npt.NDArray[np.int64] | None = None


class Recorder(Observer):
    """Records a training at intervals.

    Parameters
    ----------
    every : int, default 1
        The number of iterations between two records; the start and the end are always recorded.
    units : bool, default False
        Whether to record the samples' best matching units, too.

    Attributes
    ----------
    records : list of Record
        The records so far.
    """

    def __init__(self, *, every: int = 1, units: bool = False) -> None:
        self._step = at_least("every", every, 1)
        self._units = units
        self.records: list[Record] = []

    def start(self, training: Training) -> None:
        """Clear the records of an earlier training, and record the initial state."""
        self.records.clear()
        self._record(training)

    def after_iteration(self, training: Training) -> None:
        """Record the state when it is due."""
        if training.iteration % self._step == 0:
            self._record(training)

    def end(self, training: Training) -> None:
        """Record the final state, unless it is recorded already."""
        if self.records[-1].iteration != training.iteration:
            self._record(training)

    def _record(self, training: Training) -> None:
        self.records.append(record_of(training, training.weights, units=self._units))


class Checkpoints(Observer):
    """Saves the weights at intervals, so that an interrupted training can be resumed.

    Parameters
    ----------
    save : callable
        Called with the number of iterations done and a copy of the weights. Passed to ``train`` as
        ``first_iteration`` and ``initial_weights``, they lead to the same map as an uninterrupted training.
    seconds : float, default 10
        The shortest time between two checkpoints. The trained map is not saved: ``train`` returns it.
    essential : bool, default False
        Whether a checkpoint that cannot be saved ends the training.
    """

    def __init__(
        self, save: Callable[[int, FloatArray], object], *, seconds: float = 10.0, essential: bool = False
    ) -> None:
        self._save = save
        self._seconds = seconds
        self.essential = essential

    def start(self, training: Training) -> None:
        """Start the interval."""
        self._next = time.monotonic() + self._seconds

    def after_iteration(self, training: Training) -> None:
        """Save the weights when a checkpoint is due."""
        over = training.iteration == training.last_iteration
        if not over and time.monotonic() >= self._next:
            self._save(training.iteration, training.weights)
            self._next = time.monotonic() + self._seconds


class EarlyStopping(Observer):
    """Stops a training whose quantization error no longer falls.

    With the schedule of this library the radius shrinks to the end, and the error with it: a map that is
    stopped early is coarser than the complete training would make it.

    Parameters
    ----------
    every : int, default 10
        The number of iterations between two measurements.
    patience : int, default 3
        The number of measurements in a row without improvement that stops the training.
    tolerance : float, default 0.001
        The share by which the error must fall to count as an improvement.
    """

    def __init__(self, *, every: int = 10, patience: int = 3, tolerance: float = 1e-3) -> None:
        self._step = at_least("every", every, 1)
        self._patience = at_least("patience", patience, 1)
        self._tolerance = tolerance

    def start(self, training: Training) -> None:
        """Forget the measurements of an earlier training."""
        self._best = math.inf
        self._without_improvement = 0

    def after_iteration(self, training: Training) -> None:
        """Measure the error when it is due, and stop the training once the patience is used up."""
        if training.iteration % self._step:
            return
        error = record_of(training, training.weights).quantization_error
        if error < self._best * (1.0 - self._tolerance):
            self._best, self._without_improvement = error, 0
            return
        self._without_improvement += 1
        if self._without_improvement >= self._patience:
            training.stop()


def record_of(training: Training, weights: FloatArray, *, units: bool = False) -> Record:
    """Return a record of a training with its current weights."""
    count = len(training.samples)
    measured = min(count, MEASURED_SAMPLES, max(1, MEASURED_VALUES // weights.size))
    chosen = np.arange(measured) * count // measured
    found = match(weights, training.samples[chosen])
    weight = training.sample_weight
    return Record(
        training.iteration,
        training.radius,
        training.learning_rate,
        weighted_mean(found.distances[:, 0], None if weight is None else weight[chosen]),
        found.units[:, 0] if units else None,
    )


def at_least(name: str, value: Any, least: int) -> int:
    """Return a value that must be an integer of at least `least`.

    Raises
    ------
    InvalidParameterError
        When it is no integer, or smaller.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidParameterError(
            f"{name} must be an integer of at least {least}, but is {value!r}", parameter=name
        )
    return value
