import logging
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidParameterError, Parameters, assess, train
from kohonen.inputs.arrays import FloatArray
from kohonen.observers import standard
from kohonen.observers.standard import Checkpoints, EarlyStopping, Progress, Recorder

DATA = np.random.default_rng(1).random((6, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)


def test_progress_is_told_to_its_end() -> None:
    told: list[float] = []
    train(DATA, PARAMETERS, observers=[Progress(told.append, seconds=0)])
    assert told == [t / 30 for t in range(1, 31)]
    told.clear()
    train(DATA, PARAMETERS, observers=[Progress(told.append, seconds=1000)])
    assert told == [1 / 30, 1.0]


def test_another_training_is_told_from_its_beginning_too() -> None:
    told: list[float] = []
    progress = Progress(told.append, seconds=1000)
    for _ in range(2):
        train(DATA, PARAMETERS, observers=[progress])
    assert told == [1 / 30, 1.0] * 2


def test_progress_tells_how_long_it_still_takes() -> None:
    left: list[float | None] = []
    progress = Progress(lambda share: left.append(progress.seconds_left), seconds=0)
    assert progress.seconds_left is None
    train(DATA, PARAMETERS, observers=[progress])
    assert left[-1] == 0.0
    assert all(value > 0 for value in left[1:-1] if value is not None)


def test_the_course_is_recorded() -> None:
    recorder = Recorder(every=7, units=True)
    trained = train(DATA, PARAMETERS, observers=[recorder])
    assert [record.iteration for record in recorder.records] == [0, 7, 14, 21, 28, 30]
    first, last = recorder.records[0], recorder.records[-1]
    assert (first.radius, first.learning_rate) == (2.5, 0.1)
    assert last.radius == pytest.approx(1.0)
    assert last.quantization_error == assess(trained.weights, DATA).quantization_error
    assert last.quantization_error < first.quantization_error
    assert last.units is not None
    assert last.units.shape == (6,)
    train(DATA, PARAMETERS, observers=[recorder])
    assert len(recorder.records) == 6


def test_a_recorder_looks_at_the_end_once() -> None:
    recorder = Recorder(every=10)
    train(DATA, PARAMETERS, observers=[recorder])
    assert [record.iteration for record in recorder.records] == [0, 10, 20, 30]
    assert recorder.records[0].units is None


def test_figures_are_measured_on_some_of_many_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard, "MEASURED_SAMPLES", 3)
    recorder = Recorder(every=30, units=True)
    trained = train(DATA, PARAMETERS, observers=[recorder])
    assert recorder.records[-1].quantization_error == assess(trained.weights, DATA[::2]).quantization_error


def test_a_look_at_a_large_map_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard, "MEASURED_VALUES", 3 * PARAMETERS.width * PARAMETERS.height * 2)
    recorder = Recorder(every=30, units=True)
    trained = train(DATA, PARAMETERS, observers=[recorder])
    assert recorder.records[-1].quantization_error == assess(trained.weights, DATA[::3]).quantization_error


def test_a_training_goes_on_from_a_checkpoint() -> None:
    saved: list[tuple[int, FloatArray]] = []
    trained = train(DATA, PARAMETERS, observers=[Checkpoints(lambda *given: saved.append(given), seconds=0)])
    assert [iteration for iteration, _ in saved] == list(range(1, 30))
    iteration, weights = saved[11]
    resumed = train(DATA, PARAMETERS, initial_weights=weights, first_iteration=iteration)
    np.testing.assert_array_equal(resumed.weights, trained.weights)


def test_checkpoints_wait() -> None:
    saved: list[Any] = []
    train(DATA, PARAMETERS, observers=[Checkpoints(lambda *given: saved.append(given), seconds=1000)])
    assert saved == []


def test_a_failed_checkpoint_ends_the_training_if_asked(caplog: pytest.LogCaptureFixture) -> None:
    def fail(iteration: int, weights: FloatArray) -> None:
        raise OSError("the disk is full")

    assert not train(DATA, PARAMETERS, observers=[Checkpoints(fail, seconds=0)]).stopped
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    with pytest.raises(OSError, match="full"):
        train(DATA, PARAMETERS, observers=[Checkpoints(fail, seconds=0, essential=True)])


def test_a_training_without_progress_ends_early() -> None:
    constant = Parameters(width=2, height=2, iterations=1000, random_state=0)  # its radius does not shrink
    trained = train(DATA, constant, observers=[EarlyStopping(every=5, patience=2)])
    assert trained.stopped
    assert 15 <= trained.iterations < 500
    assert trained.iterations % 5 == 0


def test_a_training_that_gets_better_goes_on() -> None:
    assert not train(DATA, PARAMETERS, observers=[EarlyStopping(every=2, patience=30)]).stopped


@pytest.mark.parametrize("value", [0, -1, 2.0, True, None])
def test_counts_are_checked(value: Any) -> None:
    with pytest.raises(InvalidParameterError, match="every must be an integer of at least 1"):
        Recorder(every=value)
