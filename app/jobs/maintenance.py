"""Jobs that ended long ago go, and so does what crashes have left of others; models without a name expire.

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
from app.jobs.jobs import Jobs, Stored
from app.jobs.record import State
from app.models import Models
from app.models.maintenance import looks
from app.storage.paging import keys_from
from app.storage.port import BlobNotFound

__all__ = ["Housekeeping", "Pruned", "prune", "sweep"]

logger = logging.getLogger(__name__)

#: How often a worker looks for what is old, for how long in one go, and when it goes on where it stopped, in
#: seconds: somebody may be waiting for a worker meanwhile.
EVERY, LONGEST, AGAIN = 3600.0, 2.0, 30.0
#: What is younger may belong to a request that is still being written down.
YOUNG = datetime.timedelta(days=1)
#: No job is older than this, in days: times in the index begin in 1970.
MOST_DAYS = 20_000.0

_FILE = re.compile(r"jobs/(?P<id>[0-9a-f]{32})/(?!job\.json)[^/]+")


class Pruned(NamedTuple):
    """A job that has been removed, or would be.

    Attributes
    ----------
    id : str
        Its id.
    state : State or None
        How it ended; None where its record could not be read.
    """

    id: str
    state: State | None


class Housekeeping:
    """Removes what is old once in a while, for some seconds at most; called by whoever works on jobs.

    Parameters
    ----------
    looks : callable
        Begins to look at one job or model after the other; gives it if it is removed, and None otherwise.
    report : str
        What to log, with ``%d`` for how many have been removed.
    """

    def __init__(self, looks: Callable[[], Iterator[object | None]], report: str) -> None:
        self._looks = looks
        self._report = report
        self._due = time.monotonic()
        self._rest: Iterator[object | None] | None = None

    @classmethod
    def of_jobs(cls, jobs: Jobs, days: float) -> "Housekeeping":
        """Return what removes jobs that ended over some days ago."""
        report = f"%d jobs that ended over {days:g} days ago have been removed"
        return cls(partial(_looks, jobs, days, dry=False), report)

    @classmethod
    def of_models(cls, models: Models, days: float) -> "Housekeeping":
        """Return what removes models without a name that are over some days old."""
        report = f"%d models without a name over {days:g} days old have been removed"
        return cls(partial(looks, models, days=days), report)

    @classmethod
    def of_all(
        cls, jobs: Jobs, job_days: float, models: Models, unnamed_days: float | None
    ) -> "list[Housekeeping]":
        """Return what there is to do; models without a name are kept for ever where their days are None."""
        made = [cls.of_jobs(jobs, job_days)]
        return made if unnamed_days is None else [*made, cls.of_models(models, unnamed_days)]

    def __call__(self) -> None:
        """Look for what is old, if it is time."""
        began = time.monotonic()
        if began < self._due:
            return
        self._due = began + EVERY
        rest, self._rest = self._rest or self._looks(), None
        count = 0
        for removed in rest:
            count += removed is not None
            if time.monotonic() >= began + LONGEST:
                self._rest, self._due = rest, time.monotonic() + AGAIN
                break
        if count:
            logger.info(self._report, count)


def prune(jobs: Jobs, *, days: float, dry: bool = False) -> Iterator[Pruned]:
    """Remove jobs that ended over some days ago, with what they have left, and give each.

    Parameters
    ----------
    jobs : Jobs
        The jobs of a store.
    days : float
        How long ago.
    dry : bool
        Give them, and remove nothing.
    """
    return (pruned for pruned in _looks(jobs, days, dry=dry) if pruned is not None)


def _looks(jobs: Jobs, days: float, *, dry: bool) -> Iterator[Pruned | None]:
    """Look at one job after the other, and give it if it is removed."""
    last = jobs.clock() - datetime.timedelta(days=min(days, MOST_DAYS))
    for job_id, index in jobs.made_before(last):
        yield _looked_at(jobs, job_id, index, last, dry=dry)


def _looked_at(jobs: Jobs, job_id: str, index: str, last: datetime.datetime, *, dry: bool) -> Pruned | None:
    try:
        stored = jobs.read(job_id)
    except JobNotFoundError:  # left from a crash, or from a request that came too late
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
    """Remove a job, unless it is asked for once more just now: then it goes on without its checkpoint."""
    job = stored.job
    jobs.files.forget_all(job)
    try:
        if jobs.read(job.id).version != stored.version:
            return False
    except JobNotFoundError:  # somebody else has removed it
        return False
    jobs.remove(job.id, index)
    return True


def sweep(jobs: Jobs, *, dry: bool = False) -> Iterator[str]:
    """Remove samples, checkpoints and frames that no record names, and give their keys.

    They are what crashes have left; it looks at every key. None is younger than a day: it might be named by a
    record that is about to be written.
    """
    last = jobs.clock() - YOUNG
    # The keys first and the records then: what is named by then is kept.
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
    """Say whether a file was written before a time; not when its job has removed it meanwhile."""
    try:
        return jobs.store.written(key) < time
    except BlobNotFound:
        return False


def _named(jobs: Jobs, job_id: str) -> set[str] | None:
    """Return the files that a job's record names; None where it cannot be read."""
    try:
        job = jobs.find(job_id)
    except DamagedJobError:
        return None
    return set() if job is None else job.files
