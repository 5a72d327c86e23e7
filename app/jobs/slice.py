"""One slice of a job's training: its checkpoints, and its progress."""

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from app.jobs.jobs import Jobs
from app.jobs.lease import HeldJob
from app.jobs.record import Job, Progress
from app.storage.port import StorageError
from app.training import TrainingRequest
from kohonen import Observer, Training
from kohonen.checkpoints import Checkpoint, Checkpointer
from kohonen.data import FloatArray
from kohonen.frame_files import Piece
from kohonen.pace import TimeLeft
from kohonen.search import match
from kohonen.sketches import Frame

__all__ = ["Slice"]

#: Saving takes this share of the time at most.
SHARE = 0.05
#: The largest number of values compared for the quantization error at a checkpoint.
MOST_COMPARISONS = 100_000_000


class Slice(Observer):
    """Stores the checkpoints of a job, and reports its progress to whoever asks.

    Parameters
    ----------
    jobs : Jobs
        Where records and checkpoints are stored.
    held : HeldJob
        The lease of the job.
    request : TrainingRequest
        What is trained.
    saved : Checkpoint or None
        The checkpoint to go on from, if there is one.
    interval : float
        Seconds between two checkpoints, at least.
    clock : callable, default `time.monotonic`
        Returns the time in seconds.

    Attributes
    ----------
    checkpoints : Checkpointer
        Saves the training at intervals.
    """

    def __init__(
        self,
        jobs: Jobs,
        hold: HeldJob,
        request: TrainingRequest,
        saved: Checkpoint | None,
        *,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._hold = hold
        self._request = request
        self._clock = clock
        self._pace: TimeLeft | None = None
        self._pace_lock = threading.Lock()
        self._began = clock()
        # An error of the store does not end the training; the next checkpoint may succeed, and so may the
        # job without one. A lost lease ends it.
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
        """Begin to watch the pace."""
        with self._pace_lock:
            first, last = training.iteration, training.last_iteration
            self._pace = TimeLeft(training.cost, training.parameters, first, last)

    def tell(self, lease_seconds: float) -> None:
        """Write the progress of the training into the record, and prolong the lease."""
        self._hold.change(
            lambda job: job.renewed(self._jobs.clock(), seconds=lease_seconds, progress=self._progress(job))
        )

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        """Store frames; the record names them with the next checkpoint."""
        return self._jobs.files.save_frames(self._hold.job, frames)

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint, and remove the one before."""
        before, error = self._hold.job.checkpoint, self._error(checkpoint.weights)
        made = self._jobs.files.save(self._hold.job, checkpoint)
        self._hold.change(
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
        """Return the quantization error, on samples evenly spread where all of them would take long."""
        samples = self._request.samples
        count = max(1, MOST_COMPARISONS // weights.size)
        chosen = samples[:: -(-len(samples) // count)]
        return float(np.mean(match(weights, chosen, count=1).distances))
