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


def test_diagonal_units_are_neighbours() -> None:
    weights = np.array([[[0.0], [9.0]], [[9.0], [1.0]]])
    assert assess(weights, np.array([[0.1]])).topographic_error == 0.0


def test_one_unit_has_no_topographic_error() -> None:
    assert assess(np.array([[[1.0, 1.0]]]), np.array([[1.0, 0.0]])) == Quality(1.0, 0.0)
