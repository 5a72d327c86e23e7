"""Submits jobs, and reads their weights and frames."""

import logging
from collections.abc import Callable
from contextlib import suppress

from app.errors import DamagedJobError, DataNotKeptError, ModelNotFoundError, NoQueueError, QueueUnavailable
from app.jobs.queue.backlog import Backlog
from app.jobs.queue.port import Queue
from app.jobs.record import Job
from app.jobs.store import Jobs
from app.models import Models
from app.problems import document_of
from app.settings import Settings
from app.storage.port import StorageError
from app.training import limits
from app.training.request import TrainingRequest
from kohonen import Parameters
from kohonen.animation.frames import Frame
from kohonen.initialisation import initial_weights
from kohonen.inputs.arrays import FloatArray

__all__ = ["JobService"]

logger = logging.getLogger(__name__)

#: Seconds of waiting after which a job's message may be lost, and is sent again with the next request.
STRANDED_SECONDS = 30.0
#: Attempts to read a checkpoint that is being replaced.
READS = 5


class JobService:
    """Submits jobs to the queue, if the deployment has one; `records` lists and cancels them.

    `wake` is called after a message was sent.
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
        self.records = jobs
        self._models = models
        self._queue = queue
        self._settings = settings
        self._backlog = None if queue is None else Backlog(queue, settings.max_jobs)
        self._wake = wake or (lambda: None)

    def submit(self, request: TrainingRequest) -> Job:
        """Queue a training, or return its existing job.

        A job that failed or was cancelled is queued again, and so is one whose model is stored without the
        frames that are wanted. `OverLimitError`, `NoQueueError` and `TooBusyError` refuse a job.
        """
        job = self.records.find(request.id)
        if job is not None and not job.ended:
            job = self.records.join(job.id, request.name, request.frames)
            if not job.ended:
                self._send_again(job)
                return job
        card = self._models.find(request.id)
        if card is not None and _is_enough(job, request):
            with suppress(ModelNotFoundError):  # deleted concurrently: it is trained again
                self._models.ensure_listed(card, request.name)
                return self._succeeded(request, job)
        if self._queue is None or self._backlog is None:
            raise NoQueueError(
                "this deployment has no job queue: set SOM_QUEUE to the URL of an SQS queue, or to local: if "
                "worker processes may run beside the service"
            )
        limits.check_job(request, limits=self._settings)
        self._backlog.take()
        return self._add(request, self._queue)

    def _add(self, request: TrainingRequest, queue: Queue) -> Job:
        job, queued = self.records.add(request, over=("failed", "cancelled"))
        if job.state == "succeeded":
            card = self._models.find(job.id)
            if card is not None and _is_enough(job, request):
                with suppress(ModelNotFoundError):
                    self._models.ensure_listed(card, request.name)
                    return self._succeeded(request, job)
            # Its model was removed, or was trained without frames.
            job, queued = self.records.add(request, over=("failed", "cancelled", "succeeded"))
        if queued:
            try:
                queue.send(job.id, turn=job.turn)
            except (QueueUnavailable, StorageError) as error:
                # Otherwise the same request would find the job queued, and not send the message.
                self._fail(job, error)
                raise
            self._wake()
        return job

    def _succeeded(self, request: TrainingRequest, job: Job | None) -> Job:
        """Return the succeeded job of a stored model, however the model was made."""
        if job is None or job.state != "succeeded":
            return self.records.add_done(request)
        return job if request.name is None else self.records.join(job.id, request.name)

    def _fail(self, job: Job, error: Exception) -> None:
        problem = document_of(error)
        now = self.records.clock()
        try:
            failed = self.records.change(
                job.id,
                lambda old: (
                    old.done("failed", now, problem=problem)
                    if old.turn == job.turn and old.state == "queued"
                    else old
                ),
            )
            if failed.ended:
                self.records.files.forget(failed.request.input)
        except StorageError as failure:
            logger.warning("job %s remains queued without a message: %s", job.id, failure)

    def _send_again(self, job: Job) -> None:
        """Send the message of a job again that has waited long: it may be lost, and duplicates do no harm."""
        now = self.records.clock()
        waited = abs((now - job.updated_at).total_seconds())  # clocks may differ
        if self._queue is not None and job.held_until(now) is None and waited > STRANDED_SECONDS:
            self._queue.send(job.id, turn=job.turn)
            self._wake()

    def weights(self, job_id: str) -> tuple[Job, int, FloatArray]:
        """Return a job, the iteration of its last checkpoint, and the weights there.

        Without a checkpoint these are the initial weights; `DataNotKeptError` is raised when the job ended
        before its first checkpoint and the samples are gone, so that there are none.
        """
        for _ in range(READS):
            job = self.records.get(job_id)
            parameters = job.request.training
            if job.state == "succeeded":
                return job, parameters.iterations, self._models.weights(self._models.card(job_id))
            if job.checkpoint is None:
                break
            weights = self.records.files.weights(job)
            if weights is not None:
                return job, job.checkpoint.iteration, weights
        return job, 0, self._initial_weights(job, parameters)

    def frames(self, job_id: str) -> tuple[Job, list[Frame]]:
        """Return a job and its frames up to its last checkpoint; raise `DataNotKeptError` without any."""
        job = self.records.get(job_id)
        if job.state == "succeeded":
            self._models.card(job_id)
        if job.request.frames is None:
            raise DataNotKeptError(
                f"job {job_id} captures no frames: when it has ended, send its request again with frames"
            )
        if not job.frames:
            message = f"no frame of job {job_id} has been saved" + " yet: try again later" * (not job.ended)
            raise DataNotKeptError(message)
        return job, self.records.files.frames(job)

    def _initial_weights(self, job: Job, parameters: Parameters) -> FloatArray:
        if parameters.initialisation == "random":
            return parameters.initial_weights(job.request.dimension)
        try:
            request = self.records.files.request(job)
        except DamagedJobError as error:
            message = f"job {job.id} ended before its first checkpoint, so there is no map of it"
            raise DataNotKeptError(message) from error
        return initial_weights(parameters, request.samples, request.sample_weight)


def _is_enough(job: Job | None, request: TrainingRequest) -> bool:
    """Return whether the stored model and the frames of the job fulfil the request."""
    return request.frames is None or (job is not None and job.has_frames(request.frames))
