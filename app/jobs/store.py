"""The records of jobs in a store; `files` holds their samples, checkpoints and frames.

The record of the job ``{id}`` is ``jobs/{id}/job.json``, changed by conditional writes only. An empty blob,
``jobs/newest/{inverted time}-{id}``, is its index entry, by which jobs are listed newest first.
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
from app.jobs.files import Files, encoded
from app.jobs.record import Job, JobRequest, Progress, State
from app.storage.paging import keys_from
from app.storage.port import BlobChanged, BlobNotFound, BlobTooLarge, Store
from app.training.request import TrainingRequest
from kohonen.animation.moments import Moments

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
#: Records that are read concurrently for a page.
READERS = 8


def utc_now() -> datetime.datetime:
    """Return the current time."""
    return datetime.datetime.now(datetime.UTC)


class Stored(NamedTuple):
    """A job and the version of its record."""

    job: Job
    version: str


class Jobs:
    """The job records of a store, and with `files` the samples, checkpoints and frames of the jobs."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self.store = store
        self.files = Files(store)
        self.clock = clock

    def read(self, job_id: str) -> Stored:
        """Return the current record of a job.

        Raises
        ------
        JobNotFoundError
            When there is no such job, or the id is invalid.
        DamagedJobError
            When its record cannot be read.
        """
        if not _ID.fullmatch(job_id):
            raise JobNotFoundError(f"there is no job {job_id[:64]!r}: an id is 32 hexadecimal digits")
        try:
            blob = self.store.read(_record_key(job_id), max_bytes=MOST_RECORD_BYTES)
            return Stored(Job.model_validate_json(blob.data), blob.version)
        except BlobNotFound as error:
            raise JobNotFoundError(f"there is no job {job_id!r}; use POST /atrain to create one") from error
        except (BlobTooLarge, ValidationError) as error:
            raise DamagedJobError(
                f"the record of job {job_id!r} is damaged, or of another version of the contract: delete the "
                "job, and send its request again"
            ) from error

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
        """Return jobs, the newest first, and the cursor of the next page, if there is one."""
        keys = self.store.keys(_INDEX, start_after=f"{_INDEX}{cursor}" if cursor else "", limit=limit + 1)
        with ThreadPoolExecutor(READERS) as readers:
            # The context holds the deadline and the log fields of the request.
            found = [readers.submit(copy_context().run, self._listed, key) for key in keys[:limit]]
            jobs = [job for one in found if (job := one.result()) is not None]
        return jobs, keys[limit - 1].removeprefix(_INDEX) if len(keys) > limit else None

    def created_before(self, time: datetime.datetime) -> Iterator[tuple[str, str]]:
        """Yield the id and the index entry of each job created before a time, newest first."""
        for key in keys_from(self.store, _INDEX, start_after=_inverted(time)):
            yield key[-32:], key

    def remove(self, job_id: str, index: str) -> None:
        """Remove a record and then its index entry, by which it is found again after a crash in between."""
        self.store.delete(_record_key(job_id))
        self.store.delete(index)

    def _listed(self, index: str) -> Job | None:
        """Return the job of an index entry, unless the entry is left from a concurrent request."""
        job_id = index[-32:]
        try:
            job = self.find(job_id)
            return job if job is not None and _index_key(job) == index else None
        except DamagedJobError:  # the others are listed
            logger.warning("the record of job %s cannot be read", job_id)
            return None

    def add(self, request: TrainingRequest, *, over: Collection[State]) -> tuple[Job, bool]:
        """Queue a job, unless there is one for the request already; return it and whether it was queued.

        `over` are the final states in which an existing job is queued again.
        """
        key = self.files.add(request)
        job = _new(request, key, self.clock())
        if self._create(job):
            return job, True
        changed = self.change(
            job.id,
            lambda old: old.requeued(job.created_at, job.request, *job.names) if old.state in over else old,
        )
        if changed.request.input == key:
            return changed, True
        self.files.forget(key)
        return changed, False

    def add_done(self, request: TrainingRequest) -> Job:
        """Return a succeeded job for a model that is stored already."""
        now = self.clock()
        new = _new(request, None, now)
        progress = new.progress.model_copy(update={"iteration": new.progress.iterations})
        finish = {"progress": progress, "problem": None, "checkpoint": None}
        done = new.done("succeeded", now, **finish)
        if self._create(done):
            return done
        return self.change(
            done.id, lambda old: old if old.state == "succeeded" else old.done("succeeded", now, **finish)
        )

    def _create(self, job: Job) -> bool:
        """Store a new job, and return True, unless there is one."""
        if self.find(job.id) is not None:
            return False
        index = _index_key(job)
        self.store.create(index, b"", content_type=_OCTETS)
        if self.store.create(_record_key(job.id), _encode(job), content_type=_JSON):
            return True
        if _index_key(self.get(job.id)) != index:  # a concurrent request was faster
            self.store.delete(index)
        return False

    def join(self, job_id: str, name: str | None, frames: Moments | None = None) -> Job:
        """Add the name and the frames of another request to a job, and return it.

        To a job that has ended only the name is added, which its model must have.
        """
        now = self.clock()
        names = () if name is None else (name,)
        return self.change(job_id, lambda old: old.joined(now, names, None if old.ended else frames))

    def change(self, job_id: str, step: Callable[[Job], Job]) -> Job:
        """Change a job; retried when the record changes concurrently.

        `step` returns the changed job, or the same object for no change. It may be called several times.
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
        """Replace the record of a job; raise `BlobChanged` when it has changed since it was read."""
        key = _record_key(job.id)
        version = self.store.replace(key, _encode(job), version=stored.version, content_type=_JSON)
        return Stored(job, version)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job and return it, or remove its frames if it has ended."""
        now = self.clock()
        ended = []

        def step(old: Job) -> Job:
            ended.append(old.ended)
            return old.without_frames(now) if old.ended else old.done("cancelled", now)

        job = self.change(job_id, step)
        self.files.forget(job.request.input)
        if ended[-1]:
            self.files.forget_frames(job)
        return job


def _new(request: TrainingRequest, key: str | None, now: datetime.datetime) -> Job:
    """Return a queued job for a request whose samples are stored under a key."""
    count, dimension = request.samples.shape
    return Job(
        id=request.id,
        created_at=now,
        updated_at=now,
        request=JobRequest(
            parameters=dataclasses.asdict(request.parameters),
            samples=count,
            dimension=dimension,
            options={"keep_data": request.keep_data},
            input=key,
            frames=request.frames,
            preparation=None if request.preparation is None else request.preparation.to_json(),
            weighted=request.sample_weight is not None,
            annotations=len(encoded(request.data.annotations)),
        ),
        progress=Progress(iterations=request.parameters.iterations),
        names=() if request.name is None else (request.name,),
    )


def _record_key(job_id: str) -> str:
    return f"jobs/{job_id}/job.json"


def _index_key(job: Job) -> str:
    return f"{_INDEX}{_inverted(job.created_at)}-{job.id}"


def _inverted(time: datetime.datetime) -> str:
    """Return a time as text that sorts in descending order."""
    return f"{_LAST_MILLISECOND - round(time.timestamp() * 1000):015d}"


def _encode(job: Job) -> bytes:
    return job.model_dump_json(indent=2).encode()
