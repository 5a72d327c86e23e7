"""Estimates of the time that a training still takes.

Iterations differ in cost. The search for the best matching unit compares the whole map in every iteration;
an update touches the neighbourhood, which shrinks. The share of the update depends on the engine, whose
`Cost` has it. Everything else (a search that becomes faster as the map becomes ordered, a busy machine) shows
in the speed of the latest iterations.
"""

import math
from collections import deque

import numpy as np

from kohonen.engines.cost import Cost
from kohonen.parameters import Parameters
from kohonen.schedule import NEIGHBOURHOOD_CUT

__all__ = ["TimeLeft", "estimate_work"]

#: The number of iterations that an estimate samples.
SAMPLES = 256
#: The distance at which the Gaussian neighbourhood is cut, in widths of the Gaussian.
REACH = math.sqrt(-2 * math.log(NEIGHBOURHOOD_CUT))


def estimate_work(cost: Cost, parameters: Parameters, first: int, last: int) -> float:
    """Return the work of the iterations ``first <= t < last``, in iterations without updates."""
    count = last - first
    if count <= 0:
        return 0.0
    steps = min(count, SAMPLES)
    times = first + (np.arange(steps) + 0.5) * count // steps
    schedule = parameters.schedule
    windows = 2 * REACH * schedule.sigma * schedule.decay(times) + 1
    updated = np.minimum(windows, parameters.width) * np.minimum(windows, parameters.height)
    return float(count * np.mean(1 + cost.updating * updated / parameters.units))


class TimeLeft:
    """Estimates the time left by the speed in the latter half of the time measured.

    The clock starts after `iteration` iterations, and the training ends after `last`.
    """

    def __init__(self, cost: Cost, parameters: Parameters, iteration: int, last: int) -> None:
        self._cost = cost
        self._parameters = parameters
        self._last = last
        self._marks = deque([(0.0, iteration)])

    def seconds_left(self, iteration: int, seconds: float) -> float | None:
        """Return an estimate of the seconds that the training still takes.

        `iteration` iterations are done, `seconds` after the clock started. None is returned as long as no
        work has been measured.
        """
        while len(self._marks) > 1 and self._marks[1][0] <= seconds / 2:
            self._marks.popleft()
        since, first = self._marks[0]
        self._marks.append((seconds, iteration))
        done = estimate_work(self._cost, self._parameters, first, iteration)
        if done <= 0 or seconds <= since:
            return None
        left = estimate_work(self._cost, self._parameters, iteration, self._last)
        return (seconds - since) / done * left
