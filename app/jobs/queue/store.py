"""The embedded queue: messages are small blobs in the store of the jobs, ``jobs/queue/{time}-{job}-{turn}``.

All workers see every message: messages are not hidden while a job runs, since the job has a lease. A worker
that finds a job held by another worker remembers the end of the lease, and continues with later messages.
"""

import datetime
import re
import threading
import time
from collections.abc import Callable

from app.jobs.queue.port import LONGEST_DELAY
from app.storage.port import Store

__all__ = ["LocalMessage", "LocalQueue"]

_PREFIX = "jobs/queue/"
_KEY = re.compile(r"jobs/queue/(?P<time>\d{15})-(?P<job>[0-9a-f]{32})-(?P<turn>\d+)")
#: The number of messages that are listed at once.
PAGE = 1000
#: The first and the longest pause between two reads of an empty queue, in seconds.
MIN_PAUSE, MAX_PAUSE = 0.1, 2.0


class LocalQueue:
    """A queue in the store of the jobs. When `stopped` is set, `receive` stops waiting.

    The clocks of machines that share the store should agree within a second.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime.datetime] | None = None,
        stopped: threading.Event | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or (lambda: datetime.datetime.now(datetime.UTC))
        self._stopped = stopped or threading.Event()
        self._not_before: dict[str, float] = {}

    def send(self, job: str, *, turn: int, delay: float = 0.0) -> None:
        """Send a message; see `Queue.send`."""
        milliseconds = round((self._clock().timestamp() + delay) * 1000)
        key = f"{_PREFIX}{milliseconds:015d}-{job}-{turn}"
        self._store.create(key, b"", content_type="application/octet-stream")

    def receive(self, *, wait: float) -> "LocalMessage | None":
        """Return the next message; see `Queue.receive`."""
        until = time.monotonic() + wait
        pause = MIN_PAUSE
        while True:
            message = self._next()
            left = until - time.monotonic()
            if message or left <= 0 or self._stopped.wait(min(pause, left)):
                return message
            pause = min(2 * pause, MAX_PAUSE)

    def backlog(self, *, most: int) -> int:
        """Return the number of messages; see `Queue.backlog`."""
        return len(self._store.keys(_PREFIX, limit=most))

    def has_messages(self) -> bool:
        """Return whether there is a message, due or not."""
        return bool(self._store.keys(_PREFIX, limit=1))

    def _next(self) -> "LocalMessage | None":
        now = self._clock().timestamp()
        keys = self._store.keys(_PREFIX, limit=PAGE)
        self._not_before = {key: due for key, due in self._not_before.items() if key in set(keys)}
        for key in keys:
            match = _KEY.fullmatch(key)
            if match is None:  # not a message
                continue
            ahead = int(match["time"]) / 1000 - now
            if 0 < ahead <= LONGEST_DELAY:  # later ones were sent by a clock that is ahead
                continue
            if self._not_before.get(key, now) <= now:
                return LocalMessage(self, key, match["job"], int(match["turn"]))
        return None

    def _remove(self, key: str) -> None:
        self._store.delete(key)

    def _postpone(self, key: str, seconds: float) -> None:
        self._not_before[key] = self._clock().timestamp() + seconds


class LocalMessage:
    """A message in the store; see `Message`."""

    def __init__(self, queue: LocalQueue, key: str, job: str, turn: int) -> None:
        self._queue = queue
        self._key = key
        self.job = job
        self.turn = turn

    def extend_visibility(self, seconds: float) -> None:
        """Do nothing: the message stays visible, and the job's lease keeps other workers away."""

    def acknowledge(self) -> None:
        """Remove the message from the queue."""
        self._queue._remove(self._key)

    def release(self, seconds: float) -> None:
        """Leave the message to other workers, and receive it again after some seconds."""
        self._queue._postpone(self._key, seconds)
