import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen import (
    InvalidDataError,
    InvalidParameterError,
    NotFittedError,
    Parameters,
    SelfOrganizingMap,
    train,
)
from kohonen.engines import describe_engine
from tests.kohonen import oracle

DATA = np.random.default_rng(1).random((6, 3))


def small_map(**more: int) -> SelfOrganizingMap:
    return SelfOrganizingMap(5, 4, iterations=20, random_state=3, **more)  # type: ignore[arg-type]


def test_fit_is_the_training() -> None:
    som = small_map().fit(DATA)
    trained = train(DATA, Parameters(width=5, height=4, iterations=20, random_state=3))
    np.testing.assert_array_equal(som.weights_, trained.weights)
    assert (som.n_iter_, som.n_features_in_, som.random_state_) == (20, 3, 3)
    assert som.engine_ == describe_engine().removesuffix(" (no compiled kernel)")


def test_fit_starts_again() -> None:
    som = small_map().fit(DATA)
    first = som.weights_
    np.testing.assert_array_equal(som.fit(DATA).weights_, first)


def test_fit_from_given_weights() -> None:
    initial = np.full((5, 4, 3), 0.5)
    som = small_map().fit(DATA, initial_weights=initial)
    np.testing.assert_array_equal(som.weights_, oracle.online(DATA, initial, iterations=20).weights)
    with pytest.raises(InvalidDataError, match="shape"):
        small_map().fit(DATA, initial_weights=initial[:4])


def test_a_stopped_fit_keeps_what_it_reached() -> None:
    som = small_map().fit(DATA, should_stop=lambda: True)
    assert som.n_iter_ == 0
    assert som.weights_.shape == (5, 4, 3)


def test_partial_fit_is_one_iteration_after_the_other() -> None:
    som = small_map()
    for _ in range(20):
        som.partial_fit(DATA)
    np.testing.assert_array_equal(som.weights_, small_map().fit(DATA).weights_)
    assert som.n_iter_ == 20
    assert som.partial_fit(DATA[:1]).n_iter_ == 21
    assert som.engine_ == describe_engine().removesuffix(" (no compiled kernel)")
    with pytest.raises(InvalidDataError, match="must have 3 values"):
        som.partial_fit([[1.0]])


def test_predict_gives_x_and_y() -> None:
    som = small_map().fit(DATA)
    units = som.predict(DATA)
    assert units.shape == (6, 2)
    assert units.dtype.kind == "i"
    assert [tuple(unit) for unit in units] == [oracle.best_matching_unit(som.weights_, v) for v in DATA]


def test_transform_gives_every_distance() -> None:
    som = small_map().fit(DATA)
    distances = som.transform(DATA)
    assert distances.shape == (6, 20)
    expected = np.linalg.norm(DATA[2] - som.weights_[3, 1])
    assert distances[2, 3 * 4 + 1] == pytest.approx(expected, rel=1e-12)
    assert som.quantization_error(DATA) == pytest.approx(distances.min(axis=1).mean(), rel=1e-12)
    assert 0.0 <= som.topographic_error(DATA) <= 1.0


@pytest.mark.parametrize("method", ["predict", "transform", "quantization_error", "topographic_error"])
def test_asks_for_training_first(method: str) -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        getattr(small_map(), method)(DATA)


@pytest.mark.parametrize("method", ["predict", "transform", "quantization_error", "topographic_error"])
def test_another_dimension_is_refused(method: str) -> None:
    with pytest.raises(InvalidDataError, match="must have 3 values"):
        getattr(small_map().fit(DATA), method)([[1.0, 2.0]])


def test_wrong_parameters_are_refused_at_once() -> None:
    with pytest.raises(InvalidParameterError, match="width"):
        SelfOrganizingMap(0, 4)


@given(
    width=st.integers(1, 8),
    height=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
    data=st.lists(st.tuples(*[st.floats(-5, 5, allow_nan=False)] * 2), min_size=1, max_size=6),
)
def test_weights_stay_in_the_hull_of_the_data_and_the_initial_weights(
    width: int, height: int, seed: int, data: list[tuple[float, float]]
) -> None:
    som = SelfOrganizingMap(width, height, iterations=15, learning_rate=1.0, random_state=seed)
    weights = som.fit(data).weights_.reshape(-1, 2)
    start = np.random.default_rng(seed).random((width, height, 2)).reshape(-1, 2)
    points = np.concatenate([np.array(data), start])
    for angle in np.linspace(0, np.pi, 16, endpoint=False):
        # A set is in a convex hull only if its projection is within the hull's, in every direction.
        direction = np.array([np.cos(angle), np.sin(angle)])
        assert (weights @ direction).max() <= (points @ direction).max() + 1e-12
        assert (weights @ direction).min() >= (points @ direction).min() - 1e-12


@given(width=st.integers(1, 8), height=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_the_same_seed_is_the_same_map(width: int, height: int, seed: int) -> None:
    def weights() -> oracle.Array:
        return SelfOrganizingMap(width, height, iterations=5, random_state=seed).fit(DATA).weights_

    np.testing.assert_array_equal(weights(), weights())
