"""The worker: does what a message asks for, one slice of a training at a time.

It is the same for every queue and every platform. A training that is not done at a slice's end is saved, and
a new message asks for it to be continued; one training may so span any number of processes and invocations,
and ends with the same weights as if it had never been interrupted.
"""

import logging
import threading
import time
from collections.abc import Callable

from app import observability
from app.errors import DamagedJobError, JobNotFoundError, ServiceError, document, document_of
from app.jobs.jobs import Jobs
from app.jobs.lease import Heart, Hold, LeaseLostError, new_token
from app.jobs.maintenance import Housekeeping
from app.jobs.port import Message, Queue, QueueUnavailable
from app.jobs.record import Job, Piece
from app.jobs.slice import Slice
from app.models import Models
from app.settings import Settings
from app.storage.port import BlobChanged, StorageError
from app.training import TrainingRequest, describe
from kohonen import KohonenError, TrainedMap, train
from kohonen.history import History

__all__ = ["Worker"]

logger = logging.getLogger(__name__)

#: How often to look whether a job is still ours, in seconds, and how many looks make a beat.
LOOK, EVERY = 1.0, 2
#: How much later than a lease ends its job is looked at again, in seconds.
AFTER = 0.5
#: How long an idle worker waits for a message in one go, in seconds.
WAIT = 10.0
#: How long to leave a store or a queue alone that has just failed, in seconds.
PAUSE = 2.0
#: No job that failed is tried again later than this, in seconds.
LONGEST_DELAY = 300.0


