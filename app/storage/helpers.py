"""Threads for calls that may hang; idle ones are used again.

This is no pool: each call under way has a thread, so that those that hang delay no other. A thread is started
only where none is idle: to start one takes another turn of the interpreter's lock, and other threads that
compute make each turn wait. So a call of a store in a folder takes half as long.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

__all__ = ["MOST_IDLE", "do"]

#: Threads that are kept for what comes next; those that are more end when they have nothing to do.
MOST_IDLE = 32

Work = Callable[[], object]


class _Helper:
    """A thread, and where it is given its work."""

    def __init__(self) -> None:
        self._given: SimpleQueue[Work] = SimpleQueue()
        # As a daemon: what hangs must not be in the way of the process's end.
        threading.Thread(target=self._run, name="helper", daemon=True).start()

    def do(self, work: Work) -> None:
        self._given.put(work)

    def _run(self) -> None:
        while True:
            work = self._given.get()
            work()
            del work  # with all that it holds
            with _counting:
                if len(_idle) >= MOST_IDLE:
                    return
                _idle.append(self)


#: The last that became idle is the first to be given something: what it has used is still near the processor.
_idle: deque[_Helper] = deque()
_counting = threading.Lock()


def do(work: Work) -> None:
    """Run a function in an idle thread, or in a new one.

    Parameters
    ----------
    work : callable
        The function; it must not raise.
    """
    try:
        helper = _idle.pop()
    except IndexError:
        helper = _Helper()
    helper.do(work)
