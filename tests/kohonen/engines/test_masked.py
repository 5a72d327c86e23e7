"""Samples with missing values: compares training on every kind of grid with the oracle, and tests quality."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen import InvalidDataError, InvalidParameterError, Parameters, SelfOrganizingMap, assess, train
from kohonen.engines import (
    AnyGridBatch,
    AnyGridOnline,
    Engine,
    MaskedBatch,
    NativeOnline,
    NumpyBatch,
    NumpyOnline,
    default_engine,
)
from kohonen.engines.search import by_sums, match
from kohonen.geometry import Geometry
from kohonen.identity import fingerprint, model_id
from kohonen.initialisation import initial_weights
from kohonen.inputs.arrays import fill_with_means
from kohonen.parameters import Algorithm
from kohonen.pictures.maps import draw_input_output, draw_map
from kohonen.schedule import Schedule
from tests.kohonen import oracle
from tests.kohonen.oracle import Array, GridOfUnits
from tests.kohonen.test_geometry import SHAPES, every_geometry, grid_of

NAN = np.nan


def incomplete(
    shape: tuple[int, int], dimension: int = 3, count: int = 6, seed: int = 0, levels: int = 10**6
) -> tuple[Array, Array]:
    """Return samples without a third of their values, but with at least one each, and initial weights."""
    generator = np.random.default_rng(seed)
    samples = generator.integers(0, levels, (count, dimension)) / (levels - 1)
    absent = generator.random((count, dimension)) < 1 / 3
    absent[np.arange(count), generator.integers(0, dimension, count)] = False
    samples[absent] = NAN
    return samples, generator.integers(0, levels, (*shape, dimension)) / (levels - 1)


@every_geometry
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_online_training_does_as_the_oracle_to_the_bit(geometry: Geometry, shape: tuple[int, int]) -> None:
    grid = grid_of(geometry, shape)
    samples, initial = incomplete(shape)
    engine = default_engine("online", geometry, masked=True)(
        initial, samples, Schedule(8, max(shape) / 2, 0.1)
    )
    expected = oracle.masked_on_any_grid(samples, initial, grid, iterations=8)
    for t, weights in enumerate(expected.history):
        engine.run(t, t + 1)
        np.testing.assert_array_equal(engine.weights(), weights, err_msg=f"after iteration {t}")


@every_geometry
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_training_does_as_the_oracle(geometry: Geometry, shape: tuple[int, int]) -> None:
    grid = grid_of(geometry, shape)
    samples, initial = incomplete(shape, count=9)
    engine = default_engine("batch", geometry, masked=True)(
        initial, samples, Schedule(6, max(shape) / 2, 0.1)
    )
    expected = oracle.masked_batch_on_any_grid(samples, initial, grid, iterations=6)
    for t, weights in enumerate(expected.history):
        engine.run(t, t + 1)
        np.testing.assert_allclose(engine.weights(), weights, rtol=0, atol=1e-12)


@given(
    width=st.integers(1, 6),
    height=st.integers(1, 6),
    dimension=st.integers(1, 5),
    count=st.integers(1, 7),
    levels=st.sampled_from([2, 3, 10**6]),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_cases(width: int, height: int, dimension: int, count: int, levels: int, seed: int) -> None:
    """Few levels cause ties; many cause none."""
    samples, initial = incomplete((width, height), dimension, count, seed, levels)
    parameters = Parameters(width=width, height=height, iterations=4, random_state=0)
    trained = train(samples, parameters, initial_weights=initial, missing="mask")
    expected = oracle.masked_on_any_grid(samples, initial, GridOfUnits(width, height), iterations=4)
    np.testing.assert_array_equal(trained.weights, expected.weights)
    found = match(trained.weights, samples, count=2)
    units = [oracle.masked_best_matching_unit(trained.weights, v) for v in samples]
    assert [divmod(unit, height) for unit in found.units[:, 0].tolist()] == units
    for v, unit, distance in zip(samples, units, found.distances[:, 0], strict=True):
        there = ~np.isnan(v)
        squared = oracle.squared_distance(trained.weights[unit][there], v[there])
        assert distance == np.sqrt(squared)


@pytest.mark.parametrize("algorithm", ["online", "batch"])
def test_complete_samples_are_trained_alike_masked_or_not(algorithm: Algorithm) -> None:
    generator = np.random.default_rng(2)
    samples, initial = generator.random((40, 4)), generator.random((7, 5, 4))
    results = []
    for masked in (False, True):
        engine = default_engine(algorithm, masked=masked)(initial, samples, Schedule(10, 3.5, 0.1))
        engine.run(0, 10)
        results.append(engine.weights())
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=0 if algorithm == "online" else 1e-12)


def test_blocks_of_a_batch_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, initial = incomplete((4, 3), count=50)
    expected = oracle.masked_batch_on_any_grid(samples, initial, GridOfUnits(4, 3), iterations=2)
    monkeypatch.setattr(MaskedBatch, "batch_size", 7)
    engine = default_engine("batch", masked=True)(initial, samples, Schedule(2, 2.0, 0.1))
    engine.run(0, 2)
    np.testing.assert_allclose(engine.weights(), expected.weights, rtol=0, atol=1e-12)


def test_a_component_that_no_sample_has_stays_as_it_was() -> None:
    samples, initial = incomplete((4, 3), dimension=2)
    samples[:, 1] = NAN
    samples[:, 0] = 0.5
    for algorithm in ("online", "batch"):
        engine = default_engine(algorithm, masked=True)(initial, samples, Schedule(3, 2.0, 0.1))
        engine.run(0, 3)
        np.testing.assert_array_equal(engine.weights()[..., 1], initial[..., 1])


def test_searches_agree() -> None:
    samples, weights = incomplete((9, 8), dimension=5, count=200, seed=4)
    found = match(weights, samples, count=2)
    for row, sample in enumerate(samples):
        there = ~np.isnan(sample)
        one = by_sums(weights[:, :, there], sample[None, there], count=2)
        np.testing.assert_array_equal(found.units[row], one.units[0])
        np.testing.assert_array_equal(found.distances[row], one.distances[0])


def test_the_estimator_masks_when_asked_to() -> None:
    samples, _ = incomplete((5, 4), count=12)
    options: dict[str, Any] = {"iterations": 10, "random_state": 3}
    som = SelfOrganizingMap(5, 4, missing="mask", **options).fit(samples)
    trained = train(samples, som.parameters, missing="mask")
    np.testing.assert_array_equal(som.weights_, trained.weights)
    places = [oracle.masked_best_matching_unit(som.weights_, v) for v in samples]
    assert [tuple(place) for place in som.predict(samples).tolist()] == places
    distances = som.transform(samples).reshape(len(samples), 5, 4)
    least = distances.reshape(len(samples), -1).min(axis=1)
    np.testing.assert_allclose(som.quantization_error(samples), least.mean(), rtol=1e-12)
    step = SelfOrganizingMap(5, 4, missing="mask", **options)
    for _ in range(10):
        step.partial_fit(samples)
    np.testing.assert_array_equal(step.weights_, som.weights_)
    with pytest.raises(InvalidDataError, match="must be finite"):
        SelfOrganizingMap(5, 4, **options).fit(samples)
    with pytest.raises(InvalidDataError, match="must be finite"):
        SelfOrganizingMap(5, 4, **options).partial_fit(samples)


def test_quality_by_hand() -> None:
    weights = np.array([[[0.0, 0.0]], [[3.0, 4.0]]])
    samples = np.array([[3.0, NAN], [0.0, 1.0], [NAN, 0.0]])
    quality = assess(weights, samples)
    assert quality.quantization_error == pytest.approx((0 + 1 + 0) / 3)
    assert quality.unused_units == 0.0
    total = 2 * 1.5**2 + 2 * 0.5**2  # of 3 and 0 around 1.5, and of 1 and 0 around 0.5
    assert quality.explained_variance == pytest.approx(1 - 1 / total)


def test_equal_values_have_no_variance_whatever_is_missing() -> None:
    samples = np.array([[0.1, NAN], [0.1, 0.7], [0.1, 0.7], [NAN, 0.7]])
    assert assess(np.zeros((2, 2, 2)), samples).explained_variance is None


def test_what_is_missing_is_filled_with_the_mean() -> None:
    samples = np.array([[1.0, NAN, NAN], [NAN, 4.0, NAN], [3.0, 6.0, NAN]])
    assert fill_with_means(samples).tolist() == [[1, 5, 0], [2, 4, 0], [3, 6, 0]]
    tenths = np.array([[0.1]] * 3 + [[NAN]])
    assert fill_with_means(tenths).tolist() == [[0.1]] * 4


@pytest.mark.parametrize("initialisation", ["sample", "pca"])
def test_initial_weights_are_complete(initialisation: Any) -> None:
    samples, _ = incomplete((6, 4), count=20)
    parameters = Parameters(width=6, height=4, random_state=1, initialisation=initialisation)
    np.testing.assert_array_equal(
        initial_weights(parameters, samples), initial_weights(parameters, fill_with_means(samples))
    )


@pytest.mark.parametrize("engine", [NativeOnline, NumpyOnline, NumpyBatch, AnyGridBatch])
def test_an_engine_for_complete_samples_is_not_given_others(engine: type[Engine]) -> None:
    parameters = Parameters(width=4, height=3, iterations=2, random_state=1)
    with pytest.raises(InvalidParameterError, match=f"{engine.__name__} does not support missing values"):
        train([[1.0, NAN]], parameters, engine=engine, missing="mask")
    given, chosen = (
        train([[1.0, NAN]], parameters, engine=engine, missing="mask") for engine in (AnyGridOnline, None)
    )
    np.testing.assert_array_equal(given.weights, chosen.weights)


def test_samples_that_miss_values_are_drawn_as_no_colours() -> None:
    weights = np.random.default_rng(0).random((4, 3, 3))
    samples = np.array([[0.1, NAN, 0.2]])
    np.testing.assert_array_equal(draw_input_output(samples, weights), draw_map(weights))


def test_identity_knows_what_is_missing_and_how_samples_were_made() -> None:
    assert fingerprint(np.array([[1.0, NAN]])) != fingerprint(np.array([[1.0, 0.0]]))
    parameters = Parameters(width=3, height=2, iterations=10, random_state=7)
    plain, one, other = (
        model_id("data", parameters, preparation=preparation)
        for preparation in (None, {"columns": ["a"]}, {"columns": ["b"]})
    )
    assert len({plain, one, other}) == 3
    assert plain == model_id("data", parameters)
