"""The files of a job beside its record: samples, checkpoints and frames.

* ``jobs/{id}/samples-{token}.npy``                 the samples, until the job ends, and after their last byte
                                                    the labels and ids of their rows,
* ``jobs/{id}/checkpoint-{iteration}-{token}.npy``  the weights at a checkpoint, until the job has succeeded,
* ``jobs/{id}/frames-{iteration}-{token}.npz``      frames of the animation, since the previous checkpoint.

The record contains their keys, so files left by a crash are ignored. They are data, never code.
"""

import hashlib
import logging
import uuid
from collections.abc import Collection, Sequence

from app.errors import DamagedJobError
from app.jobs.record import Checkpoint, Job, JobRequest
from app.storage.port import BlobNotFound, BlobTooLarge, StorageError, Store
from app.training.request import TrainingRequest
from kohonen import Preparation, checkpoints
from kohonen.animation.files import Piece, pack, unpack
from kohonen.animation.frames import Frame
from kohonen.files import most_npy_bytes, npy, parse_npy
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset, FloatArray

__all__ = ["Files", "encoded"]

logger = logging.getLogger(__name__)

_OCTETS = "application/octet-stream"


class Files:
    """The files of the jobs of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, request: TrainingRequest) -> str:
        """Store the data of a request, and return their key."""
        key = f"jobs/{request.id}/samples-{uuid.uuid4().hex}.npy"
        data = request.data
        self._store.create(key, npy(data.table) + encoded(data.annotations), content_type=_OCTETS)
        return key

    def request(self, job: Job) -> TrainingRequest:
        """Return the training request of a job; raise `DamagedJobError` without its samples."""
        wanted = job.request
        data = self._data(wanted)
        if data is not None:
            table = None if wanted.preparation is None else Preparation.from_json(wanted.preparation)
            request = TrainingRequest(
                data.samples,
                wanted.training,
                frames=wanted.frames,
                preparation=table,
                sample_weight=data.sample_weight,
                annotations=data.annotations,
                **wanted.options,
            )
            if request.id == job.id:
                return request
        raise DamagedJobError(f"the samples of job {job.id!r} are damaged or missing; send the request again")

    def _data(self, wanted: JobRequest) -> Dataset | None:
        shape = wanted.samples, wanted.dimension + wanted.weighted
        if wanted.input is None:
            return None
        try:
            size = most_npy_bytes(*shape) + wanted.annotations
            content = self._store.read(wanted.input, max_bytes=size).data
            end = len(content) - wanted.annotations
            data = Dataset.of(parse_npy(content[:end], *shape, missing=True), weighted=wanted.weighted)
            if not wanted.annotations:
                return data
            units = wanted.training.units
            return data._replace(annotations=Annotations.decode(content[end:], rows=shape[0], units=units))
        except (BlobNotFound, BlobTooLarge, ValueError):
            return None

    def save(self, job: Job, saved: checkpoints.Checkpoint) -> Checkpoint:
        """Store the weights of a checkpoint; the caller writes the record."""
        data = npy(saved.weights)
        key = f"jobs/{job.id}/checkpoint-{saved.iteration}-{uuid.uuid4().hex[:12]}.npy"
        self._store.create(key, data, content_type=_OCTETS)
        checksum = hashlib.sha256(data).hexdigest()
        return Checkpoint(key=key, sha256=checksum, iteration=saved.iteration, history=saved.history)

    def weights(self, job: Job) -> FloatArray | None:
        """Return the weights of a job's checkpoint, or None when there is no valid one."""
        if job.checkpoint is None:
            return None
        wanted = job.request.training
        shape = wanted.width, wanted.height, job.request.dimension
        try:
            file = self._store.read(job.checkpoint.key, max_bytes=most_npy_bytes(*shape)).data
            weights = parse_npy(file, *shape)
        except (BlobNotFound, BlobTooLarge, ValueError):
            return None
        return weights if hashlib.sha256(file).hexdigest() == job.checkpoint.sha256 else None

    def checkpoint(self, job: Job) -> checkpoints.Checkpoint | None:
        """Return the checkpoint that a job continues from, or None when there is no valid one."""
        weights, saved = self.weights(job), job.checkpoint
        if weights is None or saved is None:
            return None
        return checkpoints.Checkpoint(saved.iteration, weights, saved.history, job.seconds, job.frames)

    def save_frames(self, job: Job, frames: Sequence[Frame]) -> Piece:
        """Store frames; the caller writes the record."""
        data, last = pack(frames), frames[-1].record.iteration
        key = f"jobs/{job.id}/frames-{last}-{uuid.uuid4().hex[:12]}.npz"
        self._store.create(key, data, content_type=_OCTETS)
        return Piece.of(key, frames, data)

    def frames(self, job: Job) -> list[Frame]:
        """Return the saved frames of a job; raise `DamagedJobError` when they are damaged or missing."""
        try:
            return [
                frame
                for piece in job.frames
                for frame in unpack(
                    self._store.read(piece.key, max_bytes=piece.size).data, sha256=piece.sha256
                )
            ]
        except (BlobNotFound, BlobTooLarge, ValueError) as error:
            message = (
                f"the frames of job {job.id!r} are damaged or missing: DELETE /jobs/{job.id} removes them, "
                "and the same request then captures them again"
            )
            raise DamagedJobError(message) from error

    def forget(self, key: str | None) -> None:
        """Remove a file, if there is one; an error of the store is logged."""
        if key is None:
            return
        try:
            self._store.delete(key)
        except StorageError as error:
            logger.warning("%s could not be removed: %s", key, error)

    def forget_frames(self, job: Job) -> None:
        """Remove the frames that are not in the record of a job, including those left by crashes."""
        self._forget_others(f"jobs/{job.id}/frames-", kept=job.frames)

    def forget_all(self, job: Job, *, but: Collection[Piece] = ()) -> None:
        """Remove all files of a job but these frames, except samples that are not in its record."""
        self.forget(job.request.input)
        self._forget_others(f"jobs/{job.id}/checkpoint-")
        self._forget_others(f"jobs/{job.id}/frames-", kept=but)

    def _forget_others(self, prefix: str, *, kept: Collection[Piece] = ()) -> None:
        try:
            for key in self._store.keys(prefix):
                if all(key != piece.key for piece in kept):
                    self._store.delete(key)
        except StorageError as error:
            logger.warning("%s... could not be removed: %s", prefix, error)


def encoded(annotations: Annotations | None) -> bytes:
    """Return annotations as bytes; none if there are no annotations."""
    return b"" if annotations is None else annotations.encode()
