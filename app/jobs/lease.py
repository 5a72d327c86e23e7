"""Work on a job, by one at a time: the record's lease, kept alive by a thread beside the training."""

import contextvars
import logging
import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Self

from app.errors import JobNotFoundError, QueueUnavailable
from app.jobs.jobs import Jobs, Stored
from app.jobs.record import Job
from app.storage.port import BlobChanged, StorageError

__all__ = ["Heart", "Hold", "LeaseLostError", "new_token"]

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """The job is in other hands, or has been cancelled."""


def new_token() -> str:
    """Return a name for a lease that nobody else has."""
    return uuid.uuid4().hex


class Hold:
    """A job that we have the lease of. Every change to its record goes through here, from whatever thread.

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
        """The job as we have last seen it."""
        return self._stored.job

    def check(self) -> None:
        """Look whether the job is still ours.

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


class Heart:
    """Keeps a lease alive, and notices when it is lost; a thread, for as long as the block lasts.

    Parameters
    ----------
    hold : Hold
        The lease.
    look : float
        How often to look whether it is still ours, in seconds.
    beat : callable
        Prolongs the lease and tells the progress.
    every : int
        How many looks make a beat.
    patience : float
        For how long beats may fail, in seconds, before the lease counts as lost.
    abandon : callable, optional
        What to do when the work goes on though the lease was lost some seconds ago.
    """

    #: How long the work may take, in seconds, to notice that the lease is lost.
    GRACE = 1.0

    def __init__(
        self,
        hold: Hold,
        *,
        look: float,
        beat: Callable[[], None],
        every: int,
        patience: float,
        abandon: Callable[[], None] | None = None,
    ) -> None:
        self._hold = hold
        self._look = look
        self._beat = beat
        self._every = every
        self._patience = patience
        self._abandon = abandon
        self._lost = threading.Event()
        self._over = threading.Event()
        # What it does belongs to the same unit of work.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=[self._run], name="lease", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether the work is no longer ours to do."""
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
        alive, looks = time.monotonic(), 0
        while not self._over.wait(self._look):
            looks += 1
            try:
                if looks % self._every:
                    self._hold.check()
                else:
                    self._beat()
                    alive = time.monotonic()
            except LeaseLostError:
                break
            except (StorageError, QueueUnavailable) as error:
                logger.warning("the lease of job %s cannot be renewed: %s", self._hold.job.id, error)
                if time.monotonic() > alive + self._patience:
                    break
        else:
            return
        self._lost.set()
        if self._abandon and not self._over.wait(self.GRACE):
            self._abandon()
