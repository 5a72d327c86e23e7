"""Samples with missing values: compares training on every kind of grid with the oracle, and tests quality."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen import InvalidDataError, Parameters, SelfOrganizingMap, assess, train
from kohonen.engines import (
    default_engine,
)
from kohonen.engines.search import by_sums, match
from kohonen.identity import fingerprint, model_id
from kohonen.initialisation import initial_weights
from kohonen.inputs.arrays import fill_with_means
from kohonen.pictures.maps import draw_input_output, draw_map
from kohonen.schedule import Schedule
from tests.kohonen import oracle
from tests.kohonen.oracle import Array

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
    expected = oracle.online(samples, initial, iterations=4)
    np.testing.assert_array_equal(trained.weights, expected.weights)
    found = match(trained.weights, samples, count=2)
    units = [oracle.best_matching_unit(trained.weights, v) for v in samples]
    assert [divmod(unit, height) for unit in found.units[:, 0].tolist()] == units
    for v, unit, distance in zip(samples, units, found.distances[:, 0], strict=True):
        there = ~np.isnan(v)
        squared = oracle.squared_distance(trained.weights[unit][there], v[there])
        assert distance == np.sqrt(squared)


def test_a_component_that_no_sample_has_stays_as_it_was() -> None:
    samples, initial = incomplete((4, 3), dimension=2)
    samples[:, 1] = NAN
    samples[:, 0] = 0.5
    for algorithm in ("online", "batch"):
        engine = default_engine(algorithm)(initial, samples, Schedule(3, 2.0, 0.1))
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
    places = [oracle.best_matching_unit(som.weights_, v) for v in samples]
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
