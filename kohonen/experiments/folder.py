"""The folder of a run: its experiment, checkpoints and results.

====================  ==================================================================================
``experiment.yaml``   the experiment with every parameter resolved: training it again gives the same map
``samples.npy``       the samples as trained on, and ``sample_weight.npy`` their weights, if they have any
``annotations.json``  their labels and ids, if the table has any
``preparation.json``  the preparation of the samples, if they come from a table
``telemetry.jsonl``   the telemetry of the training, one JSON object per line
``checkpoint/``       the last checkpoint, as long as the run is not complete
``weights.npy``       the map
``history.csv``       the quantization error during the training
``training.gif``      the training as an animation, and ``frames/`` its frames if wanted
``views/``            pictures of the map, and ``report.html`` a page of all of them
``card.json``         the model's card; it is written last, and completes the run
====================  ==================================================================================

The folder is created with the first files, and each file is written atomically.
"""

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kohonen.animation.files import Piece, pack, unpack
from kohonen.animation.frames import Frame
from kohonen.card import geometry_of
from kohonen.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from kohonen.errors import RunError
from kohonen.experiments.experiment import Experiment
from kohonen.experiments.reading import read_experiment, write_yaml
from kohonen.experiments.sources import Loaded
from kohonen.files import UNFINISHED, npy, sync_folder, write_whole
from kohonen.geometry import Geometry
from kohonen.identity import CONTRACT_VERSION
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset, FloatArray, as_sample_weight, as_samples, as_weights
from kohonen.inputs.preparation import Preparation

__all__ = ["RunFolder"]

_HEADER = """\
# The experiment of this run. To train the same map again: kohonen train THIS-FILE --folder ANOTHER-FOLDER
"""


