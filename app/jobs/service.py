"""What can be asked about jobs: to do one, to look at some, to cancel one."""

import logging
from collections.abc import Callable
from contextlib import suppress

from app import limits
from app.errors import DamagedJobError, DataNotKeptError, ModelNotFoundError, NoQueueError, QueueUnavailable
from app.jobs.backlog import Backlog
from app.jobs.jobs import Jobs
from app.jobs.port import Queue
from app.jobs.record import Job
from app.models import Models
from app.problems import document_of
from app.settings import Settings
from app.storage.port import StorageError
from app.training import TrainingRequest
from kohonen import Parameters
from kohonen.data import FloatArray
from kohonen.initialisation import initial_weights
from kohonen.sketches import Frame

__all__ = ["JobService"]

logger = logging.getLogger(__name__)

#: A job that has been waiting for so many seconds may have lost its message: it is sent again with a request.
STRANDED_SECONDS = 30.0
#: How often a checkpoint is looked for that is replaced just then.
READS = 5


class JobService:
    """Takes jobs, and tells about them.

    Parameters
    ----------
    jobs : Jobs
        The records.
    models : Models
        The models that jobs make.
    queue : Queue or None
        What does the jobs; None where there is nothing.
    settings : Settings
        The limits.
    wake : callable, optional
        Called when there is something to do.
    """

    def __init__(
        self,
        jobs: Jobs,
        models: Models,
        queue: Queue | None,
        settings: Settings,
        *,
        wake: Callable[[], None] | None = None,
    ) -> None:
        self._jobs = jobs
        self._models = models
        self._queue = queue
        self._settings = settings
        self._backlog = None if queue is None else Backlog(queue, settings.max_jobs)
        self._wake = wake or (lambda: None)

    def submit(self, request: TrainingRequest) -> Job:
        """Have a training done, or return the job that does it or has done it.

        One that failed or was cancelled is queued once more, and so is one whose model is there but not the
        frames that are wanted.

        Raises
        ------
        OverLimitError
            When the request asks for more than is allowed.
        NoQueueError
            When there is nothing that would do the job.
        TooBusyError
            When there are as many unfinished jobs as there may be.
        QueueUnavailable, StoreUnavailable
            When it cannot be taken now.
        """
        job = self._jobs.find(request.id)
        if job is not None and not job.ended:
            job = self._jobs.join(job.id, request.name, request.frames)
            if not job.ended:
                self._send_again(job)
                return job
        card = self._models.find(request.id)
        if card is not None and _is_enough(job, request):
            with suppress(ModelNotFoundError):  # deleted just now: it is made anew
                self._models.settle(card, request.name)
                return self._made(request, job)
        if self._queue is None or self._backlog is None:
            raise NoQueueError(
                "this deployment does no jobs: set SOM_QUEUE to the URL of an SQS queue, or, where worker "
                "processes may run beside the service, to local:"
            )
        limits.check_job(request, limits=self._settings)
        self._backlog.take()
        return self._add(request, self._queue)

    def _add(self, request: TrainingRequest, queue: Queue) -> Job:
        job, queued = self._jobs.add(request, over=("failed", "cancelled"))
        if job.state == "succeeded":
            card = self._models.find(job.id)
            if card is not None and _is_enough(job, request):
                with suppress(ModelNotFoundError):
                    self._models.settle(card, request.name)
                    return self._made(request, job)
            # Its model has been removed since, or was made without frames.
            job, queued = self._jobs.add(request, over=("failed", "cancelled", "succeeded"))
        if queued:
            try:
                queue.send(job.id, turn=job.turn)
            except (QueueUnavailable, StorageError) as error:
                # Otherwise the same request again would find it waiting, and do nothing.
                self._fail(job, error)
                raise
            self._wake()
        return job

    def _made(self, request: TrainingRequest, job: Job | None) -> Job:
        """Return the job of a model that is there, whatever has made it."""
        if job is None or job.state != "succeeded":
            return self._jobs.add_done(request)
        return job if request.name is None else self._jobs.join(job.id, request.name)

    def _fail(self, job: Job, error: Exception) -> None:
        problem = document_of(error)
        now = self._jobs.clock()
        try:
            failed = self._jobs.change(
                job.id,
                lambda old: (
                    old.done("failed", now, problem=problem)
                    if old.turn == job.turn and old.state == "queued"
                    else old
                ),
            )
            self._jobs.files.forget_input(failed)
        except StorageError as failure:
            logger.warning("job %s is left without a message: %s", job.id, failure)

    def _send_again(self, job: Job) -> None:
        """Send the message of a job that has been waiting for long: it may be lost, and two do no harm."""
        now = self._jobs.clock()
        waited = abs((now - job.updated_at).total_seconds())  # clocks may differ
        if self._queue is not None and job.held_until(now) is None and waited > STRANDED_SECONDS:
            self._queue.send(job.id, turn=job.turn)
            self._wake()

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises
        ------
        JobNotFoundError
            When there is none.
        """
        return self._jobs.get(job_id)

    def page(self, *, limit: int, cursor: str = "") -> tuple[list[Job], str | None]:
        """Return jobs, the newest first, and where the next page begins, if there is one."""
        return self._jobs.page(limit=limit, cursor=cursor)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, or, where it has ended, remove its frames.

        Raises
        ------
        JobNotFoundError
            When there is none.
        """
        return self._jobs.cancel(job_id)

    def weights(self, job_id: str) -> tuple[Job, int, FloatArray]:
        """Return the weights of a job as of its last checkpoint, and their iteration.

        Those of a job that has none yet are what it begins with.

        Raises
        ------
        JobNotFoundError
            When there is none.
        ModelNotFoundError
            When it has made a model that has been removed since.
        DataNotKeptError
            When it ended before its first checkpoint, and its samples have gone that it would begin with.
        """
        for _ in range(READS):
            job = self._jobs.get(job_id)
            parameters = job.request.training
            if job.state == "succeeded":
                return job, parameters.iterations, self._models.weights(self._models.card(job_id))
            if job.checkpoint is None:
                break
            weights = self._jobs.files.weights(job)
            if weights is not None:
                return job, job.checkpoint.iteration, weights
        return job, 0, self._initial_weights(job, parameters)

    def frames(self, job_id: str) -> tuple[Job, list[Frame]]:
        """Return the frames of a job's animation as of its last checkpoint, at least one.

        Raises
        ------
        JobNotFoundError
            When there is no such job.
        ModelNotFoundError
            When it has made a model that has been removed since.
        DataNotKeptError
            When it has no frames, or none yet.
        DamagedJobError
            When they are not what was stored.
        """
        job = self._jobs.get(job_id)
        if job.state == "succeeded":
            self._models.card(job_id)
        if job.request.frames is None:
            raise DataNotKeptError(
                f"job {job_id} has captured no frames: send its request again, with frames, once it has ended"
            )
        if not job.frames:
            message = f"no frame of job {job_id} has been saved" + " yet: look again later" * (not job.ended)
            raise DataNotKeptError(message)
        return job, self._jobs.files.frames(job)

    def _initial_weights(self, job: Job, parameters: Parameters) -> FloatArray:
        if parameters.initialisation == "random":
            return parameters.initial_weights(job.request.dimension)
        try:
            samples = self._jobs.files.request(job).samples
        except DamagedJobError as error:
            message = f"job {job.id} has ended before its first checkpoint, and there is no map of it to see"
            raise DataNotKeptError(message) from error
        return initial_weights(parameters, samples)


def _is_enough(job: Job | None, request: TrainingRequest) -> bool:
    """Whether a model that is there is all that is asked for, or there are the frames, too."""
    return request.frames is None or (job is not None and job.has_frames(request.frames))
