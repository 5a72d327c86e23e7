"""How a map's quantization error falls while it trains, at a few points and at little cost."""

from collections.abc import Sequence

import numpy as np

from kohonen.search import match
from kohonen.training import Observer, Training

__all__ = ["MOST_POINTS", "History"]

#: Points of a history at most.
MOST_POINTS = 50
#: Points that are worth more than samples.
GOOD_POINTS = 20
#: Samples of a point at most.
MOST_SAMPLES = 64
#: Samples may be measured once for so many steps of the training; measuring one costs more than a step.
STEPS_A_SAMPLE = 400
#: And so many weights may always be looked at: some milliseconds.
FREE_WEIGHTS = 1_000_000


class History(Observer):
    """Measures the quantization error at evenly spaced iterations, the first and the last included.

    It is measured on a few samples, evenly chosen, and at fewer points for short trainings, so that watching
    takes a small part of the time that training takes; where a single look at the map would take long beside
    it, there are no points.

    Parameters
    ----------
    begun : int, optional
        The iteration with which a training began that is done in parts, of which this is one: then it is
        measured where it would be if the training were done in one go.
    points : sequence of tuple of int and float
        What was measured in the parts before.

    Attributes
    ----------
    points : list of tuple of int and float
        How many iterations were done, and the quantization error then.
    samples : int
        On how many samples it was measured.
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
        self._chosen = training.samples[np.arange(self.samples) * count // self.samples]
        intervals = min(affordable // self.samples, MOST_POINTS, iterations + 1) - 1
        self._watching = intervals > 0
        self._interval = -(-iterations // max(1, intervals))
        # The parts of a training begin anywhere, and are told of every iteration.
        self.every = self._interval if self._begun is None else 1
        if not self.points:
            self._measure(training)

    def after_iteration(self, training: Training) -> None:
        """Measure, when it is time."""
        if (training.iteration - self._first) % self._interval == 0:
            self._measure(training)

    def end(self, training: Training) -> None:
        """Measure what was reached, unless it has been, or the training goes on in another part."""
        if self._begun is not None and training.iteration < training.last_iteration:
            return
        if not self.points or self.points[-1][0] != training.iteration:
            self._measure(training)

    def _measure(self, training: Training) -> None:
        if not self._watching:
            return
        distances = match(training.weights, self._chosen).distances
        self.points.append((training.iteration, float(distances.mean())))
