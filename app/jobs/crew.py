"""Worker processes beside the service: begun when there is something to do, never more than there are slots.

Several servers may share a store, and each has a crew. A worker holds one of the store's slots; one that
finds none free ends at once.
"""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

from app.errors import QueueUnavailable
from app.settings import Settings
from app.storage.port import StorageError

__all__ = ["Crew", "Process", "spawn"]

logger = logging.getLogger(__name__)

#: How often to look after the workers, in seconds.
ROUND = 1.0
#: How often to look for jobs of other servers or from before, in seconds, while there are no workers.
IDLE_ROUND = 5.0
#: How long a worker may take to begin, in seconds.
START = 10.0
#: How long to wait after a worker has died, in seconds.
PAUSE = 2.0
#: How long workers may take to end in good order, in seconds.
PATIENCE = 8.0


class Process(Protocol):
    """A worker process; what `subprocess.Popen` has of it."""

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""

    def wait(self, timeout: float) -> int:
        """Wait until it ends."""

    def kill(self) -> None:
        """End it."""


class Crew:
    """The workers of one server.

    Parameters
    ----------
    settings : Settings
        How many workers there may be.
    room : callable
        Says how many more workers there may be now; None when there is nothing to do.
    start : callable, optional
        Starts a worker and returns the process, and what ends it in good order.
    """

    def __init__(
        self,
        settings: Settings,
        room: Callable[[], int | None],
        *,
        start: "Callable[[Settings], tuple[Process, Callable[[], None]]] | None" = None,
    ) -> None:
        self._settings = settings
        self._room = room
        self._start = start or spawn
        self._workers: list[tuple[Process, Callable[[], None], float]] = []
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have workers begin when there is something to do; looks after them from then on."""
        if not self._settings.workers:
            return
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._run, name="crew", daemon=True)
                self._thread.start()
        self._woken.set()

    def stop(self) -> None:
        """End the workers: each saves what it is at, which is taken up when somebody begins again."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        for _, end, _ in self._workers:
            end()
        until = time.monotonic() + PATIENCE
        for process, _, _ in self._workers:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=PATIENCE)
        self._workers = []

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            busy = True
            try:
                busy = self.tend()
            except (StorageError, QueueUnavailable, OSError) as error:
                logger.warning("workers cannot be looked after: %s", error)
            self._woken.wait(ROUND if busy else IDLE_ROUND)

    def tend(self) -> bool:
        """Start as many workers as there is room for, if there is something to do; one round of it.

        Returns
        -------
        bool
            Whether there is something to look after soon.
        """
        now = time.monotonic()
        for process, end, _ in self._workers:
            status = process.poll()
            if status is not None:
                end()
            if status:
                logger.warning("a worker has ended with status %d", status)
                self._not_before = now + PAUSE
        self._workers = [worker for worker in self._workers if worker[0].poll() is None]
        missing = self._settings.workers - len(self._workers)
        if missing <= 0 or now < self._not_before:
            return True
        room = self._room()
        if room is None:
            return bool(self._workers)
        starting = sum(now - begun < START for _, _, begun in self._workers)
        for _ in range(min(missing, room - starting)):
            process, end = self._start(self._settings)
            self._workers.append((process, end, now))
        return True


def spawn(settings: Settings) -> tuple[Process, Callable[[], None]]:
    """Start a worker process.

    It gets its settings on its standard input, and lives no longer than that stays open: it ends when we do,
    however that may be.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "app.jobs.process"],
        stdin=subprocess.PIPE,
        # Ctrl-C is for us, and we tell it. Not a session of its own: Linux gives every session as much of the
        # processor as any other (autogroups), however nice those in it are, and workers give way to requests.
        process_group=0,
    )
    assert process.stdin
    stdin = process.stdin
    stdin.write(json.dumps(settings.model_dump(mode="json", by_alias=True)).encode() + b"\n")
    stdin.flush()
    return process, stdin.close
