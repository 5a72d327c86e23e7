"""A training that is interrupted, as a run or as a job, ends as one that was not."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import pytest

from app.jobs.queue.store import LocalQueue
from app.jobs.store import Jobs
from app.models import Models
from app.settings import Settings
from app.storage.port import Store
from app.training.request import TrainingRequest
from app.workers import worker as worker_module
from app.workers.worker import Worker
from kohonen import Observer, Parameters, TrainedMap, Training, train
from kohonen.animation.files import pack
from kohonen.animation.frames import Frames
from kohonen.animation.moments import Moments
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.reading import read_experiment
from kohonen.experiments.run import carry_on, start
from kohonen.files import write_whole
from kohonen.inputs.arrays import FloatArray
from tests.app.bench import Bench
from tests.app.models.test_on_every_store import Crashed, Crashing
from tests.kohonen.experiments.runs import told

SAMPLES = np.random.default_rng(1).random((5, 3))


def make(**more: Any) -> Parameters:
    return Parameters(**{"width": 9, "height": 7, "iterations": 60, "random_state": 3, **more})


class Watching(Observer):
    """A clock by which each iteration takes a second; ends the process after one of them, where told."""

    essential = True

    def __init__(self) -> None:
        self.now = 0.0
        self.crash_at: int | None = None

    def __call__(self) -> float:
        return self.now

    def after_iteration(self, training: Training) -> None:
        self.now += 1
        if training.iteration == self.crash_at:
            raise Crashed


class Place(Protocol):
    """Where a training is done in parts; `saving` says whether a checkpoint is made after each iteration."""

    #: The fewest iterations of a part.
    fewest: int

    def go_on(self, *, iterations: int | None = None, crash_at: int | None = None) -> None:
        """Train for so many iterations, or until a crash after one of them, or to the end."""

    def crashes(self, writes: int) -> bool:
        """Train to the end, or until a crash after so many writes; return whether there was one."""

    @property
    def saved(self) -> int | None:
        """The iteration of the last checkpoint."""

    def outcome(self) -> dict[str, Any]:
        """Return all that came of a training that is complete, but for times."""

    def weights(self) -> FloatArray:
        """Return the weights of a training that is complete."""


class Run:
    """A run in a folder."""

    fewest = 0

    def __init__(self, path: Path, parameters: Parameters, moments: Moments, *, saving: bool) -> None:
        path.mkdir()
        known = ", ".join(
            f"{name}: {value}" for name, value in asdict(parameters).items() if value is not None
        )
        self._experiment = path / "resumed.yaml"
        self._experiment.write_text(
            f"data: {{values: {SAMPLES.tolist()}}}\nparameters: {{{known}}}\n"
            f"output: {{frames: {moments.count}, checkpoint_seconds: {1e-9 if saving else 1e9},"
            " single_frames: true, telemetry: 20, views: [map]}\n"
        )
        self._path = path / "run"

    def go_on(self, *, iterations: int | None = None, crash_at: int | None = None) -> None:
        watching, left = Watching(), itertools.count()
        watching.crash_at = crash_at
        stop = None if iterations is None else lambda: next(left) >= iterations
        try:
            if RunFolder(self._path).is_run:
                carry_on(RunFolder.open(self._path), observers=[watching], should_stop=stop)
            else:
                start(read_experiment(self._experiment), self._path, observers=[watching], should_stop=stop)
        except Crashed:
            if crash_at is None:
                raise
            with (self._path / "telemetry.jsonl").open("a") as file:
                file.write('{"iteration": 2')  # half a line
        else:
            assert crash_at is None

    def crashes(self, writes: int) -> bool:
        left = itertools.count()

        def write(*arguments: Any) -> None:
            if next(left) >= writes:
                raise Crashed
            write_whole(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            for module in ("checkpoints", "experiments.folder", "experiments.telemetry"):
                patch.setattr(f"kohonen.{module}.write_whole", write)
            try:
                self.go_on()
            except Crashed:
                return True
        return False

    @property
    def saved(self) -> int | None:
        saved = RunFolder(self._path).saved()
        return None if saved is None else saved.iteration

    def outcome(self) -> dict[str, Any]:
        assert RunFolder(self._path).complete
        return told(self._path)

    def weights(self) -> FloatArray:
        return RunFolder(self._path).weights()


class Job:
    """A job of the service, with a store and a queue."""

    fewest = 1

    def __init__(self, path: Path, parameters: Parameters, moments: Moments, *, saving: bool) -> None:
        self._bench, self._saving = Bench(), saving
        self._request = TrainingRequest(SAMPLES, parameters, name="a", frames=moments)
        self._id = self._bench.submit(self._request).id
        self._crashes = 0

    def go_on(self, *, iterations: int | None = None, crash_at: int | None = None) -> None:
        queue = self._bench.queue
        with self._worker(self._bench.store, queue, iterations, crash_at) as worker:
            message = queue.receive(wait=0)
            assert message is not None
            if crash_at is None:
                worker.process(message)
            else:
                self._crashes += 1
                with pytest.raises(Crashed):
                    worker.process(message)
        self._bench.clock.forward(Settings().lease_seconds + 1 if crash_at else 0.01)

    def crashes(self, writes: int) -> bool:
        store = cast(Store, Crashing(self._bench.store, writes))
        queue = LocalQueue(store, clock=self._bench.clock)
        with self._worker(store, queue, 1) as worker:  # slice by slice: with every write there is
            try:
                while (message := queue.receive(wait=0)) is not None:
                    worker.process(message)
                    self._bench.clock.forward(0.01)
            except Crashed:
                self._crashes += 1
                self._bench.clock.forward(Settings().lease_seconds + 1)
                return True
        return False

    @contextmanager
    def _worker(
        self, store: Store, queue: LocalQueue, iterations: int | None, crash_at: int | None = None
    ) -> Iterator[Worker]:
        watching = Watching()
        watching.crash_at = crash_at

        def watched(*arguments: Any, observers: list[Observer], **more: Any) -> TrainedMap:
            return train(*arguments, observers=[watching, *observers], **more)

        settings = Settings(
            slice_seconds=1e9 if iterations is None else iterations - 0.5,
            checkpoint_seconds=1 if self._saving else 1e9,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker_module, "train", watched)
            jobs = Jobs(store, clock=self._bench.clock)
            yield Worker(jobs, Models(store), queue, settings, clock=watching)

    @property
    def saved(self) -> int | None:
        checkpoint = self._bench.jobs.get(self._id).checkpoint
        return None if checkpoint is None else checkpoint.iteration

    def outcome(self) -> dict[str, Any]:
        bench = self._bench
        job = bench.jobs.get(self._id)
        assert job.state == "succeeded"
        assert job.attempts <= 1 + self._crashes
        assert [str(revision) for revision in bench.models.names.revisions(job.id)] == ["a@1"]
        assert bench.store.keys("jobs/queue/") == []
        if not self._crashes:  # files that a crash has left are pruned later
            assert set(bench.store.keys(f"jobs/{job.id}/frames-")) == {piece.key for piece in job.frames}
            assert bench.store.keys(f"jobs/{job.id}/checkpoint-") == []
        frames, whole = bench.jobs.files.frames(job), Frames(self._request.frames)
        train(SAMPLES, self._request.parameters, observers=[whole])
        assert pack(frames) == pack(whole.frames)
        return {"frames": pack(frames), "quality": bench.models.card(job.id).quality}

    def weights(self) -> FloatArray:
        weights: FloatArray = self._bench.weights(self._id)
        return weights


KINDS = pytest.mark.parametrize("kind", [Run, Job])


@KINDS
@pytest.mark.parametrize("algorithm", ["online", "batch"])
@pytest.mark.parametrize("grid", ["rectangular", "hexagonal"])
def test_stopped_after_any_iteration(tmp_path: Path, kind: Any, algorithm: Any, grid: Any) -> None:
    parameters = make(algorithm=algorithm, grid=grid)
    whole: Place = kind(tmp_path / "whole", parameters, Moments(6), saving=True)
    whole.go_on()
    parts: Place = kind(tmp_path / "parts", parameters, Moments(6), saving=True)
    done = 0
    for iterations in (parts.fewest, 1, 7, 16, 20, 2):
        parts.go_on(iterations=iterations)
        done += iterations
        assert parts.saved == done
    parts.go_on()
    assert parts.outcome() == whole.outcome()
    np.testing.assert_array_equal(parts.weights(), train(SAMPLES, parameters).weights)


@KINDS
@pytest.mark.parametrize("saving", [True, False])
def test_crashed_after_any_iteration(tmp_path: Path, kind: Any, saving: bool) -> None:
    whole: Place = kind(tmp_path / "whole", make(), Moments(6), saving=saving)
    whole.go_on()
    parts: Place = kind(tmp_path / "parts", make(), Moments(6), saving=saving)
    for iteration in (17, 31):
        parts.go_on(crash_at=iteration)
        assert parts.saved == (iteration - 1 if saving else None)
    parts.go_on()
    assert parts.outcome() == whole.outcome()
    np.testing.assert_array_equal(parts.weights(), train(SAMPLES, make()).weights)


@KINDS
def test_a_crash_at_any_write(tmp_path: Path, kind: Any) -> None:
    parameters, moments = make(width=4, height=3, iterations=4), Moments(3)
    whole: Place = kind(tmp_path / "whole", parameters, moments, saving=True)
    whole.go_on()
    expected = whole.outcome()
    writes, crashed = 0, True
    while crashed:
        parts: Place = kind(tmp_path / str(writes), parameters, moments, saving=True)
        crashed = parts.crashes(writes)
        if crashed:
            assert not parts.crashes(10**9), writes
        assert parts.outcome() == expected, writes
        np.testing.assert_array_equal(parts.weights(), train(SAMPLES, parameters).weights)
        writes += 1
    assert writes > (20 if kind is Run else 30)
