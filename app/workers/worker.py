"""The worker: processes messages, each of which requests one slice of a training.

It is the same for all queues and platforms. A training that is not done at the end of a slice is saved, and a
new message requests the next slice. So a training may span any number of processes and invocations, and ends
with the same weights as without interruptions.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable

from app.errors import DamagedJobError, JobNotFoundError, QueueUnavailable, ServiceError
from app.jobs.maintenance import Housekeeping
from app.jobs.queue.port import LONGEST_DELAY, Message, Queue
from app.jobs.record import Job
from app.jobs.store import Jobs
from app.models import Models
from app.runtime import telemetry
from app.settings import Settings
from app.storage.port import BlobChanged, StorageError
from app.training.request import TrainingRequest
from app.training.service import describe
from app.workers.failures import given_up, problem_of
from app.workers.lease import HeldJob, LeaseLostError, LeaseRenewal, seconds_left
from app.workers.slice import Slice
from kohonen import KohonenError, TrainedMap, train
from kohonen.checkpoints import Checkpointer

__all__ = ["Worker"]

logger = logging.getLogger(__name__)

#: Seconds between two checks of the lease, and the number of checks per renewal.
CHECK_SECONDS, CHECKS_PER_RENEWAL = 1.0, 2
#: Seconds between the end of a lease and the next attempt to take the job.
LEASE_MARGIN = 0.5
#: Seconds that an idle worker waits for a message in one call.
LONG_POLL = 10.0
#: Seconds between a failure of the store or the queue and the next call.
RETRY_SECONDS = 2.0


class Worker:
    """Processes the messages of one queue.

    The settings contain the lengths of slices and leases, and the limits of attempts.

    Parameters
    ----------
    stopped : threading.Event, optional
        When it is set, the current training is saved and released.
    abandon : callable, optional
        Ends the process: called when a training does not stop after its job was cancelled, since an
        iteration takes long.
    clock : callable, default `time.monotonic`
        Returns the time in seconds, for slices, their deadlines and checkpoints.
    """

    def __init__(
        self,
        jobs: Jobs,
        models: Models,
        queue: Queue,
        settings: Settings,
        *,
        stopped: threading.Event | None = None,
        abandon: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._models = models
        self._queue = queue
        self._settings = settings
        self._stopped = stopped or threading.Event()
        self._abandon = abandon
        self._clock = clock
        self._housekeeping = Housekeeping.of_all(jobs, settings.job_days, models, settings.unnamed_days)

    def run(self, *, idle: float | None = None) -> None:
        """Process messages until stopped, or until there has been none for `idle` seconds."""
        busy = time.monotonic()
        while not self._stopped.is_set():
            try:
                message = self._queue.receive(wait=LONG_POLL if idle is None else min(LONG_POLL, idle))
                if message is not None:
                    self.process(message)
                for housekeeping in self._housekeeping:
                    housekeeping()
                if message is not None:
                    busy = time.monotonic()
            except (StorageError, QueueUnavailable) as error:
                logger.warning("%s", error)
                self._stopped.wait(RETRY_SECONDS)
            if idle is not None and time.monotonic() > busy + idle:
                return

    def process(self, message: Message, *, deadline: float | None = None) -> None:
        """Run the slice that a message requests; it must be over by `deadline`, a time of the worker's clock.

        The message is acknowledged, unless another worker holds its job or the store cannot be used: then the
        queue delivers it again. When the result cannot be recorded, `StoreUnavailable` or `QueueUnavailable`
        is raised.
        """
        held = self._claim(message)
        if held is None:
            return
        with telemetry.task("a slice of a job", job=message.job) as fields:
            try:
                self._train(message, held, deadline)
            except LeaseLostError:
                if held.job.ended:
                    message.acknowledge()
            except (ServiceError, KohonenError) as error:  # a retry would fail, too
                logger.warning("%s", error)
                self._fail(message, held, error)
            except Exception as error:
                logger.exception("the training has failed")
                self._retry(message, held, error)
            finally:
                fields |= {"state": held.job.state, "iteration": held.job.progress.iteration}

    def _claim(self, message: Message) -> HeldJob | None:
        """Take the job's lease; without one, acknowledge the message or release it."""
        seconds = self._settings.lease_seconds
        # Before anything that may fail, since the queue hides a new message for longer.
        message.extend_visibility(seconds)
        try:
            stored = self._jobs.read(message.job)
        except (JobNotFoundError, DamagedJobError) as error:
            logger.warning("a message was discarded: %s", error)
            message.acknowledge()
            return None
        job, now = stored.job, self._jobs.clock()
        if job.ended or message.turn < job.turn:  # has ended, or the message is outdated
            message.acknowledge()
            return None
        left = seconds_left(self._jobs, stored, now)
        if left is not None:
            message.release(left + LEASE_MARGIN)
            return None
        claimed = job.claimed(uuid.uuid4().hex, now, seconds=seconds)
        problem = given_up(claimed, self._settings)
        try:
            if problem is None:
                return HeldJob(self._jobs, self._jobs.replace(stored, claimed))
            self._jobs.replace(stored, job.done("failed", now, problem=problem))
        except BlobChanged:  # another worker was faster
            message.release(LEASE_MARGIN)
            return None
        logger.error("job %s: %s", job.id, problem["detail"])
        message.acknowledge()
        self._jobs.files.forget(job.request.input)
        return None

    def _train(self, message: Message, held: HeldJob, deadline: float | None) -> None:
        """Train until the slice is over, and record the result."""
        settings, files = self._settings, self._jobs.files
        request, saved = files.request(held.job), files.checkpoint(held.job)
        interval = settings.checkpoint_seconds
        part = Slice(self._jobs, held, request, saved, interval=interval, clock=self._clock)
        checkpoints = part.checkpoints
        until = min(self._clock() + settings.slice_seconds, deadline or float("inf"))

        def renew() -> None:
            message.extend_visibility(settings.lease_seconds)
            part.report(settings.lease_seconds)

        with LeaseRenewal(
            held,
            interval=min(CHECK_SECONDS, settings.lease_seconds / 8),
            renew=renew,
            every=CHECKS_PER_RENEWAL,
            patience=settings.lease_seconds / 2,
            abandon=self._abandon,
        ) as renewal:
            trained = train(
                request.samples,
                request.parameters,
                sample_weight=request.sample_weight,
                initial_weights=checkpoints.initial_weights,
                first_iteration=checkpoints.first_iteration,
                # Each slice trains at least one iteration, so that the job ends.
                should_stop=lambda: (
                    renewal.lost
                    or (checkpoints.advanced and (self._stopped.is_set() or self._clock() > until))
                ),
                observers=checkpoints.observers(part),
                missing="mask",
            )
            iterations = trained.iterations - checkpoints.first_iteration
            steps = iterations * len(request.samples) * request.parameters.units
            telemetry.record(training_seconds=trained.seconds, unit_steps=steps)
            if renewal.lost:
                raise LeaseLostError(held.job.id)
            trained = trained._replace(seconds=checkpoints.seconds)
            if trained.stopped:
                checkpoints.save(trained.iterations, trained.weights)
            else:
                checkpoints.save_frames()
                self._store_model(held, request, trained, checkpoints)
                telemetry.record(trainings=1)
        if trained.stopped:
            self._continue(message, held)
        else:
            message.acknowledge()
            files.forget_all(held.job, but=held.job.frames)

    def _store_model(
        self, held: HeldJob, request: TrainingRequest, trained: TrainedMap, checkpoints: Checkpointer
    ) -> None:
        """Store the model under its names, and record the job as succeeded."""
        card, data = describe(request, trained, checkpoints.history, self._settings.deployment)
        given: set[str | None] = set()

        def finished(job: Job) -> Job:
            if not given.issuperset(job.names):  # a name was added concurrently
                return job
            error = card.quality.quantization_error
            progress = job.further(trained.iterations, trained.seconds, 0.0, error=error)
            changes = {"progress": progress, "seconds": trained.seconds, "checkpoint": None}
            return job.done("succeeded", self._jobs.clock(), frames=checkpoints.frames, **changes)

        while not held.job.ended:
            for name in held.job.names or (None,):
                if name not in given:
                    self._models.add(card, trained.weights, data, name=name)
                    given.add(name)
            held.change(finished)

    def _continue(self, message: Message, held: HeldJob, *, delay: float = 0.0, attempts: int = 0) -> None:
        """Request the next slice of the job.

        The new message is sent before the record makes the current one outdated: a crash in between leaves a
        duplicate message, never a job without one.
        """
        self._queue.send(message.job, turn=held.job.turn + 1, delay=delay)
        held.change(lambda job: job.released(self._jobs.clock(), attempts=attempts))
        message.acknowledge()

    def _retry(self, message: Message, held: HeldJob, error: Exception) -> None:
        """Request another attempt after a failure, with exponential backoff, up to the limit."""
        attempts = held.job.attempts
        if attempts >= self._settings.max_job_attempts:
            self._fail(message, held, error)
            return
        delay = min(LONGEST_DELAY, self._settings.retry_seconds * 2 ** (attempts - 1))
        try:
            self._continue(message, held, delay=delay, attempts=1)
        except LeaseLostError:
            if held.job.ended:
                message.acknowledge()

    def _fail(self, message: Message, held: HeldJob, error: Exception) -> None:
        try:
            held.change(lambda job: job.done("failed", self._jobs.clock(), problem=problem_of(error)))
        except LeaseLostError:
            if not held.job.ended:
                return
        message.acknowledge()
        self._jobs.files.forget(held.job.request.input)
