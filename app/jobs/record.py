"""The record of a job and its transitions, as pure functions without a clock or a store.

A job is ``queued``, then ``running``, and in the end ``succeeded``, ``failed`` or ``cancelled``. It runs in
slices, during which a worker holds its lease; a running job without a lease waits for its next slice.
``turn`` counts the messages sent to the queue for the job, so that outdated messages are recognised.
"""

import datetime
from typing import Any, Literal, TypeAlias

from pydantic import ConfigDict, Field

from app.schema import Schema
from kohonen import Parameters
from kohonen.animation.files import Piece
from kohonen.animation.moments import Moments

__all__ = ["Checkpoint", "Job", "JobRequest", "Lease", "Progress", "State"]

State: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Time: TypeAlias = datetime.datetime


class _Part(Schema):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class JobRequest(_Part):
    """The training request of a job, without the samples.

    Attributes
    ----------
    parameters : dict
        The parameters of the training, with a seed.
    samples, dimension : int
        The number of samples, and of values of each.
    options : dict
        Other options of the request: which data are kept with the model.
    input : str or None
        The key of the samples; None if the model was not trained by the job.
    frames : Moments or None
        When to capture the frames of an animation; None for no frames.
    preparation : dict or None
        How a table was converted to the samples; None for other data.
    weighted : bool
        Whether the samples have weights.
    annotations : int
        Bytes of the labels and ids of the rows, which follow the samples in their file.
    """

    parameters: dict[str, Any]
    samples: int
    dimension: int
    options: dict[str, Any] = Field({})
    input: str | None
    frames: Moments | None = None
    preparation: dict[str, Any] | None = None
    weighted: bool = False
    annotations: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """The width, the height and the dimension of the map."""
        return self.parameters["width"], self.parameters["height"], self.dimension

    @property
    def training(self) -> Parameters:
        """The parameters of the library."""
        return Parameters(**self.parameters)


class Lease(_Part):
    """The lease of a worker on a job: its end by the worker's clock, and its length in seconds."""

    token: str
    until: Time
    seconds: float

    @classmethod
    def of(cls, token: str, now: Time, seconds: float) -> "Lease":
        """Return a lease that begins now."""
        return cls(token=token, until=now + datetime.timedelta(seconds=seconds), seconds=seconds)


class Checkpoint(_Part):
    """Weights to continue the training from, and the history of the training so far."""

    key: str
    sha256: str
    iteration: int
    history: tuple[tuple[int, float], ...] = ()


class Progress(_Part):
    """The progress of a training."""

    iteration: int = Field(0, description="Iterations that are done.")
    iterations: int = Field(description="Iterations that there are to do.")
    seconds: float = Field(0.0, description="Seconds of training so far.")
    seconds_left: float | None = Field(None, description="Estimated seconds of training still to come.")
    quantization_error: float | None = Field(
        None,
        description="Mean distance of the samples to their best matching unit so far, at the last "
        "checkpoint; of many samples, some.",
    )


