"""The lease of a job: one worker at a time holds a job, and a thread beside the training renews its lease."""

import contextvars
import datetime
import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from app.errors import JobNotFoundError, QueueUnavailable
from app.jobs.jobs import Jobs, Stored
from app.jobs.record import Job
from app.storage.port import BlobChanged, StorageError

__all__ = ["HeldJob", "LeaseLostError", "LeaseRenewal", "new_token", "seconds_left"]

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker holds the job, or it has been cancelled."""


def new_token() -> str:
    """Return a unique name for a lease."""
    return uuid.uuid4().hex


def seconds_left(jobs: Jobs, stored: Stored, now: datetime.datetime) -> float | None:
    """Return for how long another worker's lease still lasts, or None when no worker holds the job.

    A lease that lies further ahead than its length is capped in the record.
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
    """A job whose lease we hold. Any thread may change its record through this object.

    Parameters
    ----------
    jobs : Jobs
        Where its record is.
    stored : Stored
        The record as the claim left it.
    """

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
        """Check that the job is still ours.

        Raises
        ------
        LeaseLostError
            When it is not.
        """
        with self._lock:
            self._read()

    def change(self, step: Callable[[Job], Job]) -> Job:
        """Change the job's record.

        Raises
        ------
        LeaseLostError
            When the job is not ours any more; the record is as others have left it then.
        """
        with self._lock:
            while True:
                self._insist()
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
        self._insist()

    def _insist(self) -> None:
        if not self._stored.job.held_by(self._token):
            raise LeaseLostError(self._stored.job.id)


class LeaseRenewal:
    """Renews a lease, and notices when it is lost: a thread, for as long as the block lasts.

    Parameters
    ----------
    held : HeldJob
        The job whose lease it is.
    interval : float
        Seconds between two checks that it is still ours.
    renew : callable
        Renews the lease and records the progress.
    every : int
        At every so many checks the lease is renewed.
    patience : float
        Seconds for which renewing may fail before the lease counts as lost.
    abandon : callable, optional
        Called when the training goes on although the lease was lost some seconds ago.
    """

    #: Seconds that the training has to notice that the lease is lost.
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
        # It logs as part of the same unit of work.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=[self._run], name="lease", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether the job is no longer ours."""
        return self._lost.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
