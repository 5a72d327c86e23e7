"""Runs an experiment in a folder: training, resuming and writing the results.

A run that is interrupted at any moment and resumed ends with the same files as an uninterrupted run, bit for
bit except for the times in them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kohonen.analysis.labels import on_units
from kohonen.analysis.quality import assess
from kohonen.animation.files import Piece
from kohonen.animation.frames import Frame
from kohonen.animation.moments import Moments
from kohonen.card import make_card
from kohonen.checkpoints import Checkpoint, Checkpointer
from kohonen.errors import InvalidExperimentError, RunError
from kohonen.experiments.experiment import Experiment
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.results import write_results
from kohonen.experiments.sources import Loaded, import_callable, load_samples
from kohonen.experiments.telemetry import Telemetry
from kohonen.identity import fingerprint, model_id
from kohonen.inputs.arrays import FloatArray
from kohonen.training import Observer, TrainedMap, train

__all__ = ["Finished", "carry_on", "finished_run", "start"]


@dataclass(frozen=True, slots=True)
class Finished:
    """A complete run.

    It has the folder, the experiment with every parameter resolved, the samples (n, dim) that the map was
    trained on, the map, its card, and the telemetry of the training.
    """

    folder: RunFolder
    experiment: Experiment
    samples: FloatArray
    trained: TrainedMap
    card: dict[str, Any]
    telemetry: tuple[dict[str, Any], ...]


def start(
    experiment: Experiment,
    folder: str | Path,
    *,
    overwrite: bool = False,
    observers: Sequence[Observer] = (),
    should_stop: Callable[[], bool] | None = None,
) -> Finished | None:
    """Create the folder of a run, and train.

    Parameters
    ----------
    experiment : Experiment
        The experiment to run.
    folder : str or Path
        The folder to create; it must be empty if it exists.
    overwrite : bool, default False
        Whether to replace a run in the folder.
    observers, should_stop
        As in `kohonen.train`, in addition to the observers that the experiment names.

    Returns
    -------
    Finished or None
        None when the training was stopped: `carry_on` continues it.

    Raises
    ------
    KohonenError
        When the experiment cannot be run.
    OSError
        When a file cannot be read or written.
    """
    RunFolder(folder).check_free(overwrite=overwrite)
    experiment = replace(experiment, parameters=experiment.parameters.seeded())
    loaded = load_samples(experiment)
    experiment = experiment.sized(loaded.data)
    _observers(experiment)  # errors are reported before the folder is created
    resolved = experiment.resolved(loaded.fingerprint)
    made = RunFolder.create(folder, resolved, loaded, overwrite=overwrite)
    return carry_on(made, observers=observers, should_stop=should_stop)


def carry_on(
    folder: RunFolder,
    *,
    observers: Sequence[Observer] = (),
    should_stop: Callable[[], bool] | None = None,
) -> Finished | None:
    """Continue a run from its last checkpoint, or from the start if there is none.

    Parameters
    ----------
    folder : RunFolder
        The run, which must not be complete.
    observers, should_stop
        As in `start`.

    Returns
    -------
    Finished or None
        None when the training was stopped.

    Raises
    ------
    RunError
        When the run is complete, another process works on it, or its files are damaged.
    """
    if folder.complete:
        raise RunError(f"the run in {folder.path} is already complete")
    with folder.locked():
        experiment, data = folder.experiment(), folder.data()
        if data is None:
            raise RunError(f"{folder.samples_file} is missing: the run cannot be continued without it")
        loaded = Loaded(data, folder.preparation())
        return _ResumableTraining(folder, experiment, loaded).train(observers, should_stop)


def finished_run(folder: RunFolder) -> Finished:
    """Return a complete run from its folder.

    `RunError` is raised when it is not complete, its samples are not kept, or its files are damaged.
    """
    card, samples = folder.card(), folder.samples()
    if samples is None:
        raise RunError(f"the samples are not kept in {folder.path}: train its experiment.yaml again")
    experiment = folder.experiment()
    parameters, engine = experiment.parameters, card["engine"]
    iterations = card.get("stopped_at", parameters.iterations)
    trained = TrainedMap(folder.weights(), parameters, iterations, engine["name"], engine["seconds"])
    return Finished(folder, experiment, samples, trained, card, folder.telemetry())


class _ResumableTraining:
    """A new or resumed training, with checkpoints in the folder of the run."""

    def __init__(self, folder: RunFolder, experiment: Experiment, loaded: Loaded) -> None:
        self._folder, self._experiment, self._loaded = folder, experiment, loaded
        saved, output = folder.saved(), experiment.output
        state = {"lines": 0, "stopped_early": False}
        if saved is not None:
            state = saved.state
            folder.saved_frames(saved.frames)  # damaged ones are reported before the training
        self._stopped_early = bool(state["stopped_early"])
        self._checkpoints = Checkpointer(
            self,
            saved,
            moments=Moments(output.frames, output.spacing) if output.needs_frames else None,
            seconds=output.checkpoint_seconds,
        )
        self._telemetry = Telemetry(
            folder.telemetry_file,
            lines=output.telemetry,
            kept=state["lines"],
            seconds=lambda: self._checkpoints.seconds,
        )

    def train(self, observers: Sequence[Observer], should_stop: Callable[[], bool] | None) -> Finished | None:
        experiment, checkpoints = self._experiment, self._checkpoints
        try:
            trained = train(
                self._loaded.data.samples,
                experiment.parameters,
                sample_weight=self._loaded.data.sample_weight,
                initial_weights=checkpoints.initial_weights,
                first_iteration=checkpoints.first_iteration,
                should_stop=(lambda: True) if self._stopped_early else should_stop,
                observers=checkpoints.observers(self._telemetry, *_observers(experiment), *observers),
                batch_size=experiment.batch_size,
                missing="mask",
            )
            trained = trained._replace(seconds=checkpoints.seconds)
            self._stopped_early |= self._telemetry.stopped_early
            checkpoints.save(trained.iterations, trained.weights)
        finally:
            self._telemetry.close()
        if trained.stopped and not self._stopped_early:
            return None
        return self._finish(trained)

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        return self._folder.save_frames(frames)

    def save(self, checkpoint: Checkpoint) -> None:
        self._telemetry.sync()
        state = {"lines": self._telemetry.written, "stopped_early": self._stopped_early}
        self._folder.save(replace(checkpoint, state=state))

    def _finish(self, trained: TrainedMap) -> Finished:
        """Write the results, the card last, and remove the checkpoints."""
        folder, experiment, table = self._folder, self._experiment, self._loaded.preparation
        data = on_units(self._loaded.data, trained.weights)
        if not experiment.keep_data:
            data = data._replace(annotations=None)
        samples, weight, annotations = data
        known = model_id(
            fingerprint(samples),
            experiment.parameters,
            sample_weight=None if weight is None else fingerprint(weight),
            preparation=None if table is None else table.transformation,
            annotations=None if annotations is None else annotations.fingerprint,
        )
        made = make_card(
            known,
            trained,
            assess(trained.weights, samples, experiment.parameters.geometry, weight),
            data,
            keep_data=experiment.keep_data,
            history=self._checkpoints.history,
            preparation=table,
        )
        card = {**made.to_dict(), "run_name": experiment.run_name}
        if trained.stopped:  # it is not the model that this id means
            card |= {"id": None, "stopped_at": trained.iterations}
        frames = folder.saved_frames(self._checkpoints.frames)
        telemetry = write_results(folder, experiment, data, trained, card, frames)
        if not experiment.keep_data:
            folder.remove_data()
        folder.remove_checkpoints()
        return Finished(folder, experiment, samples, trained, card, telemetry)


def _observers(experiment: Experiment) -> list[Observer]:
    """Create the observers that an experiment names."""
    made = []
    for target in experiment.observers:
        observer = import_callable(target, experiment.code)()
        if not isinstance(observer, Observer):
            raise InvalidExperimentError(f"{target!r} must return an Observer, but returns {observer!r}")
        made.append(observer)
    return made
