"""Removes jobs that ended long ago, files left by crashes, and expired models without a name.

On AWS a lifecycle rule of the bucket removes jobs (``JobDays`` of the template), and a schedule calls for the
removal of models (``UnnamedDays``).
"""

import datetime
import logging
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from app.errors import DamagedJobError, JobNotFoundError
from app.jobs.record import State
from app.jobs.store import Jobs, Stored
from app.models import Models
from app.models.maintenance import prune_steps
from app.storage.paging import keys_from
from app.storage.port import BlobNotFound

__all__ = ["Housekeeping", "Pruned", "prune", "sweep"]

logger = logging.getLogger(__name__)

#: Seconds between two searches for old jobs, for one search, since jobs may be waiting, and until a search
#: that was interrupted is resumed.
INTERVAL, MAX_SECONDS, RESUME_AFTER = 3600.0, 2.0, 30.0
#: Younger files may belong to a request whose record is not yet written.
MIN_AGE = datetime.timedelta(days=1)
#: No job is older than this, in days: times in the index begin in 1970.
MAX_DAYS = 20_000.0

_FILE = re.compile(r"jobs/(?P<id>[0-9a-f]{32})/(?!job\.json)[^/]+")


class Pruned(NamedTuple):
    """A removed job, or in a dry run one to remove; its state is None when its record could not be read."""

    id: str
    state: State | None


class Housekeeping:
    """Removes old jobs or models at intervals, for some seconds at most; called by workers between messages.

    `checks` starts to check one job or model after the other, and yields it if it was removed, None
    otherwise. `report` is the log message, with ``%d`` for the number removed.
    """

    def __init__(self, checks: Callable[[], Iterator[object | None]], report: str) -> None:
        self._checks = checks
        self._report = report
        self._due = time.monotonic()
        self._rest: Iterator[object | None] | None = None

    @classmethod
    def of_jobs(cls, jobs: Jobs, days: float) -> "Housekeeping":
        """Return the housekeeping that removes jobs that ended more than `days` days ago."""
        report = f"%d jobs that ended more than {days:g} days ago were removed"
        return cls(partial(_checks, jobs, days, dry=False), report)

    @classmethod
    def of_all(
        cls, jobs: Jobs, job_days: float, models: Models, unnamed_days: float | None
    ) -> "list[Housekeeping]":
        """Return the housekeeping of a deployment; without `unnamed_days`, models without a name are kept."""
        made = [cls.of_jobs(jobs, job_days)]
        if unnamed_days is not None:
            report = f"%d models without a name older than {unnamed_days:g} days were removed"
            made.append(cls(partial(prune_steps, models, days=unnamed_days), report))
        return made

    def __call__(self) -> None:
        """Search for old jobs or models and remove them, if it is time."""
        began = time.monotonic()
        if began < self._due:
            return
        self._due = began + INTERVAL
        checks, self._rest = self._rest or self._checks(), None
        count = 0
        for removed in checks:
            count += removed is not None
            if time.monotonic() >= began + MAX_SECONDS:
                self._rest, self._due = checks, time.monotonic() + RESUME_AFTER
                break
        if count:
            logger.info(self._report, count)


def prune(jobs: Jobs, *, days: float, dry: bool = False) -> Iterator[Pruned]:
    """Remove jobs that ended more than some days ago, with their files, and yield each.

    If `dry`, the jobs are yielded without removing them.
    """
    return (pruned for pruned in _checks(jobs, days, dry=dry) if pruned is not None)


def _checks(jobs: Jobs, days: float, *, dry: bool) -> Iterator[Pruned | None]:
    """Check one job after the other; yield it if it is removed, else None."""
    last = jobs.clock() - datetime.timedelta(days=min(days, MAX_DAYS))
    for job_id, index in jobs.created_before(last):
        yield _check(jobs, job_id, index, last, dry=dry)


def _check(jobs: Jobs, job_id: str, index: str, last: datetime.datetime, *, dry: bool) -> Pruned | None:
    try:
        stored = jobs.read(job_id)
    except JobNotFoundError:  # left from a crash or a concurrent request
        if not dry:
            jobs.store.delete(index)
        return None
    except DamagedJobError:
        if not dry:
            jobs.remove(job_id, index)
        return Pruned(job_id, None)
    ended = stored.job.ended_at
    if ended is not None and ended < last and (dry or _remove(jobs, stored, index)):
        return Pruned(job_id, stored.job.state)
    return None


def _remove(jobs: Jobs, stored: Stored, index: str) -> bool:
    """Remove a job, unless it has just been queued again: then it runs without its checkpoint."""
    job = stored.job
    jobs.files.forget_all(job)
    try:
        if jobs.read(job.id).version != stored.version:
            return False
    except JobNotFoundError:  # removed concurrently
        return False
    jobs.remove(job.id, index)
    return True


def sweep(jobs: Jobs, *, dry: bool = False) -> Iterator[str]:
    """Remove samples, checkpoints and frames that are in no record, and yield their keys.

    They are left by crashes. All keys are listed. Files younger than a day are kept, since their record may
    not be written yet.
    """
    last = jobs.clock() - MIN_AGE
    # The keys are listed before the records are read: files added in between are kept.
    files = [match for match in map(_FILE.fullmatch, keys_from(jobs.store, "jobs/")) if match]
    named: dict[str, set[str] | None] = {}
    for match in files:
        key, job_id = match[0], match["id"]
        if job_id not in named:
            named[job_id] = _named(jobs, job_id)
        names = named[job_id]
        if names is not None and key not in names and _is_older(jobs, key, last):
            if not dry:
                jobs.store.delete(key)
            yield key


def _is_older(jobs: Jobs, key: str, time: datetime.datetime) -> bool:
    """Return whether a file was written before a time; False when it has been removed."""
    try:
        return jobs.store.written(key) < time
    except BlobNotFound:
        return False


def _named(jobs: Jobs, job_id: str) -> set[str] | None:
    """Return the keys of the files in a job's record; None when it cannot be read."""
    try:
        job = jobs.find(job_id)
    except DamagedJobError:
        return None
    return set() if job is None else job.files
