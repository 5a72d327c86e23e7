"""How much of a training is done, in work and not in iterations: the last ones are the quickest.

The search for the best matching unit looks at the whole map in every iteration. The update touches what the
neighbourhood reaches, which shrinks to nothing: half of the iterations may well be done in three quarters of
the time.
"""

import math

from kohonen import Parameters
from kohonen.schedule import NEIGHBOURHOOD_CUT, Schedule

__all__ = ["seconds_left", "work"]

#: What an update of the whole map costs, where a search costs one.
UPDATE = 1.0
#: Iterations that stand for all the others.
SAMPLES = 256
#: A Gaussian reaches so many times its width before it is cut.
REACH = math.sqrt(-2 * math.log(NEIGHBOURHOOD_CUT))


def work(parameters: Parameters, first: int, last: int) -> float:
    """Return the work of the iterations ``first <= t < last``, in searches of the whole map."""
    count = last - first
    if count <= 0:
        return 0.0
    schedule = parameters.schedule
    steps = min(count, SAMPLES)
    times = [first + int((step + 0.5) * count / steps) for step in range(steps)]
    return count / steps * sum(1 + UPDATE * _reached(parameters, schedule, time) for time in times)


def seconds_left(parameters: Parameters, *, iteration: int, seconds: float) -> float | None:
    """Estimate how many seconds a training still takes.

    Parameters
    ----------
    parameters : Parameters
        What is trained.
    iteration : int
        How many iterations are done.
    seconds : float
        How long they took.

    Returns
    -------
    float or None
        None as long as there is nothing to go by.
    """
    done = work(parameters, 0, iteration)
    if done <= 0 or seconds <= 0:
        return None
    return seconds / done * work(parameters, iteration, parameters.iterations)


def _reached(parameters: Parameters, schedule: Schedule, iteration: int) -> float:
    """Return which share of the map an update touches."""
    window = 2 * REACH * schedule.radius(iteration) + 1
    share = min(window, parameters.width) * min(window, parameters.height)
    return share / (parameters.width * parameters.height)
