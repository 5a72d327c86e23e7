"""The lease of a job: one worker at a time holds a job, and a thread beside the training renews its lease."""

import contextvars
import datetime
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from app.errors import JobNotFoundError, QueueUnavailable
from app.jobs.record import Job
from app.jobs.store import Jobs, Stored
from app.storage.port import BlobChanged, StorageError

__all__ = ["HeldJob", "LeaseLostError", "LeaseRenewal", "seconds_left"]

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker holds the job, or it has been cancelled."""


def seconds_left(jobs: Jobs, stored: Stored, now: datetime.datetime) -> float | None:
    """Return the seconds until a worker's lease ends, or None when no worker holds the job.

    A lease that ends later than its length from now is capped in the record.
    """
    until = stored.job.held_until(now)
    if until is None:
        return None
    capped = stored.job.capped(now)
    if capped is not stored.job:
        with suppress(BlobChanged):  # its worker has just renewed it
            jobs.replace(stored, capped)
    return (until - now).total_seconds()


class HeldJob:
    """A job whose lease this worker holds. All its methods may be called from any thread."""

    def __init__(self, jobs: Jobs, stored: Stored) -> None:
        assert stored.job.lease
        self._jobs = jobs
        self._stored = stored
        self._token = stored.job.lease.token
        self._lock = threading.Lock()

    @property
    def job(self) -> Job:
        """The job as last read or written."""
        return self._stored.job

    def check(self) -> None:
        """Check that this worker still holds the job, or raise `LeaseLostError`."""
        with self._lock:
            self._read()

    def change(self, step: Callable[[Job], Job]) -> Job:
        """Change the job's record; raise `LeaseLostError` when this worker no longer holds the job."""
        with self._lock:
            while True:
                self._check_held()
                changed = step(self._stored.job)
                try:
                    self._stored = self._jobs.replace(self._stored, changed)
                except BlobChanged:
                    self._read()
                else:
                    return changed

    def _read(self) -> None:
        try:
            self._stored = self._jobs.read(self._stored.job.id)
        except JobNotFoundError as error:
            raise LeaseLostError(self._stored.job.id) from error
        self._check_held()

    def _check_held(self) -> None:
        if not self._stored.job.held_by(self._token):
            raise LeaseLostError(self._stored.job.id)


class LeaseRenewal:
    """Context manager that renews a lease in a thread, and detects when it is lost.

    Parameters
    ----------
    interval : float
        Seconds between two checks of the lease.
    renew : callable
        Renews the lease and records the progress.
    every : int
        The number of checks per renewal.
    patience : float
        Seconds for which renewing may fail before the lease counts as lost.
    abandon : callable, optional
        Called when the training has not stopped some seconds after the lease was lost.
    """

    #: Seconds for the training to stop after the lease was lost.
    GRACE = 1.0

    def __init__(
        self,
        held: HeldJob,
        *,
        interval: float,
        renew: Callable[[], None],
        every: int,
        patience: float,
        abandon: Callable[[], None] | None = None,
    ) -> None:
        self._held = held
        self._interval = interval
        self._renew = renew
        self._every = every
        self._patience = patience
        self._abandon = abandon
        self._lost = threading.Event()
        self._over = threading.Event()
        # Its log lines have the fields of the same task.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=[self._run], name="lease", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether this worker no longer holds the job."""
        return self._lost.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        alive, checks = time.monotonic(), 0
        while not self._over.wait(self._interval):
            checks += 1
            try:
                if checks % self._every:
                    self._held.check()
                else:
                    self._renew()
                    alive = time.monotonic()
            except LeaseLostError:
                break
            except (StorageError, QueueUnavailable) as error:
                logger.warning("the lease of job %s cannot be renewed: %s", self._held.job.id, error)
                if time.monotonic() > alive + self._patience:
                    break
        else:
            return
        self._lost.set()
        if self._abandon and not self._over.wait(self.GRACE):
            self._abandon()
