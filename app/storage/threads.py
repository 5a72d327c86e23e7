"""Threads for calls that may hang; idle threads are reused.

The number of threads is not limited: each call has its own, so that calls that hang delay no other. A thread
is started only when none is idle: starting one needs the interpreter's lock once more, which is slow while
other threads compute. Reuse halves the time of a call of a store in a folder.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

__all__ = ["MOST_IDLE", "run_in_thread"]

#: The maximum number of idle threads; the others end after their call.
MOST_IDLE = 32

Call = Callable[[], object]


class _Thread:
    """A thread and the queue of its calls."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Call] = SimpleQueue()
        # A daemon: a call that hangs must not keep the process from ending.
        threading.Thread(target=self._run, name="helper", daemon=True).start()

    def run(self, call: Call) -> None:
        self._calls.put(call)

    def _run(self) -> None:
        while True:
            call = self._calls.get()
            call()
            del call  # frees the objects that it refers to
            with _idle_lock:
                if len(_idle) >= MOST_IDLE:
                    return
                _idle.append(self)


#: A stack: the thread used last is reused first, while its data is in the processor's cache.
_idle: deque[_Thread] = deque()
_idle_lock = threading.Lock()


def run_in_thread(call: Call) -> None:
    """Run a function, which must not raise, in an idle thread, or in a new one."""
    try:
        thread = _idle.pop()
    except IndexError:
        thread = _Thread()
    thread.run(call)
