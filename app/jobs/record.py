"""The record of a job, and how one becomes the next. Nothing here reads a clock or a store.

A job is ``queued``, then ``running``, and in the end ``succeeded``, ``failed`` or ``cancelled``. While it
runs, it is worked on in slices; whoever works on it holds its lease, and a running job without a lease waits
for its next slice. ``turn`` counts what has been sent to the queue for it, so that a message from before is
known as such.
"""

import datetime
from typing import Any, Literal, TypeAlias

from pydantic import ConfigDict, Field

from app.schema import Schema
from kohonen import Parameters
from kohonen.frame_files import Piece
from kohonen.frames import Moments

__all__ = ["Checkpoint", "Job", "JobRequest", "Lease", "Progress", "State"]

State: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Time: TypeAlias = datetime.datetime


class _Part(Schema):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class JobRequest(_Part):
    """What is to be trained, but for the samples.

    Attributes
    ----------
    parameters : dict
        The parameters of the training, with a seed.
    samples, dimension : int
        How many samples there are, and how many values each has.
    options : dict
        What else the request says: what is kept beside the model.
    input : str or None
        The key of the samples; None for what was trained otherwise.
    frames : Moments or None
        When to capture the frames of an animation, if one is wanted.
    preparation : dict or None
        How the samples were made from a table, if they were.
    """

    parameters: dict[str, Any]
    samples: int
    dimension: int
    options: dict[str, Any] = Field({})
    input: str | None
    frames: Moments | None = None
    preparation: dict[str, Any] | None = None

    @property
    def training(self) -> Parameters:
        """The parameters as the library knows them."""
        return Parameters(**self.parameters)


class Lease(_Part):
    """The right to work on a job: until a time by the clock of its worker, and for how many seconds."""

    token: str
    until: Time
    seconds: float

    @classmethod
    def of(cls, token: str, now: Time, seconds: float) -> "Lease":
        """Return a lease from now on."""
        return cls(token=token, until=now + datetime.timedelta(seconds=seconds), seconds=seconds)


class Checkpoint(_Part):
    """Weights from which the training can go on, and what the model's card will say of it so far."""

    key: str
    sha256: str
    iteration: int
    history: tuple[tuple[int, float], ...] = ()


class Progress(_Part):
    """How far a training is."""

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
    """A job as it is stored.

    Attributes
    ----------
    id : str
        The id of the model that it makes.
    turn : int
        How many messages the queue has been sent for it, but for the first.
    names : tuple of str
        The names that its model becomes a revision of: of every request for it.
    attempts : int
        How often work on it has begun, or begun again after a failure, since it last got further.
    slices : int
        How often it has been worked on at all.
    seconds : float
        How long it had been trained at the checkpoint.
    frames : tuple of Piece
        The frames of its animation up to the checkpoint, or all of them.
    """

    schema_version: int = 1
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
        """Whether nothing more will happen to it by itself."""
        return self.state in ("succeeded", "failed", "cancelled")

    @property
    def files(self) -> set[str]:
        """The keys of everything that it needs or has made, but for its model."""
        checkpoint = () if self.checkpoint is None else (self.checkpoint.key,)
        keys = (self.request.input, *checkpoint, *(piece.key for piece in self.frames))
        return {key for key in keys if key is not None}

    def has_frames(self, wanted: Moments) -> bool:
        """Whether it has made the frames that are wanted, to the last."""
        whole = bool(self.frames) and self.frames[-1].last == self.progress.iterations
        return self.state == "succeeded" and self.request.frames == wanted and whole

    def held_until(self, now: Time) -> Time | None:
        """Return until when a worker holds it, or None; its lease ends after its length from now at most."""
        if self.lease is None or self.lease.until <= now:
            return None
        return min(self.lease.until, now + datetime.timedelta(seconds=self.lease.seconds))

    def held_by(self, token: str) -> bool:
        """Whether this lease is the one in force."""
        return self.state == "running" and self.lease is not None and self.lease.token == token

    def claimed(self, token: str, now: Time, *, seconds: float) -> "Job":
        """Return the job in the hands of one who works on it.

        A lease that has run out was that of one who died: that makes another attempt. The next slice of a
        training that goes on in good order makes none.
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
        """Return the job with its lease prolonged."""
        assert self.lease
        return self.changed(now, lease=Lease.of(self.lease.token, now, seconds), **changes)

    def capped(self, now: Time) -> "Job":
        """Return the job with a lease that lies ahead by its length at most; itself when it does.

        A worker that is alive goes on renewing it. So one that died keeps its job for a lease, whatever its
        clock said.
        """
        if self.lease is None or self.held_until(now) in (None, self.lease.until):
            return self
        return self.changed(now, lease=Lease.of(self.lease.token, now, self.lease.seconds))

    def further(
        self, iteration: int, seconds: float, left: float | None, *, error: float | None = None
    ) -> Progress:
        """Return the progress at an iteration; a reader never sees it go back."""
        told = self.progress
        return Progress(
            iteration=max(told.iteration, iteration),
            iterations=told.iterations,
            seconds=max(told.seconds, seconds),
            seconds_left=left,
            quantization_error=told.quantization_error if error is None else error,
        )

    def saved(
        self, now: Time, checkpoint: Checkpoint, progress: Progress, frames: tuple[Piece, ...] = ()
    ) -> "Job":
        """Return the job with a checkpoint; when it has got further, earlier failures are forgiven."""
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
        """Return the job waiting for its next slice; a failure makes the next start another attempt."""
        return self.changed(now, lease=None, turn=self.turn + 1, attempts=self.attempts + attempts)

    def done(self, state: State, now: Time, **changes: Any) -> "Job":
        """Return the job at its end."""
        return self.changed(now, state=state, ended_at=now, lease=None, **changes)

    def joined(self, now: Time, names: tuple[str, ...], frames: Moments | None) -> "Job":
        """Return the job doing what another request asks for, too; itself when it does that already.

        That is a name for its model, and frames as long as it has not begun: there is no capturing what has
        been.
        """
        more = tuple(name for name in names if name not in self.names)
        begun = self.state != "queued" or self.checkpoint is not None
        request = self.request
        if frames is not None and not begun:
            request = request.model_copy(update={"frames": frames})
        if not more and request == self.request:
            return self
        return self.changed(now, names=(*self.names, *more), request=request)

    def again(self, now: Time, request: JobRequest, *names: str) -> "Job":
        """Return the job queued once more, to go on from its last checkpoint as if it never had ended.

        For other frames than it has been capturing it begins again.
        """
        wanted = request.frames or self.request.frames
        goes_on = self.checkpoint is not None and wanted == self.request.frames
        return self.changed(
            now,
            state="queued",
            started_at=None,
            ended_at=None,
            request=request.model_copy(update={"frames": wanted}),
            names=names,
            progress=self.progress if goes_on else Progress(iterations=self.progress.iterations),
            seconds=self.seconds if goes_on else 0.0,
            checkpoint=self.checkpoint if goes_on else None,
            frames=self.frames if goes_on else (),
            turn=self.turn + 1,
            attempts=0,
            slices=0,
            lease=None,
            problem=None,
        )

    def without_frames(self, now: Time) -> "Job":
        """Return the job as if it had never been asked for frames; itself when it was not."""
        if self.request.frames is None and not self.frames:
            return self
        request = self.request.model_copy(update={"frames": None})
        return self.changed(now, request=request, frames=())

    def changed(self, now: Time, **changes: Any) -> "Job":
        """Return the job with other values."""
        return self.model_copy(update={**changes, "updated_at": now})
