"""Checkpoints of a training, from which it is resumed after an interruption.

A :class:`Checkpointer` among the observers of a training saves its weights, history and frames at intervals
in a :class:`CheckpointStore`: the folder of a run, or the blobs of a job. A resumed training ends with the
same map, history and frames as an uninterrupted one.

`save_checkpoint` writes a checkpoint as an ``.npz`` file of weights and a JSON object, without pickles.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from kohonen.animation.files import Piece
from kohonen.animation.frames import Frame, Frames
from kohonen.animation.moments import Moments
from kohonen.errors import InvalidDataError
from kohonen.files import write_whole
from kohonen.inputs.arrays import FloatArray
from kohonen.observers.history import History
from kohonen.training import Observer, Training

__all__ = ["Checkpoint", "CheckpointStore", "Checkpointer", "load_checkpoint", "save_checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a training after some of its iterations.

    Attributes
    ----------
    iteration : int
        The number of iterations done.
    weights : ndarray of shape (width, height, dim)
        The weights after them.
    history : tuple of tuple of int and float
        The points of the history so far.
    seconds : float
        Seconds of training so far.
    frames : tuple of Piece
        The frames so far, which are stored beside the checkpoint.
    state : dict
        Further values of the store, as JSON.
    """

    iteration: int
    weights: FloatArray
    history: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    frames: tuple[Piece, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)


class CheckpointStore(Protocol):
    """A store of the checkpoints of one training."""

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        """Store frames, at least one; they become valid when a checkpoint names them."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the stored checkpoint atomically."""


class Checkpointer(Observer):
    """Saves checkpoints of a training at intervals, and resumes from one.

    Parameters
    ----------
    store : CheckpointStore
        The store of the checkpoints.
    saved : Checkpoint, optional
        The checkpoint to resume from; by default the training starts at its beginning.
    moments : Moments, optional
        When to capture frames; none are captured by default.
    seconds : float, default 10
        The shortest time between two checkpoints.
    share : float, optional
        The largest share of the time that saving may take: checkpoints are rarer where saving is slow.
    tolerate : type of Exception, optional
        Errors of the store that do not end the training, since the next checkpoint may succeed.
    clock : callable, default `time.monotonic`
        Returns the time in seconds.

    Attributes
    ----------
    first_iteration : int
        The iteration to resume from, and
    initial_weights : ndarray or None
        the weights, for ``train``.
    iteration : int
        The number of iterations done.
    history : History
        The quantization error since the first iteration of the training.
    frames : tuple of Piece
        The frames stored since the first iteration of the training.
    """

    essential = True

    def __init__(
        self,
        store: CheckpointStore,
        saved: Checkpoint | None = None,
        *,
        moments: Moments | None = None,
        seconds: float = 10.0,
        share: float | None = None,
        tolerate: type[Exception] | tuple[()] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._interval = seconds
        self._share = share
        self._tolerate = tolerate
        self._clock = clock
        self.initial_weights = None if saved is None else saved.weights
        self.first_iteration = self.iteration = 0 if saved is None else saved.iteration
        self.history = History(0, () if saved is None else saved.history)
        self.frames = () if saved is None else saved.frames
        self._captured: Frames | None = None
        if moments is not None:
            self._captured = Frames(moments, begun=0, captured=self.frames[-1].last if self.frames else None)
        self._before = 0.0 if saved is None else saved.seconds
        self._began = clock()
        self._due = self._began + seconds

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before the checkpoint included."""
        return self._before + self._clock() - self._began

    @property
    def advanced(self) -> bool:
        """Whether an iteration has been done since the training was resumed."""
        return self.iteration > self.first_iteration

    def observers(self, *others: Observer) -> list[Observer]:
        """Return the observers of the training; this one is last, to save what the others have recorded."""
        frames = [] if self._captured is None else [self._captured]
        return [self.history, *frames, *others, self]

    def after_iteration(self, training: Training) -> None:
        """Save a checkpoint when it is due."""
        self.iteration = training.iteration
        if self._clock() < self._due:
            return
        try:
            self.save(training.iteration, training.weights)
        except self._tolerate:
            self._due = self._clock() + self._interval

    def save(self, iteration: int, weights: FloatArray) -> None:
        """Save a checkpoint now, with the frames captured since the last one."""
        began = self._clock()
        self.save_frames()
        points = tuple(self.history.points)
        self._store.save(Checkpoint(iteration, weights, points, self.seconds, self.frames))
        ended = self._clock()
        rest = 0.0 if self._share is None else (ended - began) / self._share
        self._due = ended + max(self._interval, rest)

    def save_frames(self) -> None:
        """Store the frames captured since the last checkpoint; the caller then records `frames`."""
        if self._captured is not None and self._captured.frames:
            self.frames = (*self.frames, self._store.save_frames(self._captured.frames))
            self._captured.frames = []


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically."""
    known = {
        "iteration": checkpoint.iteration,
        "history": checkpoint.history,
        "seconds": checkpoint.seconds,
        "frames": [asdict(piece) for piece in checkpoint.frames],
        "state": checkpoint.state,
    }
    file = io.BytesIO()
    weights = np.ascontiguousarray(checkpoint.weights, dtype="<f8")
    np.savez(file, weights=weights, text=np.array(json.dumps(known)))
    write_whole(path, file.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; raise `InvalidDataError` when the file is no checkpoint, or damaged."""
    content = path.read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as parts:
            known = json.loads(str(parts["text"]))
            weights = np.asarray(parts["weights"], dtype=np.float64)
        return Checkpoint(
            int(known["iteration"]),
            weights,
            tuple((int(iteration), float(error)) for iteration, error in known["history"]),
            float(known["seconds"]),
            tuple(Piece(**piece) for piece in known["frames"]),
            dict(known["state"]),
        )
    except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InvalidDataError(f"{path} is not a checkpoint, or is damaged: {error}") from error
