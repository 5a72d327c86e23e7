"""How long a training still takes: its iterations are not alike.

The search for the best matching unit has the whole map before it in every iteration. An update touches what
the neighbourhood reaches, which shrinks to nothing; how much of an iteration that is depends on the engine,
and its cost says so. What remains (a search that becomes quicker as the map orders itself, a machine that has
more to do) shows in the pace of late.
"""

import math
from collections import deque

from kohonen.cost import Cost
from kohonen.parameters import Parameters
from kohonen.schedule import NEIGHBOURHOOD_CUT

__all__ = ["Pace", "work"]

#: Iterations that stand for all the others.
SAMPLES = 256
#: A Gaussian reaches so many times its width before it is cut.
REACH = math.sqrt(-2 * math.log(NEIGHBOURHOOD_CUT))


def work(cost: Cost, parameters: Parameters, first: int, last: int) -> float:
    """Return the work of the iterations ``first <= t < last``, in iterations whose updates touch nothing.

    Parameters
    ----------
    cost : Cost
        Of the engine that does them.
    parameters : Parameters
        What is trained.
    first, last : int
        Which iterations.
    """
    count = last - first
    if count <= 0:
        return 0.0
    steps = min(count, SAMPLES)
    times = [first + int((step + 0.5) * count / steps) for step in range(steps)]
    return count / steps * sum(1 + cost.updating * _reached(parameters, time) for time in times)


def _reached(parameters: Parameters, iteration: int) -> float:
    """Return which share of the map an update touches."""
    window = 2 * REACH * parameters.schedule.radius(iteration) + 1
    share = min(window, parameters.width) * min(window, parameters.height)
    return share / parameters.units


class Pace:
    """How fast a training goes, by the latter half of the time that we have watched it for.

    Parameters
    ----------
    cost : Cost
        Of the engine that does it.
    parameters : Parameters
        What is trained.
    iteration : int
        How many iterations are done as we begin to watch.
    last : int
        How many will be done in the end.
    """

    def __init__(self, cost: Cost, parameters: Parameters, iteration: int, last: int) -> None:
        self._cost = cost
        self._parameters = parameters
        self._last = last
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
        done = work(self._cost, self._parameters, first, iteration)
        if done <= 0 or seconds <= since:
            return None
        left = work(self._cost, self._parameters, iteration, self._last)
        return (seconds - since) / done * left
