"""Jobs at rest: records in a store. What a training needs besides is in `files`.

The record of the job ``{id}`` is ``jobs/{id}/job.json``, changed by replace-if-unchanged only. Beside it is
an empty blob, ``jobs/newest/{inverted time}-{id}``, by which jobs are listed newest first.
"""

import dataclasses
import datetime
import logging
import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NamedTuple

from pydantic import ValidationError

from app.errors import DamagedJobError, JobNotFoundError
from app.jobs.files import Files
from app.jobs.record import Job, JobRequest, Progress, State
from app.storage.paging import keys_from
from app.storage.port import BlobChanged, BlobNotFound, BlobTooLarge, Store
from app.training import TrainingRequest
from kohonen.frames import Moments

__all__ = ["Clock", "Jobs", "Stored", "utc_now"]

Clock = Callable[[], datetime.datetime]

logger = logging.getLogger(__name__)

MOST_RECORD_BYTES = 2**21
_ID = re.compile(r"[0-9a-f]{32}")
_INDEX = "jobs/newest/"
#: Inverted times have 15 digits, until the year 33658.
_LAST_MILLISECOND = 10**15 - 1
_JSON = "application/json"
_OCTETS = "application/octet-stream"
#: Records that are read at a time for a page.
READERS = 8


def utc_now() -> datetime.datetime:
    """Return the time."""
    return datetime.datetime.now(datetime.UTC)


class Stored(NamedTuple):
    """A job and the version of its record."""

    job: Job
    version: str


