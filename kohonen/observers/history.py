"""The quantization error during a training, measured at a few points and at little cost."""

from collections.abc import Sequence

import numpy as np

from kohonen.engines.search import match
from kohonen.inputs.arrays import weighted_mean
from kohonen.training import Observer, Training

__all__ = ["MOST_POINTS", "History"]

#: The largest number of points of a history.
MOST_POINTS = 50
#: Up to this number of points, more points are preferred to more samples.
GOOD_POINTS = 20
#: The largest number of samples of a point.
MOST_SAMPLES = 64
#: Steps of the training for each sample measured; measuring a sample costs more than a step.
STEPS_A_SAMPLE = 400
#: The number of weights that may be compared in every training: some milliseconds.
FREE_WEIGHTS = 1_000_000


class History(Observer):
    """Measures the quantization error at evenly spaced iterations, the first and the last included.

    It is measured on a few evenly spaced samples, and at fewer points for short trainings, so that measuring
    takes a small part of the training time. Where one measurement would take too long, there are no points.

    Parameters
    ----------
    begun : int, optional
        The first iteration of a training that is resumed: the error is then measured at the same iterations
        as in an uninterrupted training.
    points : sequence of tuple of int and float
        The points measured before the training was resumed.

    Attributes
    ----------
    points : list of tuple of int and float
        The number of iterations done, and the quantization error after them.
    samples : int
        The number of samples on which it was measured.
    """

    def __init__(self, begun: int | None = None, points: Sequence[tuple[int, float]] = ()) -> None:
        self.points = list(points)
        self.samples = 0
        self._begun = begun

    def start(self, training: Training) -> None:
        """Choose samples and iterations, and measure the initial weights."""
        count = len(training.samples)
        self._first = training.iteration if self._begun is None else self._begun
        iterations = training.last_iteration - self._first
        affordable = max(iterations * count // STEPS_A_SAMPLE, FREE_WEIGHTS // training.weights.size)
        self.samples = max(1, min(count, MOST_SAMPLES, affordable // GOOD_POINTS))
        self._chosen = np.arange(self.samples) * count // self.samples
        intervals = min(affordable // self.samples, MOST_POINTS, iterations + 1) - 1
        self._enabled = intervals > 0
        self._interval = -(-iterations // max(1, intervals))
        # A resumed training starts at any iteration, so that `every` would count from there.
        self.every = self._interval if self._begun is None else 1
        if not self.points:
            self._measure(training)

    def after_iteration(self, training: Training) -> None:
        """Measure the error when it is due."""
        if (training.iteration - self._first) % self._interval == 0:
            self._measure(training)

    def end(self, training: Training) -> None:
        """Measure the final error, unless it is measured already, or the training is to be resumed."""
        if self._begun is not None and training.iteration < training.last_iteration:
            return
        if not self.points or self.points[-1][0] != training.iteration:
            self._measure(training)

    def _measure(self, training: Training) -> None:
        if not self._enabled:
            return
        distances = match(training.weights, training.samples[self._chosen]).distances[:, 0]
        weight = training.sample_weight
        error = weighted_mean(distances, None if weight is None else weight[self._chosen])
        self.points.append((training.iteration, error))
