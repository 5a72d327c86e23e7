"""How many jobs are unfinished: bounded, and looked up now and then only."""

import threading
import time

from app.errors import TooBusyError
from app.jobs.port import Queue

__all__ = ["Backlog"]

#: How long a look at the queue is good for, in seconds, and for how long where it was full.
FRESH, FRESH_WHEN_FULL = 5.0, 1.0
#: Seconds after which somebody whose job was not taken may try again.
RETRY_AFTER = 30


class Backlog:
    """Room for new jobs: what the queue held when we last looked, and what we have sent since.

    Several servers may take a few more between them, until each looks again.

    Parameters
    ----------
    queue : Queue
        Holds a message for every job that is unfinished.
    most : int
        How many there may be.
    """

    def __init__(self, queue: Queue, most: int) -> None:
        self._queue = queue
        self._most = most
        self._count = 0
        self._due = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take the place of a new job.

        Raises
        ------
        TooBusyError
            When there is none.
        QueueUnavailable, StoreUnavailable
            When the queue cannot be asked.
        """
        with self._lock:
            now = time.monotonic()
            if now >= self._due:
                self._count = self._queue.backlog(most=self._most)
                self._due = now + FRESH
            if self._count >= self._most:
                self._due = min(self._due, now + FRESH_WHEN_FULL)
                raise TooBusyError(
                    f"{self._most:,} jobs are unfinished, and more are not taken: try again when some have "
                    "ended, or cancel some (DELETE /jobs/{id})",
                    retry_after=RETRY_AFTER,
                )
            self._count += 1
