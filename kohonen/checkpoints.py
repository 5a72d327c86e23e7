"""Checkpoints of a training: it goes on from the last one as if nothing had interrupted it.

A :class:`Checkpointer` among the observers of a training saves its weights, history and frames at intervals
in a :class:`CheckpointStore`: the folder of a run, or the blobs of a job. A training that goes on from a
checkpoint ends with the same map, history and frames as one that was not interrupted.

`save_checkpoint` writes a checkpoint as an ``.npz`` file of weights and a JSON object: data, never code.
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

from kohonen.data import FloatArray
from kohonen.errors import InvalidDataError
from kohonen.files import write_whole
from kohonen.frame_files import Piece
from kohonen.frames import Moments
from kohonen.history import History
from kohonen.sketches import Frame, Frames
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
        Anything else that the store needs, as JSON values.
    """

    iteration: int
    weights: FloatArray
    history: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    frames: tuple[Piece, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)


class CheckpointStore(Protocol):
    """Where the checkpoints of one training are kept."""

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        """Store frames, at least one; they count once a checkpoint names them."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint instead of the one before: completely, or not at all."""


class Checkpointer(Observer):
    """Saves a training at intervals, and what is needed to go on from there.

    Parameters
    ----------
    store : CheckpointStore
        Where checkpoints are kept.
    saved : Checkpoint, optional
        The checkpoint to go on from; by default the training starts at its beginning.
    moments : Moments, optional
        When to capture frames; none are captured by default.
    seconds : float, default 10
        Seconds between two checkpoints, at least.
    share : float, optional
        The largest share of the time that saving may take: checkpoints are rarer where saving is slow.
    tolerate : type of Exception, optional
        Errors of the store that do not end the training: the next checkpoint may succeed.
    clock : callable, default `time.monotonic`
        Returns the time in seconds.

    Attributes
    ----------
    first_iteration : int
        The iteration to go on from, and
    initial_weights : ndarray or None
        the weights, for ``train``.
    iteration : int
        The number of iterations done.
    history : History
        How the quantization error fell, earlier parts included.
    frames : tuple of Piece
        The frames that are stored, earlier parts included.
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
        """Seconds of training so far, earlier parts included."""
        return self._before + self._clock() - self._began

    @property
    def advanced(self) -> bool:
        """Whether an iteration has been done since the checkpoint that the training went on from."""
        return self.iteration > self.first_iteration

    def observers(self, *others: Observer) -> list[Observer]:
        """Return the observers of the training: this one last, so that it saves what the others have seen."""
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
        """Save a checkpoint now, and the frames since the last one."""
        began = self._clock()
        self.save_frames()
        points = tuple(self.history.points)
        self._store.save(Checkpoint(iteration, weights, points, self.seconds, self.frames))
        ended = self._clock()
        rest = 0.0 if self._share is None else (ended - began) / self._share
        self._due = ended + max(self._interval, rest)

    def save_frames(self) -> None:
        """Store the frames since the last checkpoint; what names them is the caller's to write."""
        if self._captured is not None and self._captured.frames:
            self.frames = (*self.frames, self._store.save_frames(self._captured.frames))
            self._captured.frames = []


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; if this is interrupted, the file is the new one or the one before."""
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
    """Read a checkpoint.

    Raises
    ------
    InvalidDataError
        When the file is none, or is damaged.
    OSError
        When it cannot be read.
    """
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
        raise InvalidDataError(f"{path} is no checkpoint, or is damaged: {error}") from error