class Jobs:
    """The jobs of one store.

    Parameters
    ----------
    store : Store
        Where they are kept.
    clock : callable, optional
        Tells the time.

    Attributes
    ----------
    store : Store
        Where they are kept.
    files : Files
        What their trainings need.
    """

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self.store = store
        self.files = Files(store)
        self.clock = clock

    def read(self, job_id: str) -> Stored:
        """Return a job as it is stored now.

        Raises
        ------
        JobNotFoundError
            When there is no such job, or the id cannot be one.
        DamagedJobError
            When its record cannot be read.
        """
        if not _ID.fullmatch(job_id):
            raise JobNotFoundError(f"there is no job {job_id[:64]!r}: an id is 32 hexadecimal digits")
        try:
            blob = self.store.read(_record_key(job_id), max_bytes=MOST_RECORD_BYTES)
            return Stored(Job.model_validate_json(blob.data), blob.version)
        except BlobNotFound as error:
            raise JobNotFoundError(f"there is no job {job_id!r}; POST /atrain makes one") from error
        except (BlobTooLarge, ValidationError) as error:
            raise DamagedJobError(f"the record of job {job_id!r} cannot be read") from error

    def get(self, job_id: str) -> Job:
        """Return a job; see `read`."""
        return self.read(job_id).job

    def find(self, job_id: str) -> Job | None:
        """Return a job, or None when there is no such job."""
        try:
            return self.get(job_id)
        except JobNotFoundError:
            return None

    def page(self, *, limit: int, cursor: str = "") -> tuple[list[Job], str | None]:
        """Return jobs, the newest first, and where the next page begins, if there is one."""
        keys = self.store.keys(_INDEX, start_after=f"{_INDEX}{cursor}" if cursor else "", limit=limit + 1)
        with ThreadPoolExecutor(READERS) as readers:
            # What they do belongs to the same request, and so does its deadline.
            found = [readers.submit(copy_context().run, self._listed, key) for key in keys[:limit]]
            jobs = [job for one in found if (job := one.result()) is not None]
        return jobs, keys[limit - 1].removeprefix(_INDEX) if len(keys) > limit else None

    def made_before(self, time: datetime.datetime) -> Iterator[tuple[str, str]]:
        """Give the jobs made before a time, the newest of them first: id and entry in the index."""
        for key in keys_from(self.store, _INDEX, start_after=_inverted(time)):
            yield key[-32:], key

    def remove(self, job_id: str, index: str) -> None:
        """Remove a record and, last, its entry in the index: what a crash leaves is found again."""
        self.store.delete(_record_key(job_id))
        self.store.delete(index)

    def _listed(self, index: str) -> Job | None:
        """Return the job of an entry of the index, unless that is left from a request that came too late."""
        job_id = index[-32:]
        try:
            job = self.find(job_id)
            return job if job is not None and _index_key(job) == index else None
        except DamagedJobError:  # it must not hide the others
            logger.warning("the record of job %s cannot be read", job_id)
            return None

    def add(self, request: TrainingRequest, *, over: Collection[State]) -> tuple[Job, bool]:
        """Queue a job, unless it is there already.

        Parameters
        ----------
        request : TrainingRequest
            What it is to do.
        over : collection of State
            In which of its ends it is queued once more.

        Returns
        -------
        Job
            The job as it is now.
        bool
            Whether it has been queued, for the first time or once more.
        """
        key = self.files.add(request)
        job, queued = self._queued(request, _job_request(request, key), over)
        if not queued:
            self.files.forget(key)
        return job, queued

    def add_done(self, request: TrainingRequest) -> Job:
        """Return the job of a model that is there already, whatever has made it."""
        now = self.clock()
        done = self._new(request, _job_request(request, None)).done("succeeded", now)
        progress = done.progress.model_copy(update={"iteration": done.progress.iterations})
        done = done.changed(now, progress=progress)
        if self._create(done):
            return done
        finish = {"progress": progress, "problem": None, "checkpoint": None}
        return self.change(
            done.id, lambda old: old if old.state == "succeeded" else old.done("succeeded", now, **finish)
        )

    def _queued(
        self, request: TrainingRequest, job_request: JobRequest, over: Collection[State]
    ) -> tuple[Job, bool]:
        job = self._new(request, job_request)
        if self._create(job):
            return job, True
        changed = self.change(
            job.id,
            lambda old: old.again(job.created_at, job_request, *job.names) if old.state in over else old,
        )
        return changed, changed.request.input == job_request.input

    def _new(self, request: TrainingRequest, job_request: JobRequest) -> Job:
        now = self.clock()
        progress = Progress(iterations=request.parameters.iterations)
        return Job(
            id=request.id,
            created_at=now,
            updated_at=now,
            request=job_request,
            progress=progress,
            names=() if request.name is None else (request.name,),
        )

    def _create(self, job: Job) -> bool:
        """Store a new job, unless there is one."""
        if self.find(job.id) is not None:
            return False
        index = _index_key(job)
        self.store.create(index, b"", content_type=_OCTETS)
        if self.store.create(_record_key(job.id), _encode(job), content_type=_JSON):
            return True
        if _index_key(self.get(job.id)) != index:  # another request was quicker, but not by much
            self.store.delete(index)
        return False

    def join(self, job_id: str, name: str | None, frames: Moments | None = None) -> Job:
        """Have a job do what another request asks for, too, as far as it can, and return it.

        What has ended takes a name only, which its model is to have been given.
        """
        now = self.clock()
        names = () if name is None else (name,)
        return self.change(job_id, lambda old: old.joined(now, names, None if old.ended else frames))

    def change(self, job_id: str, step: Callable[[Job], Job]) -> Job:
        """Change a job, whatever others do to it meanwhile.

        Parameters
        ----------
        job_id : str
            Which.
        step : callable
            Makes of the job what it becomes; returns the same object to leave it alone. May be called
            several times.
        """
        while True:
            stored = self.read(job_id)
            changed = step(stored.job)
            if changed is stored.job:
                return changed
            try:
                self.replace(stored, changed)
            except BlobChanged:
                continue
            return changed

    def replace(self, stored: Stored, job: Job) -> Stored:
        """Store a job in the place of what it was.

        Raises
        ------
        BlobChanged
            When that is no longer what is stored.
        """
        key = _record_key(job.id)
        version = self.store.replace(key, _encode(job), version=stored.version, content_type=_JSON)
        return Stored(job, version)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, and return it as it is then; one that has ended loses its frames."""
        now = self.clock()
        ended = []

        def step(old: Job) -> Job:
            ended.append(old.ended)
            return old.without_frames(now) if old.ended else old.done("cancelled", now)

        job = self.change(job_id, step)
        self.files.forget_input(job)
        if ended[-1]:
            self.files.forget_frames(job)
        return job


def _job_request(request: TrainingRequest, key: str | None) -> JobRequest:
    count, dimension = request.samples.shape
    return JobRequest(
        parameters=dataclasses.asdict(request.parameters),
        samples=count,
        dimension=dimension,
        options={"keep_data": request.keep_data},
        input=key,
        frames=request.frames,
        preparation=None if request.preparation is None else request.preparation.to_json(),
    )


def _record_key(job_id: str) -> str:
    return f"jobs/{job_id}/job.json"


def _index_key(job: Job) -> str:
    return f"{_INDEX}{_inverted(job.created_at)}-{job.id}"


def _inverted(time: datetime.datetime) -> str:
    """Return a time as text that sorts the latest first."""
    return f"{_LAST_MILLISECOND - round(time.timestamp() * 1000):015d}"


def _encode(job: Job) -> bytes:
    return job.model_dump_json(indent=2).encode()
