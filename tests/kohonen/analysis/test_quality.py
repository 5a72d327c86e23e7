import numpy as np
import pytest

from kohonen import Quality, assess


def test_by_hand() -> None:
    weights = np.array([[[0.0]], [[10.0]], [[1.0]], [[2.0]]])  # four units in a row
    samples = np.array([[0.0], [0.5], [9.0], [1.6]])
    # Best and second best: 0 and 2 (apart), 0 and 2 (apart, tied), 1 and 3 (apart), 3 and 2 (neighbours).
    quality = assess(weights, samples)
    assert quality.quantization_error == pytest.approx((0 + 0.5 + 1 + 0.4) / 4)
    assert quality.topographic_error == 0.75
    deviations = samples - samples.mean()
    assert quality.explained_variance == pytest.approx(1 - (0.25 + 1 + 0.16) / (deviations**2).sum())
    assert quality.unused_units == 0.25


def test_diagonal_units_are_neighbours() -> None:
    weights = np.array([[[0.0], [9.0]], [[9.0], [1.0]]])
    assert assess(weights, np.array([[0.1]])).topographic_error == 0.0


def test_one_unit_has_no_topographic_error() -> None:
    assert assess(np.array([[[1.0, 1.0]]]), np.array([[1.0, 0.0]])) == Quality(
        1.0, 0.0, explained_variance=None, unused_units=0.0
    )


def test_what_a_perfect_map_explains() -> None:
    samples = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert assess(samples.reshape(2, 1, 2), samples).explained_variance == 1.0


def test_equal_samples_have_no_variance_to_explain() -> None:
    samples = np.full((3, 2), 0.1)
    assert assess(np.zeros((2, 2, 2)), samples).explained_variance is None
    assert assess(samples[:1].reshape(1, 1, 2), samples).explained_variance is None


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-5, 1.0, 1e149])
def test_what_is_explained_is_a_finite_number_or_none(scale: float) -> None:
    samples = np.array([[0.0], [scale]])
    for weights in (np.full((1, 1, 1), 1e150), np.zeros((1, 1, 1)), samples.reshape(2, 1, 1)):
        explained = assess(weights, samples).explained_variance
        assert explained is None or np.isfinite(explained)


def test_a_weight_of_two_counts_as_the_sample_twice() -> None:
    generator = np.random.default_rng(4)
    weights, samples = generator.random((4, 3, 2)), generator.random((9, 2))
    samples[0, 0] = np.nan
    counts = np.array([2, 1, 0, 3, 1, 1, 0, 0, 2])
    weighted = assess(weights, samples, sample_weight=counts * 0.5)
    repeated = assess(weights, np.repeat(samples, counts, axis=0))
    assert weighted.quantization_error == pytest.approx(repeated.quantization_error, rel=1e-12)
    assert weighted.topographic_error == pytest.approx(repeated.topographic_error, rel=1e-12)
    assert weighted.unused_units == repeated.unused_units
