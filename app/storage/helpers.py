"""Threads that do what may hang, one thing after another.

Not a pool: there is a thread for each thing that is under way, so those that hang are in nobody's way. But a
thread is begun only where none is idle: to begin one takes another turn of the interpreter's lock, and each
turn is waited for while other threads compute. A call of a store in a folder takes half as long then.
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
    """Have something done by a thread that is idle, or by a new one.

    Parameters
    ----------
    work : callable
        What to do; it raises nothing.
    """
    try:
        helper = _idle.pop()
    except IndexError:
        helper = _Helper()
    helper.do(work)