class Job(_Part):
    """The stored record of a job.

    Attributes
    ----------
    id : str
        The id of the job and of its model.
    turn : int
        The number of messages sent for the job after the first.
    names : tuple of str
        The names of all requests for the job; its model becomes a revision of each.
    attempts : int
        The number of starts and retries since the last checkpoint with progress.
    slices : int
        The number of slices that have begun.
    seconds : float
        Seconds of training up to the checkpoint.
    frames : tuple of Piece
        The frames of the animation up to the checkpoint, or all at the end.
    """

    schema_version: Literal[2] = 2
    id: str
    state: State = "queued"
    created_at: Time
    updated_at: Time
    started_at: Time | None = None
    ended_at: Time | None = None
    request: JobRequest
    progress: Progress
    names: tuple[str, ...] = ()
    turn: int = 0
    attempts: int = 0
    slices: int = 0
    seconds: float = 0.0
    lease: Lease | None = None
    checkpoint: Checkpoint | None = None
    frames: tuple[Piece, ...] = ()
    problem: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether the job is in a final state."""
        return self.state in ("succeeded", "failed", "cancelled")

    @property
    def files(self) -> set[str]:
        """The keys of the job's samples, checkpoint and frames."""
        checkpoint = () if self.checkpoint is None else (self.checkpoint.key,)
        keys = (self.request.input, *checkpoint, *(piece.key for piece in self.frames))
        return {key for key in keys if key is not None}

    def has_frames(self, wanted: Moments) -> bool:
        """Return whether the job has captured all frames that are wanted."""
        whole = bool(self.frames) and self.frames[-1].last == self.progress.iterations
        return self.state == "succeeded" and self.request.frames == wanted and whole

    def held_until(self, now: Time) -> Time | None:
        """Return the end of the lease in force, or None; at most the lease's length from now."""
        if self.lease is None or self.lease.until <= now:
            return None
        return min(self.lease.until, now + datetime.timedelta(seconds=self.lease.seconds))

    def held_by(self, token: str) -> bool:
        """Return whether a lease is the current one."""
        return self.state == "running" and self.lease is not None and self.lease.token == token

    def claimed(self, token: str, now: Time, *, seconds: float) -> "Job":
        """Return the job held by a worker.

        An expired lease belongs to a worker that died, so it counts as another attempt. The next slice of a
        training without failures does not.
        """
        again = self.attempts == 0 or self.lease is not None
        return self.changed(
            now,
            state="running",
            started_at=self.started_at or now,
            attempts=self.attempts + again,
            slices=self.slices + 1,
            lease=Lease.of(token, now, seconds),
        )

    def renewed(self, now: Time, *, seconds: float, **changes: Any) -> "Job":
        """Return the job with its lease renewed."""
        assert self.lease
        return self.changed(now, lease=Lease.of(self.lease.token, now, seconds), **changes)

    def capped(self, now: Time) -> "Job":
        """Return the job with a lease that ends within its length from now; the same object if it does.

        A worker that is alive renews it. So a worker that died keeps its job for one lease, whatever its
        clock was.
        """
        if self.lease is None or self.held_until(now) in (None, self.lease.until):
            return self
        return self.changed(now, lease=Lease.of(self.lease.token, now, self.lease.seconds))

    def further(
        self, iteration: int, seconds: float, left: float | None, *, error: float | None = None
    ) -> Progress:
        """Return the progress at an iteration, which never decreases."""
        before = self.progress
        return Progress(
            iteration=max(before.iteration, iteration),
            iterations=before.iterations,
            seconds=max(before.seconds, seconds),
            seconds_left=left,
            quantization_error=before.quantization_error if error is None else error,
        )

    def saved(
        self, now: Time, checkpoint: Checkpoint, progress: Progress, frames: tuple[Piece, ...] = ()
    ) -> "Job":
        """Return the job with a checkpoint; progress resets the number of attempts."""
        further = self.checkpoint is None or checkpoint.iteration > self.checkpoint.iteration
        return self.changed(
            now,
            checkpoint=checkpoint,
            progress=progress,
            frames=frames,
            attempts=1 if further else self.attempts,
            seconds=progress.seconds,
        )

    def released(self, now: Time, *, attempts: int = 0) -> "Job":
        """Return the job without a lease, waiting for its next slice; a failure adds an attempt."""
        return self.changed(now, lease=None, turn=self.turn + 1, attempts=self.attempts + attempts)

    def done(self, state: State, now: Time, **changes: Any) -> "Job":
        """Return the job in a final state."""
        return self.changed(now, state=state, ended_at=now, lease=None, **changes)

    def joined(self, now: Time, names: tuple[str, ...], frames: Moments | None) -> "Job":
        """Return the job with the names and frames of another request; the same object for no change.

        Frames are added only before the training has begun, since past iterations cannot be captured.
        """
        more = tuple(name for name in names if name not in self.names)
        begun = self.state != "queued" or self.checkpoint is not None
        request = self.request
        if frames is not None and not begun:
            request = request.model_copy(update={"frames": frames})
        if not more and request == self.request:
            return self
        return self.changed(now, names=(*self.names, *more), request=request)

    def requeued(self, now: Time, request: JobRequest, *names: str) -> "Job":
        """Return the job queued again, to continue from its last checkpoint.

        If other frames are wanted than were captured, it starts from the beginning.
        """
        wanted = request.frames or self.request.frames
        continues = self.checkpoint is not None and wanted == self.request.frames
        return self.changed(
            now,
            state="queued",
            started_at=None,
            ended_at=None,
            request=request.model_copy(update={"frames": wanted}),
            names=names,
            progress=self.progress if continues else Progress(iterations=self.progress.iterations),
            seconds=self.seconds if continues else 0.0,
            checkpoint=self.checkpoint if continues else None,
            frames=self.frames if continues else (),
            turn=self.turn + 1,
            attempts=0,
            slices=0,
            lease=None,
            problem=None,
        )

    def without_frames(self, now: Time) -> "Job":
        """Return the job without frames; the same object if it has none."""
        if self.request.frames is None and not self.frames:
            return self
        request = self.request.model_copy(update={"frames": None})
        return self.changed(now, request=request, frames=())

    def changed(self, now: Time, **changes: Any) -> "Job":
        """Return the job with changed fields."""
        return self.model_copy(update={**changes, "updated_at": now})
