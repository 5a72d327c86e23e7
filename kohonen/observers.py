"""Those who watch a training: its progress, its course, checkpoints, an early end.

Each is given to ``fit`` or ``train`` among the ``observers``. To write one, derive from
:class:`kohonen.Observer` and override what is of interest::

    class Shout(Observer):
        def after_iteration(self, training):
            if training.iteration % 100 == 0:
                print(training.iteration, training.radius)

``training.weights`` is a copy, made when asked for. An error in an observer does not lose the training unless
its attribute ``essential`` is true. :mod:`kohonen.sketches` has one more, for animations.
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kohonen.data import FloatArray
from kohonen.errors import InvalidParameterError
from kohonen.pace import Pace
from kohonen.search import match
from kohonen.training import Observer, Training

__all__ = ["Checkpoints", "EarlyStopping", "Progress", "Record", "Recorder", "at_least", "look"]

#: Samples that are looked up where a figure of the training under way is wanted,
MEASURED_SAMPLES = 1_000
#: and how many values may be compared for it, but for one sample: a second or two.
MEASURED_VALUES = 10**9


class Progress(Observer):
    """Tells how far a training is, now and then and at its end.

    Parameters
    ----------
    report : callable
        Called with the share that is done, from 0 to 1.
    seconds : float, default 0.5
        How long to be silent after a report.

    Attributes
    ----------
    seconds_left : float or None
        How long the training still takes, as of the last report: an estimate, from a tenth of the training on
        mostly within a factor of two. None before there is anything to go by.
    """

    def __init__(self, report: Callable[[float], object], *, seconds: float = 0.5) -> None:
        self._report = report
        self._seconds = seconds
        self.seconds_left: float | None = None

    def start(self, training: Training) -> None:
        """Begin to watch the pace."""
        self._began = time.monotonic()
        self._silent_until = -math.inf
        self._pace = Pace(training.cost, training.parameters, training.iteration, training.last_iteration)
        self.seconds_left = None

    def after_iteration(self, training: Training) -> None:
        """Report, unless that was just done."""
        now = time.monotonic()
        if now >= self._silent_until or training.iteration == training.last_iteration:
            self._silent_until = now + self._seconds
            self.seconds_left = self._pace.seconds_left(training.iteration, now - self._began)
            self._report(training.iteration / training.last_iteration)


class Record(NamedTuple):
    """A training at one moment.

    Attributes
    ----------
    iteration : int
        How many iterations were done.
    radius, learning_rate : float
        Those of the next iteration.
    quantization_error : float
        On 1,000 samples at most, evenly chosen; on fewer where the map has more than a million values.
    units : ndarray of shape (n,) or None
        The best matching units of those samples, as indices in C order, where they are wanted.
    """

    iteration: int
    radius: float
    learning_rate: float
    quantization_error: float
    units: npt.NDArray[np.int64] | None = None


class Recorder(Observer):
    """Keeps the course of a training.

    Parameters
    ----------
    every : int, default 1
        After how many iterations to look; the beginning and the end are always kept.
    units : bool, default False
        Whether to keep the samples' best matching units, too.

    Attributes
    ----------
    records : list of Record
        The course so far.
    """

    def __init__(self, *, every: int = 1, units: bool = False) -> None:
        self._step = at_least("every", every, 1)
        self._units = units
        self.records: list[Record] = []

    def start(self, training: Training) -> None:
        """Forget an earlier training, and look."""
        self.records.clear()
        self._look(training)

    def after_iteration(self, training: Training) -> None:
        """Look, when it is time."""
        if training.iteration % self._step == 0:
            self._look(training)

    def end(self, training: Training) -> None:
        """Look, unless that was just done."""
        if self.records[-1].iteration != training.iteration:
            self._look(training)

    def _look(self, training: Training) -> None:
        self.records.append(look(training, training.weights, units=self._units))


class Checkpoints(Observer):
    """Hands the weights over now and then, so that a training that is interrupted can go on from there.

    Parameters
    ----------
    save : callable
        Called with how many iterations are done and a copy of the weights. Given to ``train`` as
        ``first_iteration`` and ``initial_weights``, they lead to the same map as a training that was not
        interrupted.
    seconds : float, default 10
        How long to wait after a checkpoint. The trained map is not handed over: it is what ``train`` returns.
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
        """Begin to wait."""
        self._next = time.monotonic() + self._seconds

    def after_iteration(self, training: Training) -> None:
        """Save, when it is time."""
        over = training.iteration == training.last_iteration
        if not over and time.monotonic() >= self._next:
            self._save(training.iteration, training.weights)
            self._next = time.monotonic() + self._seconds


class EarlyStopping(Observer):
    """Ends a training whose quantization error has ceased to fall.

    With the schedule of this library the radius shrinks to the end, and the error with it: a map that is
    stopped early is coarser than it would have become.

    Parameters
    ----------
    every : int, default 10
        After how many iterations to look.
    patience : int, default 3
        How many looks without improvement to bear.
    tolerance : float, default 0.001
        The share by which the error must fall to be an improvement.
    """

    def __init__(self, *, every: int = 10, patience: int = 3, tolerance: float = 1e-3) -> None:
        self._step = at_least("every", every, 1)
        self._patience = at_least("patience", patience, 1)
        self._tolerance = tolerance

    def start(self, training: Training) -> None:
        """Begin anew."""
        self._best = math.inf
        self._vain = 0

    def after_iteration(self, training: Training) -> None:
        """Look, when it is time, and stop the training when it has been in vain too often."""
        if training.iteration % self._step:
            return
        error = look(training, training.weights).quantization_error
        if error < self._best * (1.0 - self._tolerance):
            self._best, self._vain = error, 0
            return
        self._vain += 1
        if self._vain >= self._patience:
            training.stop()


def look(training: Training, weights: FloatArray, *, units: bool = False) -> Record:
    """Return what there is to tell of a training whose weights are these now."""
    count = len(training.samples)
    measured = min(count, MEASURED_SAMPLES, max(1, MEASURED_VALUES // weights.size))
    found = match(weights, training.samples[np.arange(measured) * count // measured])
    return Record(
        training.iteration,
        training.radius,
        training.learning_rate,
        float(found.distances.mean()),
        found.units[:, 0] if units else None,
    )


def at_least(name: str, value: Any, least: int) -> int:
    """Return an integer that must be of some size.

    Raises
    ------
    InvalidParameterError
        When it is none, or smaller.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidParameterError(
            f"{name} must be an integer of at least {least}, but is {value!r}", parameter=name
        )
    return value
