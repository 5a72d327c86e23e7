"""How a map's quantization error falls while it trains, at a few points and at little cost."""

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

    Attributes
    ----------
    points : list of tuple of int and float
        How many iterations were done, and the quantization error then.
    samples : int
        On how many samples it was measured.
    """

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []
        self.samples = 0

    def start(self, training: Training) -> None:
        """Choose samples and iterations, and measure the initial weights."""
        count = len(training.samples)
        iterations = training.last_iteration - training.iteration
        affordable = max(iterations * count // STEPS_A_SAMPLE, FREE_WEIGHTS // training.weights.size)
        self.samples = max(1, min(count, MOST_SAMPLES, affordable // GOOD_POINTS))
        self._chosen = training.samples[np.arange(self.samples) * count // self.samples]
        intervals = min(affordable // self.samples, MOST_POINTS, iterations + 1) - 1
        self._watching = intervals > 0
        self.every = -(-iterations // max(1, intervals))
        self._measure(training)

    def after_iteration(self, training: Training) -> None:
        """Measure."""
        self._measure(training)

    def end(self, training: Training) -> None:
        """Measure what was reached, unless it has been."""
        if not self.points or self.points[-1][0] != training.iteration:
            self._measure(training)

    def _measure(self, training: Training) -> None:
        if not self._watching:
            return
        distances = match(training.weights, self._chosen).distances
        self.points.append((training.iteration, float(distances.mean())))
