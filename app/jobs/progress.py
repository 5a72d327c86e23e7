"""How long a training still takes: its iterations are not alike, and the last ones are the quickest.

The search for the best matching unit has the whole map before it in every iteration. The update touches what
the neighbourhood reaches, which shrinks to nothing, so that half of the iterations may well be done in three
quarters of the time. And an engine that searches by bounds is slow as long as the map is in no order.
"""

import math
from collections import deque

from kohonen import Parameters
from kohonen.schedule import NEIGHBOURHOOD_CUT, Schedule

__all__ = ["Pace", "work"]

#: What an update of the whole map costs, where a search costs one: measured, with wide margins.
UPDATE = 4.0
#: Iterations that stand for all the others.
SAMPLES = 256
#: A Gaussian reaches so many times its width before it is cut.
REACH = math.sqrt(-2 * math.log(NEIGHBOURHOOD_CUT))


def work(parameters: Parameters, first: int, last: int) -> float:
    """Return the work of the iterations ``first <= t < last``, in searches of the whole map."""
    count = last - first
    if count <= 0:
        return 0.0
    if parameters.algorithm != "online":  # one update an iteration is nothing beside its searches
        return float(count)
    schedule = parameters.schedule
    steps = min(count, SAMPLES)
    times = [first + int((step + 0.5) * count / steps) for step in range(steps)]
    return count / steps * sum(1 + UPDATE * _reached(parameters, schedule, time) for time in times)


def _reached(parameters: Parameters, schedule: Schedule, iteration: int) -> float:
    """Return which share of the map an update touches."""
    window = 2 * REACH * schedule.radius(iteration) + 1
    share = min(window, parameters.width) * min(window, parameters.height)
    return share / (parameters.width * parameters.height)


class Pace:
    """How fast a training goes, by the latter half of the time that we have watched it for.

    Parameters
    ----------
    parameters : Parameters
        What is trained.
    iteration : int
        How many iterations are done as we begin to watch.
    """

    def __init__(self, parameters: Parameters, iteration: int) -> None:
        self._parameters = parameters
        self._marks = deque([(0.0, iteration)])

    def seconds_left(self, iteration: int, seconds: float) -> float | None:
        """Estimate how many seconds the training still takes.

        Parameters
        ----------
        iteration : int
            How many iterations are done now.
        seconds : float
            For how long we have watched.

        Returns
        -------
        float or None
            None as long as there is nothing to go by.
        """
        while len(self._marks) > 1 and self._marks[1][0] <= seconds / 2:
            self._marks.popleft()
        since, first = self._marks[0]
        self._marks.append((seconds, iteration))
        done = work(self._parameters, first, iteration)
        if done <= 0 or seconds <= since:
            return None
        return (seconds - since) / done * work(self._parameters, iteration, self._parameters.iterations)
