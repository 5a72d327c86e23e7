"""The threads of trainings."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

__all__ = ["training_threads"]

#: Lowers the priority of training threads below that of other threads, on Linux. Workers are lower still.
NICENESS = 5


def training_threads(count: int) -> ThreadPoolExecutor:
    """Return threads for trainings, of lower priority than those that answer requests.

    Trainings are compiled code that keeps every core busy. The event loop runs often and briefly, and would
    wait some milliseconds for a core each time.
    """
    return ThreadPoolExecutor(count, thread_name_prefix="training", initializer=_set_niceness)


def _set_niceness() -> None:
    if sys.platform == "linux":  # where niceness is set per thread
        os.nice(NICENESS)
