"""One slice of a training, seen from beside it: what it tells of its progress, and when it is saved."""

import threading
import time

import numpy as np

from app.jobs.jobs import Jobs
from app.jobs.lease import Hold
from app.jobs.record import Job, Piece, Progress
from app.storage.port import StorageError
from app.training import TrainingRequest
from kohonen import Observer, Training
from kohonen.data import FloatArray
from kohonen.history import History
from kohonen.pace import Pace
from kohonen.search import match
from kohonen.sketches import Frames

__all__ = ["Slice"]

#: Saving takes this share of the time at most.
SHARE = 0.05
#: How many values are compared, at most, to tell the quantization error at a checkpoint.
MOST_COMPARISONS = 100_000_000


class Slice(Observer):
    """Watches a training, saves it at intervals, and tells its progress to whoever asks.

    Parameters
    ----------
    jobs : Jobs
        Where checkpoints are stored.
    hold : Hold
        The lease of the job.
    request : TrainingRequest
        What is trained.
    first : int
        The iteration that the slice begins with.
    history : History
        What the card will say of how the error fell.
    interval : float
        Seconds between two checkpoints, at least.
    """

    def __init__(
        self,
        jobs: Jobs,
        hold: Hold,
        request: TrainingRequest,
        first: int,
        *,
        history: History,
        interval: float,
    ) -> None:
        self._jobs = jobs
        self._hold = hold
        self._request = request
        self._history = history
        self.frames = hold.job.frames if first else ()
        self._captured = None
        if request.frames is not None:
            captured = self.frames[-1].last if self.frames else None
            self._captured = Frames(request.frames, begun=0, captured=captured)
        self._before = hold.job.seconds if first else 0.0
        self._first = self._iteration = first
        self._interval = interval
        self._pace: Pace | None = None
        self._pace_lock = threading.Lock()
        self._began = time.monotonic()
        self._due = self._began + interval

    essential = True  # an error is that the job is no longer ours
    #: The frames of the animation that are stored.
    frames: tuple[Piece, ...]

    @property
    def observers(self) -> list[Observer]:
        """Those who watch the training, in this order: what is saved must have been seen before."""
        return [self._history, *([] if self._captured is None else [self._captured]), self]

    @property
    def advanced(self) -> bool:
        """Whether it has got further: a slice does an iteration at least, or the job would never end."""
        return self._iteration > self._first

    @property
    def seconds(self) -> float:
        """How long the job has been trained, earlier slices included."""
        return self._before + time.monotonic() - self._began

    def start(self, training: Training) -> None:
        """Begin to watch the pace."""
        with self._pace_lock:
            self._pace = Pace(training.cost, training.parameters, training.iteration, training.last_iteration)

    def after_iteration(self, training: Training) -> None:
        """Take note of the iteration, and save the weights when it is time."""
        self._iteration = training.iteration
        if time.monotonic() < self._due:
            return
        try:
            self.save(training.weights, training.iteration)
        except StorageError:  # the next checkpoint may succeed, and so may the job without one
            self._due = time.monotonic() + self._interval

    def tell(self, lease_seconds: float) -> None:
        """Write down how far the training is, and prolong the lease."""
        self._hold.change(
            lambda job: job.renewed(self._jobs.clock(), seconds=lease_seconds, progress=self._progress(job))
        )

    def save(self, weights: FloatArray, iteration: int) -> None:
        """Make a checkpoint, and remove the one before."""
        began = time.monotonic()
        self._iteration = iteration
        before = self._hold.job.checkpoint
        if before is None or before.iteration != iteration:
            error = self._error(weights)
            made = self._jobs.files.save(self._hold.job, weights, iteration, self._history)
            self.save_frames()
            self._hold.change(
                lambda job: job.saved(self._jobs.clock(), made, self._progress(job, error=error), self.frames)
            )
            if before is not None:
                self._jobs.files.forget(before.key)
        ended = time.monotonic()
        self._due = ended + max(self._interval, (ended - began) / SHARE)

    def save_frames(self) -> None:
        """Store the frames since the last time; the record that names them is the caller's to write."""
        if self._captured is not None and self._captured.frames:
            self.frames = (
                *self.frames,
                self._jobs.files.save_frames(self._hold.job, self._captured.frames),
            )
            self._captured.frames = []

    def _progress(self, job: Job, *, error: float | None = None) -> Progress:
        iteration = self._iteration
        left = None
        with self._pace_lock:
            if self._pace is not None:
                left = self._pace.seconds_left(iteration, time.monotonic() - self._began)
        if left is None:
            left = job.progress.seconds_left
        return job.further(iteration, self.seconds, left, error=error)

    def _error(self, weights: FloatArray) -> float:
        """Return the quantization error, on samples evenly spread where all of them would take long."""
        samples = self._request.samples
        count = max(1, MOST_COMPARISONS // weights.size)
        chosen = samples[:: -(-len(samples) // count)]
        return float(np.mean(match(weights, chosen, count=1).distances))
