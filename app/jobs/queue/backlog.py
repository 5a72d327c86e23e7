"""Limits the number of unfinished jobs, which is read from the queue at intervals."""

import threading
import time

from app.errors import TooBusyError
from app.jobs.queue.port import Queue

__all__ = ["Backlog"]

#: Seconds for which a count of the queue is used, and for which it is used when the queue is full.
MAX_AGE, MAX_AGE_WHEN_FULL = 5.0, 1.0
#: Seconds after which a client whose job was refused may retry.
RETRY_AFTER = 30


class Backlog:
    """Counts the messages in the queue when it was last read, and those sent since; `most` are allowed.

    Several servers may together accept a few more jobs, until each reads the queue again.
    """

    def __init__(self, queue: Queue, most: int) -> None:
        self._queue = queue
        self._most = most
        self._count = 0
        self._due = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Count a new job; raise `TooBusyError` when there are too many unfinished jobs."""
        with self._lock:
            now = time.monotonic()
            if now >= self._due:
                self._count = self._queue.backlog(most=self._most)
                self._due = now + MAX_AGE
            if self._count >= self._most:
                self._due = min(self._due, now + MAX_AGE_WHEN_FULL)
                raise TooBusyError(
                    f"{self._most:,} jobs are unfinished, and no more are accepted: try again when some have "
                    "ended, or cancel some (DELETE /jobs/{id})",
                    retry_after=RETRY_AFTER,
                )
            self._count += 1
