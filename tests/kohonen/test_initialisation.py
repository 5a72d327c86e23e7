import numpy as np
import pytest

from kohonen import Parameters, SelfOrganizingMap, train
from kohonen.initialisation import initial_weights
from kohonen.parameters import Initialisation


def start(kind: Initialisation, samples: object, *, width: int = 5, height: int = 3) -> np.ndarray:
    parameters = Parameters(width=width, height=height, random_state=4, initialisation=kind)
    return initial_weights(parameters, np.asarray(samples, dtype=float))


def test_random_is_the_default() -> None:
    expected = np.random.default_rng(4).random((5, 3, 2))
    np.testing.assert_array_equal(start("random", [[5.0, 6.0]]), expected)
    assert Parameters(width=1, height=1).initialisation == "random"


def test_samples_are_chosen_by_the_seed() -> None:
    samples = np.random.default_rng(0).normal(size=(7, 3))
    chosen = np.random.default_rng(4).integers(0, 7, size=(5, 3))
    np.testing.assert_array_equal(start("sample", samples), samples[chosen])


def test_pca_lies_along_the_components() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(4000, 2)) * [3.0, 1.0]
    directions = np.array([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]])
    samples = scores @ directions + [10.0, 20.0, 30.0]
    weights = start("pca", samples)
    np.testing.assert_allclose(weights.mean(axis=(0, 1)), samples.mean(axis=0))
    np.testing.assert_allclose(weights[..., 2], 30.0)
    np.testing.assert_allclose(weights[4, 1] - weights[0, 1], 2 * 3.0 * directions[0], atol=0.2)
    np.testing.assert_allclose(weights[2, 2] - weights[2, 0], 2 * 1.0 * -directions[1], atol=0.2)


def test_the_first_component_is_along_the_longer_side() -> None:
    samples = np.random.default_rng(0).normal(size=(500, 2)) * [5.0, 1.0]
    wide, high = start("pca", samples), start("pca", samples, width=3, height=5)
    np.testing.assert_allclose(wide, high.swapaxes(0, 1), rtol=1e-12)
    assert np.ptp(wide[:, 0, 0]) > np.ptp(wide[0, :, 1])


@pytest.mark.parametrize(
    ("samples", "spread"), [([[2.0, 3.0]], 0.0), ([[1.0, 1.0]] * 5, 0.0), ([[0.0], [2.0]], 2.0)]
)
def test_pca_of_little_data(samples: list[list[float]], spread: float) -> None:
    weights = start("pca", samples)
    np.testing.assert_allclose(weights.mean(axis=(0, 1)), np.mean(samples, axis=0))
    assert np.ptp(weights) == pytest.approx(spread if len(samples[0]) == 1 else np.ptp(samples[0]))


def test_pca_of_huge_numbers_does_not_overflow() -> None:
    assert np.isfinite(start("pca", [[1e149, 0.0], [-1e149, 1.0]])).all()


def test_a_row_of_units_lies_along_the_first_component() -> None:
    weights = start("pca", [[0.0, 0.0], [4.0, 0.0]], width=3, height=1)
    np.testing.assert_allclose(weights[:, 0], [[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]], atol=1e-15)


@pytest.mark.parametrize("kind", ["sample", "pca"])
def test_trainings_begin_there(kind: Initialisation) -> None:
    samples = np.random.default_rng(1).random((30, 3)) * 100
    parameters = Parameters(width=4, height=3, iterations=1, random_state=2, initialisation=kind)
    began = train(samples, parameters, should_stop=lambda: True)
    np.testing.assert_array_equal(began.weights, initial_weights(parameters, samples))
    som = SelfOrganizingMap(4, 3, iterations=1, random_state=2, initialisation=kind)
    np.testing.assert_array_equal(som.partial_fit(samples).weights_, train(samples, parameters).weights)


def test_principal_components_are_weighted() -> None:
    generator = np.random.default_rng(2)
    samples, counts = generator.random((8, 3)), np.array([1, 2, 0, 3, 1, 0, 1, 2])
    parameters = Parameters(width=4, height=3, initialisation="pca", random_state=0)
    np.testing.assert_allclose(
        initial_weights(parameters, samples, counts / 7),
        initial_weights(parameters, np.repeat(samples, counts, axis=0)),
        rtol=1e-9,
    )


def test_samples_of_weight_zero_are_not_drawn() -> None:
    samples = np.arange(10.0)[:, None]
    parameters = Parameters(width=5, height=5, initialisation="sample", random_state=0)
    drawn = initial_weights(parameters, samples, (samples[:, 0] > 7).astype(float))
    assert set(drawn.ravel().tolist()) == {8.0, 9.0}
