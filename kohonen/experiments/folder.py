"""The folder of a run: what was asked for, how far it is, and what came of it.

====================  ==================================================================================
``experiment.yaml``   the experiment, with nothing left open: running it again gives the same map
``samples.npy``       the samples, as they are trained on
``preparation.json``  how they were made from a table, where they were
``telemetry.jsonl``   the course of the training, line by line
``checkpoint/``       where to go on from, as long as the run is not complete
``weights.npy``       the map
``history.csv``       how its quantization error fell
``training.gif``      the training as an animation, and ``frames/`` its frames one by one where asked for
``views/``            pictures of the map, and ``report.html`` all of it on a page
``card.json``         what there is to say about the model; written last: with it, the run is complete
====================  ==================================================================================

The folder comes into being with the first two, and each file is written whole or not at all.
"""

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kohonen.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from kohonen.data import FloatArray, as_samples, as_weights
from kohonen.errors import RunError
from kohonen.experiments.experiment import Experiment
from kohonen.experiments.reading import read_experiment, write_yaml
from kohonen.experiments.sources import Loaded
from kohonen.files import UNFINISHED, npy, sync_folder, write_whole
from kohonen.frame_files import Piece, pack, unpack
from kohonen.geometry import Geometry
from kohonen.preparation import Preparation
from kohonen.sketches import Frame

__all__ = ["RunFolder"]

_HEADER = """\
# All there is to this run. To make the same map again: kohonen train THIS-FILE --folder ANOTHER-FOLDER
"""


class RunFolder:
    """A folder that holds a run, or will.

    Parameters
    ----------
    path : str or Path
        The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.experiment_file = self.path / "experiment.yaml"
        self.samples_file = self.path / "samples.npy"
        self.preparation_file = self.path / "preparation.json"
        self.telemetry_file = self.path / "telemetry.jsonl"
        self.weights_file = self.path / "weights.npy"
        self.card_file = self.path / "card.json"
        self._checkpoints = self.path / "checkpoint"

    @classmethod
    def create(
        cls, path: str | Path, experiment: Experiment, loaded: Loaded, *, overwrite: bool = False
    ) -> "RunFolder":
        """Make a folder for a run; it is there whole or not at all.

        Raises
        ------
        RunError
            When there is something already; a run may be overwritten, nothing else.
        """
        folder = cls(path)
        folder.check_free(overwrite=overwrite)
        parent = folder.path.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        mark = f".{folder.path.name}-{uuid.uuid4().hex}"
        made, old = cls(parent / f"{mark}.new"), parent / f"{mark}.old"
        try:
            made.path.mkdir()
            write_whole(made.samples_file, npy(loaded.samples))
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
        """Return the run that a folder holds.

        Raises
        ------
        RunError
            When it holds none.
        """
        folder = cls(path)
        if not folder.is_run:
            what = "there is no such folder" if not folder.path.exists() else "it has no experiment.yaml"
            raise RunError(f"{path} is not the folder of a run: {what}")
        return folder

    def check_free(self, *, overwrite: bool) -> None:
        """Refuse a folder in which there is something that is to stay.

        Raises
        ------
        RunError
            Which says how to go on.
        """
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            return
        if not self.is_run:
            raise RunError(f"{self.path} is there, and is no run: name another folder")
        if not self.complete:
            with self.locked():
                pass  # nobody works on it
        if not overwrite:
            state = "is complete" if self.complete else "is not complete: kohonen resume goes on with it"
            raise RunError(
                f"{self.path} holds a run, which {state}; --overwrite replaces it, --folder names another"
            )

    @property
    def is_run(self) -> bool:
        """Whether the folder holds a run."""
        return self.experiment_file.is_file()

    @property
    def complete(self) -> bool:
        """Whether the run has come to its end."""
        return self.card_file.is_file()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from working on the run; a process that dies lets go of it.

        Raises
        ------
        RunError
            When another works on it.
        """
        self._checkpoints.mkdir(exist_ok=True)
        with (self._checkpoints / "lock").open("ab") as file:
            try:
                with contextlib.suppress(ImportError):  # Windows has no such locks
                    import fcntl

                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"another process works on {self.path}") from error
            yield

    def experiment(self) -> Experiment:
        """Return what the run was asked for."""
        return read_experiment(self.experiment_file)

    def samples(self) -> FloatArray | None:
        """Return the samples, where they are kept."""
        try:
            return as_samples(np.load(self.samples_file, allow_pickle=False), missing="mask")
        except FileNotFoundError:
            return None
        except (ValueError, EOFError) as error:
            raise RunError(f"{self.samples_file} is damaged: {error}") from error

    def preparation(self) -> Preparation | None:
        """Return how the samples were made from a table; None where they were not."""
        try:
            return Preparation.from_json(json.loads(self.preparation_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise RunError(f"{self.preparation_file} is damaged: {error}") from error

    def card(self) -> dict[str, Any]:
        """Return the card of a run that is complete.

        Raises
        ------
        RunError
            When it is not.
        """
        if not self.complete:
            raise RunError(f"the run in {self.path} is not complete: go on with kohonen resume {self.path}")
        try:
            card: dict[str, Any] = json.loads(self.card_file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(f"{self.card_file} is damaged: {error}") from error
        return card

    def weights(self) -> FloatArray:
        """Return the map of a run that is complete."""
        width, height, dimension = self.card()["weights"]["shape"]
        try:
            weights = np.load(self.weights_file, allow_pickle=False)
            return as_weights(weights, width=width, height=height, dimension=dimension)
        except (ValueError, EOFError, OSError) as error:
            raise RunError(f"{self.weights_file} is damaged: {error}") from error

    def geometry(self) -> Geometry:
        """Return the kind of grid of a run that is complete."""
        parameters = self.card()["parameters"]
        return Geometry(parameters["grid"], parameters["boundary"])

    def telemetry(self) -> tuple[dict[str, Any], ...]:
        """Return the course of a training."""
        lines = self.telemetry_file.read_text(encoding="utf-8").splitlines()
        return tuple(json.loads(line) for line in lines)

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the run, whole or not at all."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        write_whole(path, content)

    def save(self, checkpoint: Checkpoint) -> None:
        """Save how far the run is."""
        save_checkpoint(self._checkpoints / "last.npz", checkpoint)

    def saved(self) -> Checkpoint | None:
        """Return how far the run was when it was last saved; None for one that was not.

        Raises
        ------
        InvalidDataError
            When the file is damaged.
        """
        try:
            return load_checkpoint(self._checkpoints / "last.npz")
        except FileNotFoundError:
            return None

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        """Save some frames, at least one."""
        content, name = pack(frames), f"frames-{frames[-1].record.iteration:09d}.npz"
        write_whole(self._checkpoints / name, content)
        return Piece.of(name, frames, content)

    def saved_frames(self, pieces: Sequence[Piece]) -> list[Frame]:
        """Return the frames that `save_frames` has saved.

        Raises
        ------
        RunError
            When they are not what was saved.
        """
        try:
            return [
                frame
                for piece in pieces
                for frame in unpack((self._checkpoints / piece.key).read_bytes(), sha256=piece.sha256)
            ]
        except (OSError, ValueError) as error:
            raise RunError(
                f"the frames in {self._checkpoints} are damaged; run {self.experiment_file} again: {error}"
            ) from error

    def forget_checkpoints(self) -> None:
        """Remove what only a run that is not complete needs, and what a killed process has half written."""
        shutil.rmtree(self._checkpoints, ignore_errors=True)
        for unfinished in self.path.rglob(f".*{UNFINISHED}"):
            unfinished.unlink(missing_ok=True)
