"""Compares batch training with its oracle on every grid, and its engines with each other, bit for bit."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen import InvalidParameterError, Parameters, SelfOrganizingMap, assess, train
from kohonen.engines import ENGINES, NativeBatch, NumpyBatch, cores, default_engine, describe_engine
from kohonen.geometry import PLANAR, Geometry
from kohonen.kernel import kernel
from kohonen.parameters import Algorithm
from kohonen.schedule import Schedule
from tests.kohonen import oracle
from tests.kohonen.oracle import Array
from tests.kohonen.test_geometry import GEOMETRIES, SHAPES, every_geometry, grid_of

KINDS: list[type[NumpyBatch]] = [NativeBatch, NumpyBatch] if kernel() else [NumpyBatch]
every_engine = pytest.mark.parametrize("engine", KINDS, ids=lambda engine: engine.name)


def random_case(
    shape: tuple[int, int],
    dimension: int,
    count: int,
    *,
    gaps: bool = False,
    weighted: bool = False,
    seed: int = 0,
) -> tuple[Array, Array, Array | None]:
    """Return samples, initial weights, and weights of the samples."""
    generator = np.random.default_rng([*shape, dimension, count, seed])
    samples, initial = generator.random((count, dimension)), generator.random((*shape, dimension))
    if gaps:
        absent = generator.random(samples.shape) < 1 / 3
        absent[np.arange(count), generator.integers(0, dimension, count)] = False
        samples[absent] = np.nan
    heavy = np.floor(3 * generator.random(count)) + generator.integers(0, 2) * generator.random(count)
    return samples, initial, heavy if weighted else None


def check(
    shape: tuple[int, int],
    samples: Array,
    initial: Array,
    heavy: Array | None = None,
    *,
    geometry: Geometry = PLANAR,
    iterations: int = 5,
    sigma: float | None = None,
) -> None:
    """Compare the engines with the oracle in each iteration, and with each other to the bit."""
    schedule = Schedule(iterations, sigma or max(shape) / 2, 0.1)
    trainings = [kind(initial, samples, schedule, geometry, heavy) for kind in KINDS]
    grid, weights = grid_of(geometry, shape), initial
    for t in range(iterations):
        expected = oracle.batch_step(
            samples, weights, grid, t=t, iterations=iterations, sigma=sigma, sample_weight=heavy
        )
        for training in trainings:
            training.run(t, t + 1)
        weights = trainings[0].weights()
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-9)
        for training in trainings[1:]:
            np.testing.assert_array_equal(training.weights(), weights)


@pytest.mark.parametrize(
    ("width", "height", "dimension", "count", "sigma"),
    [
        (1, 1, 1, 1, None), (1, 7, 2, 5, None), (7, 1, 2, 5, None), (6, 5, 3, 40, None), (5, 9, 4, 12, None),
        (6, 5, 3, 8, 0.05), (6, 5, 1, 8, 1.0), (4, 4, 3, 20, 1e-150), (4, 5, 2, 20, 50.0),
    ],
)  # fmt: skip
def test_equals_the_oracle(width: int, height: int, dimension: int, count: int, sigma: float | None) -> None:
    samples, initial, _ = random_case((width, height), dimension, count)
    check((width, height), samples, initial, iterations=8, sigma=sigma)


@every_geometry
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("gaps", "weighted"), [(False, False), (True, False), (False, True), (True, True)])
def test_equals_the_oracle_on_any_grid(
    geometry: Geometry, shape: tuple[int, int], gaps: bool, weighted: bool
) -> None:
    check(shape, *random_case(shape, 3, 12, gaps=gaps, weighted=weighted), geometry=geometry)


@given(
    width=st.integers(1, 7),
    height=st.integers(1, 7),
    dimension=st.integers(1, 5),
    count=st.integers(1, 9),
    sigma=st.one_of(st.none(), st.floats(0.05, 12.0)),
    geometry=st.sampled_from(GEOMETRIES),
    gaps=st.booleans(),
    weighted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_cases(
    width: int,
    height: int,
    dimension: int,
    count: int,
    sigma: float | None,
    geometry: Geometry,
    gaps: bool,
    weighted: bool,
    seed: int,
) -> None:
    shape = width, height + height % 2 if geometry.hexagonal else height
    case = random_case(shape, dimension, count, gaps=gaps, weighted=weighted, seed=seed)
    check(shape, *case, geometry=geometry, iterations=3, sigma=sigma)


@every_engine
def test_ties_go_to_the_first_unit(engine: type[NumpyBatch]) -> None:
    samples = np.array([[0.0], [0.5], [1.0]])
    training = engine(np.full((4, 3, 1), 0.5), samples, Schedule(1, 0.1, 0.1))
    training.run(0, 1)
    np.testing.assert_array_equal(training.weights(), np.full((4, 3, 1), 0.5))


@every_engine
def test_a_unit_that_no_sample_reaches_keeps_its_weights(engine: type[NumpyBatch]) -> None:
    initial = np.arange(12.0).reshape(4, 3, 1)
    training = engine(initial, np.array([[0.25], [0.5], [7.0]]), Schedule(1, 0.1, 0.1))
    training.run(0, 1)
    expected = initial.copy()
    expected[0, 0] = 0.375
    np.testing.assert_array_equal(training.weights(), expected)
    assert initial[0, 0, 0] == 0.0


@every_engine
def test_samples_without_weight_change_nothing(engine: type[NumpyBatch]) -> None:
    samples, initial, _ = random_case((4, 3), 2, 5)
    training = engine(initial, samples, Schedule(3, 2.0, 0.1), PLANAR, np.zeros(5))
    training.run(0, 3)
    np.testing.assert_array_equal(training.weights(), initial)


@every_engine
@pytest.mark.parametrize("gaps", [False, True])
def test_a_weight_of_two_is_the_sample_twice(engine: type[NumpyBatch], gaps: bool) -> None:
    samples, initial, _ = random_case((7, 6), 3, 50, gaps=gaps)
    whole = np.random.default_rng(1).integers(0, 4, 50)
    schedule = Schedule(6, 3.5, 0.1)
    weighted = engine(initial, samples, schedule, PLANAR, whole.astype(float))
    repeated = engine(initial, np.repeat(samples, whole, axis=0), schedule)
    for training in (weighted, repeated):
        training.run(0, 6)
    np.testing.assert_allclose(weighted.weights(), repeated.weights(), rtol=0, atol=1e-12)


def digests(
    train_once: Callable[[type[NumpyBatch], Array, Array, Array], Array],
    samples: Array,
    initial: Array,
    monkeypatch: pytest.MonkeyPatch,
    kinds: list[type[NumpyBatch]],
) -> set[str]:
    """Train in parts of many sizes, with one to three threads and on shuffled samples."""
    generator, found = np.random.default_rng(7), set()
    heavy = generator.random(len(samples))
    for kind in kinds:
        for threads, batch_size in [
            (1, 2**17),
            (2, 2**17),
            (3, len(samples) // 7),
            (2, len(samples) // 3 + 1),
        ]:
            monkeypatch.setattr(cores, "cores", lambda threads=threads: threads)
            monkeypatch.setattr(kind, "batch_size", batch_size)
            order = generator.permutation(len(samples))
            weights = train_once(kind, initial, samples[order], heavy[order])
            found.add(sha256(weights.tobytes()).hexdigest())
    return found


def trained(kind: type[NumpyBatch], initial: Array, samples: Array, heavy: Array) -> Array:
    training = kind(initial, samples, Schedule(6, 15.0, 0.1), PLANAR, heavy)
    training.run(0, 6)
    return training.weights()


def log_normal(count: int, shape: tuple[int, int]) -> tuple[Array, Array]:
    generator = np.random.default_rng(5)
    return np.exp(generator.normal(0.0, 1.0, (count, 6))), generator.random((*shape, 6))


def test_threads_parts_and_order_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, initial = log_normal(2000, (9, 7))
    samples[::5, 2] = np.nan
    assert len(digests(trained, samples, initial, monkeypatch, KINDS)) == 1


def test_threads_parts_and_order_do_not_matter_for_many_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(digests(trained, *log_normal(400_000, (30, 20)), monkeypatch, KINDS[:1])) == 1


@every_geometry
def test_engines_agree_on_every_instruction_set(geometry: Geometry, monkeypatch: pytest.MonkeyPatch) -> None:
    samples, initial, heavy = random_case((37, 30), 5, 400, gaps=True, weighted=True)
    results, found = [], kernel()
    highest = found.highest_level() if found else 0
    for kind in KINDS:
        for level in range(highest + 1 if found and kind is NativeBatch else 1):
            monkeypatch.setattr(found, "highest_level", lambda level=level: level, raising=False)
            training = kind(initial, samples, Schedule(5, 18.5, 0.1), geometry, heavy)
            training.run(0, 5)
            results.append(training.weights())
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


@pytest.mark.parametrize("algorithm", ["online", "batch"])
def test_the_size_of_a_batch_is_for_whoever_trains_to_say(algorithm: Algorithm) -> None:
    samples = random_case((3, 3), 3, 40)[0]
    parameters = Parameters(width=4, height=3, iterations=5, random_state=1, algorithm=algorithm)
    some, all_at_once = train(samples, parameters, batch_size=7), train(samples, parameters)
    np.testing.assert_array_equal(some.weights, all_at_once.weights)
    assert some.engine == all_at_once.engine
    with pytest.raises(InvalidParameterError, match="batch_size must be at least 1"):
        train(samples, parameters, batch_size=0)


def test_trains_a_map_that_orders_many_samples() -> None:
    samples = np.random.default_rng(3).random((600, 3))
    parameters = Parameters(width=8, height=8, iterations=30, random_state=1)
    found = train(samples, replace(parameters, algorithm="batch"))
    assert found.engine == describe_engine(default_engine("batch"))
    online = assess(train(samples, parameters).weights, samples)
    quality = assess(found.weights, samples)
    assert quality.quantization_error < online.quantization_error
    assert quality.topographic_error < 0.1


def test_the_estimator_trains_in_batches_too() -> None:
    samples = random_case((4, 3), 2, 50)[0]
    som = SelfOrganizingMap(4, 3, iterations=5, random_state=1, algorithm="batch").fit(samples)
    again = SelfOrganizingMap(4, 3, iterations=5, random_state=1, algorithm="batch")
    for _ in range(5):
        again.partial_fit(samples)
    np.testing.assert_array_equal(som.weights_, again.weights_)


def test_the_engines_of_the_algorithm() -> None:
    assert ENGINES["batch"] == (NativeBatch, NumpyBatch)
