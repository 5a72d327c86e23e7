"""Opens the stores, the models, the queue and the workers that the settings name.

The API, the commands and the worker on Lambda use it. Code that runs jobs is imported on first use, since
the API on Lambda only accepts them. The time of each store call is recorded, and no request waits for a
store beyond its deadline.
"""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from app.jobs.queue.port import Queue
from app.jobs.queue.store import LocalQueue
from app.jobs.service import JobService
from app.jobs.store import Jobs
from app.models.registry import Models
from app.runtime.gate import Gate
from app.runtime.telemetry import record
from app.settings import Settings
from app.storage import open_store
from app.storage.deadline import with_deadline
from app.storage.lazy import lazy
from app.storage.port import Store, StoreUnavailable
from app.storage.wrapper import wrap_calls
from kohonen.analysis.metrics import Metric

if TYPE_CHECKING:
    from app.workers.supervisor import Supervisor
    from app.workers.worker import Worker

__all__ = ["Deployment", "MemoryShares", "observed", "open_gate", "open_models", "open_watched"]

#: Seconds after which an idle worker of the embedded queue ends.
IDLE = 60.0
#: Bodies of the largest size that may be held at the same time, if the memory suffices; more of smaller ones.
LARGEST_BODIES = 8
#: Bytes of answers that are kept.
MOST_KEPT = 64 * 2**20
_FORMS = "local:, none:, or the URL of an SQS queue, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"


def open_models(settings: Settings) -> Models:
    """Return the models in the store that the settings name, without any access to the store."""
    return Models(
        open_watched(settings.store, settings),
        metric=Metric(settings.metric_key, settings.metric_ascending),
        unnamed_days=settings.unnamed_days,
        most_bytes=settings.stored_bytes,
    )


class MemoryShares(NamedTuple):
    """The parts of the memory (SOM_MEMORY): for heavy work, for bodies, and for answers that are kept."""

    work: int
    bodies: int
    answers: int

    @classmethod
    def of(cls, settings: Settings) -> "MemoryShares":
        """Divide the memory."""
        memory, largest = settings.memory, settings.max_body_bytes
        if settings.store == "memory:":
            memory = max(memory // 2, memory - settings.stored_bytes)
        bodies = max(largest, min(LARGEST_BODIES * largest, memory // 4))
        answers = min(memory // 16, MOST_KEPT)
        return cls(max(memory - bodies - answers, memory // 2), bodies, answers)


def open_gate(settings: Settings) -> Gate:
    """Return the gate of heavy work."""
    return Gate(
        MemoryShares.of(settings).work,
        trainings=settings.trainings,
        waiting_trainings=settings.waiting_trainings,
        reads=settings.reads,
        waiting_reads=settings.waiting_reads,
    )


def open_watched(url: str, settings: Settings) -> Store:
    """Return the store that a URL names, without any access to it."""
    store = open_store(url, endpoint=settings.s3_endpoint, public_endpoint=settings.public_s3_endpoint)
    return observed(store if url == "memory:" else with_deadline(store))  # memory never blocks


def observed(store: Store) -> Store:
    """Return a store that records how long its calls take."""
    return wrap_calls(store, _timed)


def _timed(call: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    try:
        return call()
    except StoreUnavailable:
        record(store_errors=1)
        raise
    finally:
        record(store_milliseconds=round(1000 * (time.perf_counter() - started), 3))


class Deployment:
    """The queue, the job records and the workers of a deployment.

    `ValueError` is raised when the URL of the queue or of a store is not valid.
    """

    def __init__(self, settings: Settings, models: Models | None = None) -> None:
        self._settings = settings
        self._models = models or open_models(settings)
        self._job_store: Store = (
            open_watched(settings.job_store, settings) if settings.job_store else self._models.store
        )
        self.jobs = Jobs(self._job_store)
        self.queue = self._open_queue()
        # The workers of an SQS queue run elsewhere.
        self._supervisor = self._make_supervisor() if isinstance(self.queue, LocalQueue) else None
        wake = self._supervisor.wake if self._supervisor else None
        self.service = JobService(self.jobs, self._models, self.queue, settings, wake=wake)

    def start(self) -> None:
        """Continue unfinished jobs, if this server runs workers."""
        if self._supervisor:
            self._supervisor.wake()

    def stop(self) -> None:
        """End the workers of this server."""
        if self._supervisor:
            self._supervisor.stop()

    @property
    def idle(self) -> float | None:
        """Seconds after which an idle worker ends; None for never."""
        return IDLE if isinstance(self.queue, LocalQueue) else None

    def worker(
        self, stopped: threading.Event | None = None, *, abandon: Callable[[], None] | None = None
    ) -> "Worker":
        """Return a worker for this thread; raise `ValueError` when there is no queue."""
        from app.workers.worker import Worker

        if self.queue is None:
            raise _no_queue()
        queue = self._local(stopped) if isinstance(self.queue, LocalQueue) else self.queue
        return Worker(self.jobs, self._models, queue, self._settings, stopped=stopped, abandon=abandon)

    def supervisor(self) -> "Supervisor":
        """Return a supervisor of worker processes without the API.

        `ValueError` is raised when there is no queue that other processes can use.
        """
        if self._is_private:
            raise ValueError(
                "other processes cannot access a store in memory: set SOM_STORE to a folder or a bucket"
            )
        return self._make_supervisor()

    def _make_supervisor(self) -> "Supervisor":
        """Choose processes or a thread, their number and their lock."""
        from app.workers.host_lock import HostLock
        from app.workers.supervisor import ProcessWorker, Supervisor, ThreadWorker

        settings, queue = self._settings, self.queue
        if queue is None:
            raise _no_queue()
        if not isinstance(queue, LocalQueue):
            return Supervisor(partial(ProcessWorker, settings), count=settings.workers, has_work=lambda: True)
        if self._is_private:
            return Supervisor(
                lambda: ThreadWorker(lambda stopped: self.worker(stopped).run(idle=self.idle)),
                count=min(1, settings.workers),
                has_work=queue.has_messages,
            )
        lock = HostLock(_job_store_name(settings))
        return Supervisor(
            lambda: ProcessWorker(settings, inherited=lock.descriptors),
            count=settings.workers,
            has_work=queue.has_messages,
            lock=lock,
        )

    def _open_queue(self) -> Queue | None:
        url = self._settings.queue
        if url == "local:":
            return self._local()
        if url == "none:":
            return None
        if url.startswith(("https://", "http://")):
            return lazy(partial(_sqs, url))
        raise ValueError(f"{url[:200]!r} is not a queue; set SOM_QUEUE to {_FORMS}")

    def _local(self, stopped: threading.Event | None = None) -> LocalQueue:
        return LocalQueue(self._job_store, stopped=stopped)

    @property
    def _is_private(self) -> bool:
        # From the settings, since a store may be wrapped.
        return "memory:" in (self._settings.store, self._settings.job_store)


def _sqs(url: str) -> Queue:
    # Imported here: boto3 takes long to import, and most requests are not about jobs.
    from app.jobs.queue.sqs import SqsQueue

    return SqsQueue(url)


def _no_queue() -> ValueError:
    return ValueError(f"there is no queue: set SOM_QUEUE to {_FORMS}")


def _job_store_name(settings: Settings) -> str:
    """Return a name of the job store that is the same for all servers of this host."""
    url = settings.job_store or settings.store
    scheme, _, folder = url.partition(":")
    return os.path.realpath(folder) if scheme == "file" else f"{settings.s3_endpoint} {url}"
