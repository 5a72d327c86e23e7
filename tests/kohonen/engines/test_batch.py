"""Compares the batch algorithm with its oracle, and tests its support for many samples."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from kohonen import InvalidParameterError, Parameters, SelfOrganizingMap, assess, train
from kohonen.engines import ENGINES, NumpyBatch, batch_statistics, default_engine, describe_engine
from kohonen.engines import batch as engines
from kohonen.engines.batch_statistics import Statistics, merge, partial, update
from kohonen.kernel import kernel
from kohonen.parameters import Algorithm
from kohonen.schedule import Schedule
from tests.kohonen import oracle

ALL = ENGINES["batch"] if kernel() else ENGINES["batch"][1:]


@pytest.fixture(params=ALL, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> type[NumpyBatch]:
    chosen: type[NumpyBatch] = request.param
    return chosen


def random_case(width: int, height: int, dimension: int, count: int) -> tuple[oracle.Array, oracle.Array]:
    generator = np.random.default_rng([width, height, dimension, count])
    return generator.random((count, dimension)), generator.random((width, height, dimension))


@pytest.mark.parametrize(
    ("width", "height", "dimension", "count", "sigma"),
    [
        (1, 1, 1, 1, None), (1, 7, 2, 5, None), (7, 1, 2, 5, None), (6, 5, 3, 40, None), (5, 9, 4, 12, None),
        (6, 5, 3, 8, 0.05), (6, 5, 1, 8, 1.0), (4, 4, 3, 20, 1e-150), (4, 5, 2, 20, 50.0),
    ],
)  # fmt: skip
def test_equals_the_oracle(
    engine: type[NumpyBatch], width: int, height: int, dimension: int, count: int, sigma: float | None
) -> None:
    samples, initial = random_case(width, height, dimension, count)
    training = engine(initial, samples, Schedule(8, sigma or max(width, height) / 2, 0.1))
    expected = oracle.batch(samples, initial, iterations=8, sigma=sigma)
    for t, weights in enumerate(expected.history):
        training.run(t, t + 1)
        np.testing.assert_allclose(training.weights(), weights, rtol=0, atol=1e-9)


def test_ties_go_to_the_first_unit(engine: type[NumpyBatch]) -> None:
    samples = np.array([[0.0], [0.5], [1.0]])
    training = engine(np.full((4, 3, 1), 0.5), samples, Schedule(1, 0.1, 0.1))
    training.run(0, 1)
    expected = np.full((4, 3, 1), 0.5)
    np.testing.assert_array_equal(training.weights(), expected)


def test_a_unit_that_no_sample_reaches_keeps_its_weights(engine: type[NumpyBatch]) -> None:
    initial = np.arange(12.0).reshape(4, 3, 1)
    training = engine(initial, np.array([[0.25], [0.5], [7.0]]), Schedule(1, 0.1, 0.1))
    training.run(0, 1)
    expected = initial.copy()
    expected[0, 0] = 0.375
    np.testing.assert_array_equal(training.weights(), expected)
    assert initial[0, 0, 0] == 0.0


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 30, 3000])
def test_the_size_of_a_batch_never_changes_the_result(
    engine: type[NumpyBatch], batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, initial = random_case(9, 7, 3, 200)
    monkeypatch.setattr(engines, "BLOCK", 3)
    results = []
    for size in (batch_size, 12):
        monkeypatch.setattr(engine, "batch_size", size)
        training = engine(initial, samples, Schedule(6, 4.5, 0.1))
        training.run(0, 6)
        results.append(training.weights())
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.parametrize("algorithm", ["online", "batch"])
def test_the_size_of_a_batch_is_for_whoever_trains_to_say(algorithm: Algorithm) -> None:
    samples = random_case(3, 3, 3, 40)[0]
    parameters = Parameters(width=4, height=3, iterations=5, random_state=1, algorithm=algorithm)
    some, all_at_once = train(samples, parameters, batch_size=7), train(samples, parameters)
    np.testing.assert_array_equal(some.weights, all_at_once.weights)
    assert some.engine == all_at_once.engine
    with pytest.raises(InvalidParameterError, match="batch_size must be at least 1"):
        train(samples, parameters, batch_size=0)


def test_blocks_add_up() -> None:
    samples, weights = random_case(6, 5, 3, 40)
    whole = partial(samples, weights)
    parts = [partial(block, weights) for block in np.split(samples, [7, 8, 30])]
    merged = functools.reduce(merge, parts)
    np.testing.assert_array_equal(merged.counts, whole.counts)
    np.testing.assert_allclose(merged.sums, whole.sums, rtol=1e-14)
    assert whole.counts.sum() == 40
    np.testing.assert_allclose(whole.sums.sum(axis=(1, 2)), samples.sum(axis=0))


def test_a_long_map_is_smoothed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, weights = random_case(40, 23, 2, 30)
    statistics = partial(samples, weights)
    table = Schedule(10, 3.0, 0.1).neighbourhood(2, 40)
    whole = update(weights, statistics, table)
    monkeypatch.setattr(batch_statistics, "SMOOTHING_BLOCK", 7)
    np.testing.assert_allclose(update(weights, statistics, table), whole, rtol=1e-12)


def test_nothing_said_changes_nothing() -> None:
    weights = random_case(3, 2, 2, 1)[1]
    nothing = Statistics(np.zeros((3, 2)), np.zeros((2, 3, 2)))
    np.testing.assert_array_equal(update(weights, nothing, [1.0, 0.5]), weights)


def test_trains_a_map_that_orders_many_samples() -> None:
    samples = np.random.default_rng(3).random((600, 3))
    parameters = Parameters(width=8, height=8, iterations=30, random_state=1)
    trained = train(samples, replace(parameters, algorithm="batch"))
    assert trained.engine == describe_engine(default_engine("batch"))
    online = assess(train(samples, parameters).weights, samples)
    quality = assess(trained.weights, samples)
    assert quality.quantization_error < online.quantization_error
    assert quality.topographic_error < 0.1


def test_the_estimator_trains_in_batches_too() -> None:
    samples, _ = random_case(4, 3, 2, 50)
    som = SelfOrganizingMap(4, 3, iterations=5, random_state=1, algorithm="batch").fit(samples)
    again = SelfOrganizingMap(4, 3, iterations=5, random_state=1, algorithm="batch")
    for _ in range(5):
        again.partial_fit(samples)
    np.testing.assert_array_equal(som.weights_, again.weights_)