class Worker:
    """Works on the jobs of one queue.

    Parameters
    ----------
    jobs : Jobs
        Where their records are.
    models : Models
        Where their models are stored.
    queue : Queue
        Says which job to work on, and is told what is still to do.
    settings : Settings
        How long slices and leases are, and how often a job may fail.
    stopped : threading.Event, optional
        When it is set, the training under way is saved and given back.
    abandon : callable, optional
        Ends the process: called when a training does not notice that its job has been cancelled, since one
        iteration of it takes long.
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
    ) -> None:
        self._jobs = jobs
        self._models = models
        self._queue = queue
        self._settings = settings
        self._stopped = stopped or threading.Event()
        self._abandon = abandon
        self._tidy = Housekeeping.of_all(jobs, settings.job_days, models, settings.unnamed_days)

    def run(self, *, idle: float | None = None) -> None:
        """Work until stopped, or until there has been nothing to do for so many seconds."""
        busy = time.monotonic()
        while not self._stopped.is_set():
            try:
                message = self._queue.receive(wait=WAIT if idle is None else min(WAIT, idle))
                if message is not None:
                    self.work(message)
                    busy = time.monotonic()
                for tidy in self._tidy:
                    tidy()
            except (StorageError, QueueUnavailable) as error:
                logger.warning("%s", error)
                self._stopped.wait(PAUSE)
            if idle is not None and time.monotonic() > busy + idle:
                return

    def work(self, message: Message, *, deadline: float | None = None) -> None:
        """Do what a message asks for, for the length of a slice at most.

        The message is settled, unless somebody else works on its job or the store cannot be used: then it is
        left to come back.

        Parameters
        ----------
        message : Message
            The message.
        deadline : float, optional
            The `time.monotonic` by which the slice must be over, where there is one.

        Raises
        ------
        StoreUnavailable, QueueUnavailable
            When what has happened cannot be written down.
        """
        hold = self._claim(message)
        if hold is None:
            return
        with observability.work("a slice of a job", job=message.job) as said:
            try:
                self._train(message, hold, deadline)
            except LeaseLostError:
                if hold.job.ended:
                    message.done()
            except (ServiceError, KohonenError) as error:  # as it would be the next time
                logger.warning("%s", error)
                self._end_in_failure(message, hold, error)
            except Exception as error:
                logger.exception("the training has failed")
                self._try_again(message, hold, error)
            finally:
                said |= {"state": hold.job.state, "iteration": hold.job.progress.iteration}

    def _claim(self, message: Message) -> Hold | None:
        """Take the job's lease, or settle the message when there is nothing to do or it is not our turn."""
        try:
            stored = self._jobs.read(message.job)
        except (JobNotFoundError, DamagedJobError) as error:
            logger.warning("a message is dropped: %s", error)
            message.done()
            return None
        job, now = stored.job, self._jobs.clock()
        if job.ended or message.turn < job.turn:  # over, or a message from before
            message.done()
            return None
        until = job.held_until(now)
        if until is not None:
            message.later((until - now).total_seconds() + AFTER)
            return None
        seconds = self._settings.lease_seconds
        message.hold(seconds)
        claimed = job.claimed(new_token(), now, seconds=seconds)
        reason = self._given_up(claimed)
        try:
            if reason is None:
                return Hold(self._jobs, self._jobs.replace(stored, claimed))
            problem = document(500, reason, slug="gave-up", title="The training was given up")
            self._jobs.replace(stored, job.done("failed", now, problem=problem))
        except BlobChanged:  # somebody was quicker
            message.later(AFTER)
            return None
        logger.error("job %s: %s", job.id, reason)
        message.done()
        self._jobs.files.forget(job.request.input)
        return None

    def _given_up(self, job: Job) -> str | None:
        """Say why a job is not to be begun again."""
        attempts, slices = self._settings.max_job_attempts, self._settings.max_job_slices
        if job.attempts > attempts:
            return (
                f"the training was begun {attempts} times without getting further than iteration "
                f"{job.checkpoint.iteration if job.checkpoint else 0}, and its worker was lost each time: "
                "it may need more memory than there is; ask for a smaller map or fewer samples"
            )
        if job.slices > slices:
            return f"the training has been worked on {slices:,} times, which is the limit, and is not done"
        return None

    def _train(self, message: Message, hold: Hold, deadline: float | None) -> None:
        """Train until the slice is over, and write down what has come of it."""
        job, settings = hold.job, self._settings
        request = self._jobs.files.request(job)
        weights = self._jobs.files.weights(job)
        saved = job.checkpoint if weights is not None else None
        first, points = (saved.iteration, saved.history) if saved else (0, ())
        history = History(0, points)
        part = Slice(self._jobs, hold, request, first, history=history, interval=settings.checkpoint_seconds)
        until = min(time.monotonic() + settings.slice_seconds, deadline or float("inf"))

        def beat() -> None:
            message.hold(settings.lease_seconds)
            part.tell(settings.lease_seconds)

        with Heart(
            hold,
            look=min(LOOK, settings.lease_seconds / 8),
            beat=beat,
            every=EVERY,
            patience=settings.lease_seconds / 2,
            abandon=self._abandon,
        ) as heart:
            trained = train(
                request.samples,
                request.parameters,
                initial_weights=weights,
                first_iteration=first,
                should_stop=lambda: (
                    heart.lost or (part.advanced and (self._stopped.is_set() or time.monotonic() > until))
                ),
                observers=part.observers,
                missing="mask",
            )
            steps = (trained.iterations - first) * len(request.samples) * request.parameters.units
            observability.record(training_seconds=trained.seconds, unit_steps=steps)
            if heart.lost:
                raise LeaseLostError(job.id)
            trained = trained._replace(seconds=part.seconds)
            if trained.stopped:
                part.save(trained.weights, trained.iterations)
            else:
                part.save_frames()
                self._keep(hold, request, trained, history, part.frames)
                observability.record(trainings=1)
        if trained.stopped:
            self._continue(message, hold)
        else:
            message.done()
            self._jobs.files.forget(job.request.input)
            self._jobs.files.forget_checkpoints(job)
            self._jobs.files.forget_frames(hold.job)

    def _keep(
        self,
        hold: Hold,
        request: TrainingRequest,
        trained: TrainedMap,
        history: History,
        frames: tuple[Piece, ...],
    ) -> None:
        """Store the model, give it its names, and say so."""
        card = describe(request, trained, history, self._settings.deployment)
        given: set[str | None] = set()

        def finished(job: Job) -> Job:
            if not given.issuperset(job.names):  # somebody has asked for another name meanwhile
                return job
            error = card.quality.quantization_error
            progress = job.further(trained.iterations, trained.seconds, 0.0, error=error)
            changes = {"progress": progress, "seconds": trained.seconds, "checkpoint": None, "frames": frames}
            return job.done("succeeded", self._jobs.clock(), **changes)

        while not hold.job.ended:
            for name in hold.job.names or (None,):
                if name not in given:
                    self._models.add(card, trained.weights, request.samples, name=name)
                    given.add(name)
            hold.change(finished)

    def _continue(self, message: Message, hold: Hold, *, delay: float = 0.0, attempts: int = 0) -> None:
        """Have the job taken up again.

        The new message is sent before the record makes this one a message from before: a crash in between
        leaves one message too many, and never one too few.
        """
        self._queue.send(message.job, turn=hold.job.turn + 1, delay=delay)
        hold.change(lambda job: job.released(self._jobs.clock(), attempts=attempts))
        message.done()

    def _try_again(self, message: Message, hold: Hold, error: Exception) -> None:
        """Have the job begun again after a failure, a little later each time, as long as that may be."""
        attempts = hold.job.attempts
        if attempts >= self._settings.max_job_attempts:
            self._end_in_failure(message, hold, error)
            return
        delay = min(LONGEST_DELAY, self._settings.retry_seconds * 2 ** (attempts - 1))
        try:
            self._continue(message, hold, delay=delay, attempts=1)
        except LeaseLostError:
            if hold.job.ended:
                message.done()

    def _end_in_failure(self, message: Message, hold: Hold, error: Exception) -> None:
        try:
            hold.change(lambda job: job.done("failed", self._jobs.clock(), problem=_problem(error)))
        except LeaseLostError:
            if not hold.job.ended:
                return
        message.done()
        self._jobs.files.forget_input(hold.job)


def _problem(error: Exception) -> dict[str, object]:
    """Say as a problem detail why a job has failed."""
    try:
        return document_of(error)
    except LookupError:
        detail = f"something went wrong on our side ({type(error).__name__}); it has been logged"
        return document(500, detail, slug="failed", title="The training failed")
