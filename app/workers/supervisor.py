"""Runs the workers of a server: a fixed number of processes, or a thread for a store in memory.

Workers start when there are jobs, and end when they have been idle for some time.
"""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

from app.errors import QueueUnavailable
from app.settings import Settings
from app.storage.port import StorageError
from app.workers.host_lock import HostLock

__all__ = ["ProcessWorker", "RunningWorker", "Supervisor", "ThreadWorker"]

logger = logging.getLogger(__name__)

#: Seconds between two checks of the workers.
INTERVAL = 1.0
#: Seconds between two checks for jobs, such as those of other servers, while there are no workers.
IDLE_INTERVAL = 5.0
#: Seconds before a worker that failed is replaced.
RESTART_DELAY = 2.0
#: Seconds for workers to save their jobs and end, before they are killed.
STOP_TIMEOUT = 8.0


class RunningWorker(Protocol):
    """A worker that has been started."""

    def poll(self) -> int | None:
        """Return the exit status, or None while the worker runs."""

    def end(self) -> None:
        """Ask the worker to save and release its job and end; may be called again."""

    def finish(self, timeout: float) -> None:
        """Wait until the worker has ended; kill it after a timeout in seconds, if possible."""


class Supervisor:
    """Starts a number of workers, replaces those that fail, and ends them.

    `has_work` returns whether there is a job to process, now or later. The lock is held while there are
    workers; without it, other servers on this host run their own.
    """

    def __init__(
        self,
        start: Callable[[], RunningWorker],
        *,
        count: int,
        has_work: Callable[[], bool],
        lock: HostLock | None = None,
    ) -> None:
        self._start = start
        self._count = count
        self._has_work = has_work
        self._host_lock = lock
        self._workers: list[RunningWorker] = []
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Check for jobs now, and then at intervals."""
        if not self._count:
            return
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
                self._thread.start()
        self._woken.set()

    def stop(self) -> None:
        """End the workers. Each saves its job, which the next worker continues."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        for worker in self._workers:
            worker.end()
        until = time.monotonic() + STOP_TIMEOUT
        for worker in self._workers:
            worker.finish(max(0.1, until - time.monotonic()))
        self._workers = []
        self._release()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            busy = True
            try:
                busy = self.check()
            except (StorageError, QueueUnavailable, OSError) as error:
                logger.warning("the workers cannot be checked: %s", error)
            self._woken.wait(INTERVAL if busy else IDLE_INTERVAL)

    def check(self) -> bool:
        """Remove workers that have ended, and start the missing ones if there are jobs.

        Returns whether to check again soon.
        """
        self._remove_ended()
        missing = self._count - len(self._workers)
        if not missing or time.monotonic() < self._not_before:
            return True
        if not self._has_work():
            return bool(self._workers)
        if self._host_lock is None or self._host_lock.take():
            for _ in range(missing):
                self._workers.append(self._start())
        return True

    def _remove_ended(self) -> None:
        running = []
        for worker in self._workers:
            status = worker.poll()
            if status is None:
                running.append(worker)
                continue
            worker.end()
            if status:
                logger.warning("a worker has ended with status %d", status)
                self._not_before = time.monotonic() + RESTART_DELAY
        self._workers = running
        if not running:
            self._release()

    def _release(self) -> None:
        if self._host_lock is not None:
            self._host_lock.release()


class ProcessWorker:
    """A worker in a separate process, which inherits file descriptors; see `app.commands.worker_process`.

    The process reads its settings from standard input, and ends when that is closed. So it does not outlive
    its server, even if that crashes.
    """

    def __init__(self, settings: Settings, *, inherited: Collection[int] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.commands.worker_process"],
            stdin=subprocess.PIPE,
            pass_fds=inherited,
            # Ctrl-C must reach the server only, which ends its workers. A new session would have the same
            # effect, but Linux shares the processor between sessions (autogroups) regardless of niceness.
            process_group=0,
        )
        assert self._process.stdin
        self._stdin = self._process.stdin
        self._stdin.write(json.dumps(settings.model_dump(mode="json", by_alias=True)).encode() + b"\n")
        self._stdin.flush()

    def poll(self) -> int | None:
        """Return the exit status; see `RunningWorker.poll`."""
        return self._process.poll()

    def end(self) -> None:
        """Close the standard input of the process; see `RunningWorker.end`."""
        self._stdin.close()

    def finish(self, timeout: float) -> None:
        """Wait for the process, or kill it; see `RunningWorker.finish`."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class ThreadWorker:
    """A worker in a thread of this process, in which `run` processes messages until its argument is set."""

    def __init__(self, run: Callable[[threading.Event], None]) -> None:
        self._stopped = threading.Event()
        self._status = 0
        self._thread = threading.Thread(target=self._run, args=[run], name="worker", daemon=True)
        self._thread.start()

    def _run(self, run: Callable[[threading.Event], None]) -> None:
        try:
            run(self._stopped)
        except Exception:
            logger.exception("the worker has failed")
            self._status = 1

    def poll(self) -> int | None:
        """Return 0, or 1 after an error; see `RunningWorker.poll`."""
        return None if self._thread.is_alive() else self._status

    def end(self) -> None:
        """Ask the thread to end; see `RunningWorker.end`."""
        self._stopped.set()

    def finish(self, timeout: float) -> None:
        """Wait until the current iteration is over, since a thread cannot be killed."""
        self._thread.join()
