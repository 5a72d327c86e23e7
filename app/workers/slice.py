"""Saves the checkpoints and the progress of one slice of a job."""

import threading
import time
from collections.abc import Callable, Sequence

from app.jobs.record import Job, Progress
from app.jobs.store import Jobs
from app.storage.port import StorageError
from app.training.request import TrainingRequest
from app.workers.lease import HeldJob
from kohonen import Observer, Training
from kohonen.animation.files import Piece
from kohonen.animation.frames import Frame
from kohonen.checkpoints import Checkpoint, Checkpointer
from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray, weighted_mean
from kohonen.observers.time_left import TimeLeft

__all__ = ["Slice"]

#: The largest share of the time that saving may take.
SHARE = 0.05
#: The largest number of values compared for the quantization error at a checkpoint.
MOST_COMPARISONS = 100_000_000


class Slice(Observer):
    """Stores the checkpoints of a job, and its progress with the renewals of the lease.

    Parameters
    ----------
    saved : Checkpoint or None
        The checkpoint to continue from, if there is one.
    interval : float
        The least number of seconds between two checkpoints.
    clock : callable, default `time.monotonic`
        Returns the time in seconds.
    """

    def __init__(
        self,
        jobs: Jobs,
        held: HeldJob,
        request: TrainingRequest,
        saved: Checkpoint | None,
        *,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._held = held
        self._request = request
        self._clock = clock
        self._pace: TimeLeft | None = None
        self._pace_lock = threading.Lock()
        self._began = clock()
        # An error of the store does not end the training, since a later checkpoint may succeed. A lost lease
        # ends it.
        self.checkpoints = Checkpointer(
            self,
            saved,
            moments=request.frames,
            seconds=interval,
            share=SHARE,
            tolerate=StorageError,
            clock=clock,
        )

    def start(self, training: Training) -> None:
        """Start the estimate of the time left."""
        with self._pace_lock:
            first, last = training.iteration, training.last_iteration
            self._pace = TimeLeft(training.cost, training.parameters, first, last)

    def report(self, lease_seconds: float) -> None:
        """Write the progress to the job's record, and renew the lease."""
        self._held.change(
            lambda job: job.renewed(self._jobs.clock(), seconds=lease_seconds, progress=self._progress(job))
        )

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        """Store frames; the record names them with the next checkpoint."""
        return self._jobs.files.save_frames(self._held.job, frames)

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint, and remove the previous one."""
        before, error = self._held.job.checkpoint, self._error(checkpoint.weights)
        made = self._jobs.files.save(self._held.job, checkpoint)
        self._held.change(
            lambda job: job.saved(
                self._jobs.clock(), made, self._progress(job, error=error), checkpoint.frames
            )
        )
        if before is not None:
            self._jobs.files.forget(before.key)

    def _progress(self, job: Job, *, error: float | None = None) -> Progress:
        iteration = self.checkpoints.iteration
        left = None
        with self._pace_lock:
            if self._pace is not None:
                left = self._pace.seconds_left(iteration, self._clock() - self._began)
        if left is None:
            left = job.progress.seconds_left
        return job.further(iteration, self.checkpoints.seconds, left, error=error)

    def _error(self, weights: FloatArray) -> float:
        """Return the quantization error, of evenly spaced samples if there are many."""
        samples, weight = self._request.samples, self._request.sample_weight
        count = max(1, MOST_COMPARISONS // weights.size)
        chosen = slice(None, None, -(-len(samples) // count))
        distances = match(weights, samples[chosen]).distances[:, 0]
        return weighted_mean(distances, None if weight is None else weight[chosen])