class RunFolder:
    """The folder of a run, which may not exist yet."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.experiment_file = self.path / "experiment.yaml"
        self.samples_file = self.path / "samples.npy"
        self.weight_file = self.path / "sample_weight.npy"
        self.annotations_file = self.path / "annotations.json"
        self.preparation_file = self.path / "preparation.json"
        self.telemetry_file = self.path / "telemetry.jsonl"
        self.weights_file = self.path / "weights.npy"
        self.card_file = self.path / "card.json"
        self._checkpoints = self.path / "checkpoint"

    @classmethod
    def create(
        cls, path: str | Path, experiment: Experiment, loaded: Loaded, *, overwrite: bool = False
    ) -> "RunFolder":
        """Create the folder of a run atomically; `RunError` is raised as by `check_free`."""
        folder = cls(path)
        folder.check_free(overwrite=overwrite)
        parent = folder.path.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        mark = f".{folder.path.name}-{uuid.uuid4().hex}"
        made, old = cls(parent / f"{mark}.new"), parent / f"{mark}.old"
        try:
            made.path.mkdir()
            samples, weight, annotations = loaded.data
            write_whole(made.samples_file, npy(samples))
            if weight is not None:
                write_whole(made.weight_file, npy(weight))
            if annotations is not None:
                write_whole(made.annotations_file, annotations.encode())
            if loaded.preparation is not None:
                document = json.dumps(loaded.preparation.to_json(), indent=2)
                write_whole(made.preparation_file, document.encode())
            text = _HEADER + write_yaml(experiment.document(folder.path.absolute()))
            write_whole(made.experiment_file, text.encode())
            if folder.path.exists():
                folder.path.rename(old)
            made.path.rename(folder.path)
        finally:
            shutil.rmtree(made.path, ignore_errors=True)
        sync_folder(parent)
        shutil.rmtree(old, ignore_errors=True)
        return folder

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """Return the folder of an existing run; raise `RunError` when it does not hold one."""
        folder = cls(path)
        if not folder.is_run:
            reason = "it does not exist" if not folder.path.exists() else "it has no experiment.yaml"
            raise RunError(f"{path} is not the folder of a run: {reason}")
        return folder

    def check_free(self, *, overwrite: bool) -> None:
        """Refuse a folder with other files, or with a run that is not to be overwritten, by a `RunError`."""
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            return
        if not self.is_run:
            raise RunError(f"{self.path} exists and is not the folder of a run: use another folder")
        if not self.complete:
            with self.locked():
                pass  # raises if another process works on it
        if not overwrite:
            state = "is complete" if self.complete else "is not complete: kohonen resume continues it"
            raise RunError(
                f"{self.path} holds a run, which {state}; use --overwrite to replace it, or another --folder"
            )

    @property
    def is_run(self) -> bool:
        """Whether the folder holds a run."""
        return self.experiment_file.is_file()

    @property
    def complete(self) -> bool:
        """Whether the run is complete."""
        return self.card_file.is_file()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the run against other processes; the lock of a process that ends is released.

        `RunError` is raised when another process works on the run.
        """
        self._checkpoints.mkdir(exist_ok=True)
        with (self._checkpoints / "lock").open("ab") as file:
            try:
                with contextlib.suppress(ImportError):  # Windows has no fcntl
                    import fcntl

                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"another process works on {self.path}") from error
            yield

    def experiment(self) -> Experiment:
        """Return the experiment of the run."""
        return read_experiment(self.experiment_file)

    def samples(self) -> FloatArray | None:
        """Return the samples; None if they are not kept."""
        data = self.data()
        return None if data is None else data.samples

    def data(self) -> Dataset | None:
        """Return the samples, their weights and their annotations; None if they are not kept."""
        if not self.samples_file.exists():
            return None
        with _readable(self.samples_file):
            samples = as_samples(np.load(self.samples_file, allow_pickle=False), missing="mask")
        with _readable(self.weight_file):
            weight = np.load(self.weight_file, allow_pickle=False) if self.weight_file.exists() else None
            given = as_sample_weight(weight, count=len(samples))
        return Dataset(samples, given, self._annotations(len(samples)))

    def _annotations(self, rows: int) -> Annotations | None:
        if not self.annotations_file.exists():
            return None
        parameters = self.experiment().parameters
        with _readable(self.annotations_file):
            return Annotations.decode(self.annotations_file.read_bytes(), rows=rows, units=parameters.units)

    def annotations(self) -> Annotations | None:
        """Return the labels and ids of the rows of a complete run; None if there are none, or not kept."""
        return self._annotations(self.card()["data"]["samples"])

    def remove_data(self) -> None:
        """Remove the data of the run."""
        for file in (self.samples_file, self.weight_file, self.annotations_file):
            file.unlink(missing_ok=True)

    def preparation(self) -> Preparation | None:
        """Return the preparation of the samples; None if they do not come from a table."""
        if not self.preparation_file.exists():
            return None
        with _readable(self.preparation_file):
            return Preparation.from_json(json.loads(self.preparation_file.read_text(encoding="utf-8")))

    def card(self) -> dict[str, Any]:
        """Return the card of a complete run; raise `RunError` when it is not complete."""
        if not self.complete:
            raise RunError(
                f"the run in {self.path} is not complete: continue it with kohonen resume {self.path}"
            )
        with _readable(self.card_file):
            card: dict[str, Any] = json.loads(self.card_file.read_text(encoding="utf-8"))
        if card.get("schema_version") != CONTRACT_VERSION:
            raise RunError(
                f"the run in {self.path} is of another version of the contract: train its experiment.yaml "
                "again, without the field 'fingerprint'"
            )
        return card

    def weights(self) -> FloatArray:
        """Return the weights of a complete run."""
        width, height, dimension = self.card()["weights"]["shape"]
        with _readable(self.weights_file, (ValueError, EOFError, OSError)):
            weights = np.load(self.weights_file, allow_pickle=False)
            return as_weights(weights, width=width, height=height, dimension=dimension)

    def geometry(self) -> Geometry:
        """Return the kind of grid of a complete run."""
        return geometry_of(self.card())

    def telemetry(self) -> tuple[dict[str, Any], ...]:
        """Return the telemetry of the training."""
        lines = self.telemetry_file.read_text(encoding="utf-8").splitlines()
        return tuple(json.loads(line) for line in lines)

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the run atomically."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        write_whole(path, content)

    def save(self, checkpoint: Checkpoint) -> None:
        """Save a checkpoint in place of the last one."""
        save_checkpoint(self._checkpoints / "last.npz", checkpoint)

    def saved(self) -> Checkpoint | None:
        """Return the last checkpoint, or None; raise `InvalidDataError` when the file is damaged."""
        try:
            return load_checkpoint(self._checkpoints / "last.npz")
        except FileNotFoundError:
            return None

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        """Save frames, at least one."""
        content, name = pack(frames), f"frames-{frames[-1].record.iteration:09d}.npz"
        write_whole(self._checkpoints / name, content)
        return Piece.of(name, frames, content)

    def saved_frames(self, pieces: Sequence[Piece]) -> list[Frame]:
        """Return the frames saved by `save_frames`; raise `RunError` when they are missing or damaged."""
        try:
            return [
                frame
                for piece in pieces
                for frame in unpack((self._checkpoints / piece.key).read_bytes(), sha256=piece.sha256)
            ]
        except (OSError, ValueError) as error:
            raise RunError(
                f"the frames in {self._checkpoints} are damaged; train {self.experiment_file} again: {error}"
            ) from error

    def remove_checkpoints(self) -> None:
        """Remove the checkpoints of a complete run, and temporary files of killed processes."""
        shutil.rmtree(self._checkpoints, ignore_errors=True)
        for unfinished in self.path.rglob(f".*{UNFINISHED}"):
            unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _readable(path: Path, damaged: tuple[type[Exception], ...] = (ValueError, EOFError)) -> Iterator[None]:
    """Raise errors of a damaged file as `RunError`."""
    try:
        yield
    except damaged as error:
        raise RunError(f"{path} is damaged: {error}") from error
