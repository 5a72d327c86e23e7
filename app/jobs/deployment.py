"""Jobs, put together as the settings say: for the API, for a worker process and for a worker on Lambda.

What works on jobs is imported by who does: the API on Lambda only takes them.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.deployment import open_models, open_watched
from app.jobs.jobs import Jobs
from app.jobs.local import LocalQueue
from app.jobs.port import Queue
from app.jobs.service import JobService
from app.models import Models
from app.settings import Settings
from app.storage.later import later
from app.storage.port import Store

if TYPE_CHECKING:
    from app.jobs.crew import Crew
    from app.jobs.slots import Slots
    from app.jobs.worker import Worker

__all__ = ["Deployment"]

#: How long a worker stays that has nothing to do, in seconds.
IDLE = 60.0
_FORMS = "local:, none:, or the URL of an SQS queue, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"


class Deployment:
    """What of a deployment has to do with jobs.

    Parameters
    ----------
    settings : Settings
        Which queue and which stores.
    models : Models, optional
        The models, where they are open already.

    Raises
    ------
    ValueError
        For a queue or a store that is none.
    """

    def __init__(self, settings: Settings, models: Models | None = None) -> None:
        self._settings = settings
        self._models = models or open_models(settings)
        self._job_store: Store = (
            open_watched(settings.job_store, settings) if settings.job_store else self._models.store
        )
        self.jobs = Jobs(self._job_store)
        self.queue = self._open_queue()
        self._helpers = self._find_helpers()
        self.service = JobService(
            self.jobs, self._models, self.queue, settings, wake=self._helpers.wake if self._helpers else None
        )

    def start(self) -> None:
        """Take up what was left unfinished, where that is for us to do."""
        if self._helpers:
            self._helpers.wake()

    def stop(self) -> None:
        """End the workers that we have started."""
        if self._helpers:
            self._helpers.stop()

    def worker(
        self, stopped: threading.Event | None = None, *, abandon: Callable[[], None] | None = None
    ) -> "Worker":
        """Return a worker.

        Raises
        ------
        ValueError
            When there is no queue.
        """
        from app.jobs.worker import Worker

        if self.queue is None:
            raise _no_queue()
        queue = self._local(stopped) if isinstance(self.queue, LocalQueue) else self.queue
        return Worker(self.jobs, self._models, queue, self._settings, stopped=stopped, abandon=abandon)

    def crew(self) -> "Crew":
        """Return what starts workers in processes of their own, and looks after them.

        Raises
        ------
        ValueError
            When there is no queue that another process can work on.
        """
        from app.jobs.crew import Crew

        if self._is_private:
            raise ValueError("no other process sees what is in memory: set SOM_STORE to a folder or a bucket")
        if isinstance(self.queue, LocalQueue):
            return Crew(self._settings, self._room)
        if self.queue is None:
            raise _no_queue()
        return Crew(self._settings, lambda: self._settings.workers)

    def work(
        self, stopped: threading.Event, *, abandon: Callable[[], None], ready: Callable[[], None]
    ) -> None:
        """Work on jobs until stopped; on the embedded queue only as long as there is something to do.

        There it takes one of the store's slots, too; without a free one there is no work for us.

        Parameters
        ----------
        stopped : threading.Event
            Ends the work when it is set.
        abandon : callable
            Ends the process.
        ready : callable
            Called when all is prepared and the work begins.
        """
        if not isinstance(self.queue, LocalQueue):
            worker = self.worker(stopped, abandon=abandon)
            ready()
            worker.run()
            return
        slot = self._slots().take(lost=stopped.set)
        if slot is None:
            return

        def leave() -> None:
            slot.release()  # otherwise nobody could take it until its lease ends
            abandon()

        with slot:
            ready()
            self.worker(stopped, abandon=leave).run(idle=IDLE)

    def _room(self) -> int | None:
        assert isinstance(self.queue, LocalQueue)
        return None if self.queue.is_empty() else self._slots().free()

    def _open_queue(self) -> Queue | None:
        url = self._settings.queue
        if url == "local:":
            return self._local()
        if url == "none:":
            return None
        if url.startswith(("https://", "http://")):
            return later(partial(_sqs, url))
        raise ValueError(f"{url[:200]!r} is no queue; the setting SOM_QUEUE takes {_FORMS}")

    def _local(self, stopped: threading.Event | None = None) -> LocalQueue:
        return LocalQueue(self._job_store, stopped=stopped)

    def _slots(self) -> "Slots":
        from app.jobs.slots import Slots

        settings = self._settings
        return Slots(self._job_store, count=settings.workers, seconds=settings.lease_seconds)

    def _find_helpers(self) -> "Crew | _Thread | None":
        if not isinstance(self.queue, LocalQueue):
            return None
        return _Thread(self) if self._is_private else self.crew()

    @property
    def _is_private(self) -> bool:
        # By the settings, as a store may be wrapped.
        return "memory:" in (self._settings.store, self._settings.job_store)


def _sqs(url: str) -> Queue:
    # Here, since boto3 takes long to import, and most of what is asked for is no job.
    from app.jobs.sqs import SqsQueue

    return SqsQueue(url)


def _no_queue() -> ValueError:
    return ValueError(f"there is no queue to work on: the setting SOM_QUEUE takes {_FORMS}")


class _Thread:
    """A worker in a thread: no other process could see what is in our memory."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self._deployment.worker(self._stopped).run()
