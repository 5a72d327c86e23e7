import re
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidDataError
from kohonen.inputs.arrays import Dataset, as_sample_weight, as_samples, as_weights, weighted_mean


def test_samples_are_contiguous_float64_of_their_own() -> None:
    given = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    samples = as_samples(given)
    assert samples.dtype == np.float64
    assert samples.flags.c_contiguous
    assert samples.tolist() == [[0, 1], [2, 3], [4, 5]]
    already = np.ones((2, 2))
    assert not np.shares_memory(as_samples(already), already)


def test_negative_zero_becomes_zero() -> None:
    assert as_samples([[-0.0]]).tobytes() == as_samples([[0.0]]).tobytes()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "at least one sample"),
        ([[]], "at least one sample"),
        (3.0, "at least one sample"),
        ([1.0, 2.0], "one row a sample"),
        (np.zeros((2, 2, 2)), "shape (2, 2, 2)"),
        ([[1.0, 2.0], [3.0]], "rectangular"),
        ([["a"]], "must be numbers"),
        ([[True]], "must be numbers"),
        ([[1j]], "must be numbers"),
        ([[None]], "hold nan at [0, 0]"),
        ([[0.0, np.nan]], "hold nan at [0, 1]"),
        ([[0.0], [np.inf]], "hold inf at [1, 0]"),
        ([[0.0], [-1e200]], "hold -1e+200 at [1, 0]"),
    ],
)
def test_what_cannot_be_used_is_said(data: Any, says: str) -> None:
    with pytest.raises(InvalidDataError, match=re.escape(says)):
        as_samples(data)


def test_dimension_is_held() -> None:
    with pytest.raises(InvalidDataError, match="must have 3 values"):
        as_samples([[1.0, 2.0]], dimension=3)


def test_weights_of_another_shape() -> None:
    with pytest.raises(InvalidDataError, match=r"shape \(2, 3, 1\)"):
        as_weights(np.zeros((3, 2, 1)), width=2, height=3, dimension=1)


def test_weights_that_are_not_finite() -> None:
    with pytest.raises(InvalidDataError, match="the weights must be finite"):
        as_weights(np.full((1, 1, 1), np.nan), width=1, height=1, dimension=1)


def test_missing_values_are_one_nan() -> None:
    odd = np.array([0x7FF8DEADBEEF0001, 0x3FF0000000000000], dtype=np.uint64).view(np.float64)
    samples = as_samples([odd.tolist(), [-0.0, np.nan]], missing="mask")
    assert samples.tobytes() == np.array([[np.nan, 1.0], [0.0, np.nan]]).tobytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[1.0, 2.0], [np.nan, np.nan]], r"the sample at \[1\] has no values"),
        ([[1.0, np.nan], [np.inf, 1.0]], r"hold inf at \[1, 0\]"),
    ],
)
def test_what_is_masked_is_checked_as_well(data: list[list[float]], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        as_samples(data, missing="mask")
    with pytest.raises(InvalidDataError, match="must be finite"):
        as_samples([[1.0, np.nan]])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], r"a sample weight for each of 3 samples, but their shape is \(2,\)"),
        ([[1.0], [2.0], [3.0]], r"their shape is \(3, 1\)"),
        ([1.0, -0.5, 1.0], r"must not be negative, but the one at \[1\] is -0.5"),
        ([0.0, 0.0, -0.0], "at least one sample weight must be above zero"),
        ([1.0, np.nan, 1.0], "must be finite"),
        ([1.0, "x", 1.0], "the sample weights must be numbers"),
    ],
)
def test_sample_weights_that_cannot_be_used(weights: Any, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        as_sample_weight(weights, count=3)


def test_sample_weights_are_contiguous_float64_of_their_own() -> None:
    assert as_sample_weight(None, count=3) is None
    given = np.arange(6)[::2]
    weights = as_sample_weight(given, count=3)
    assert weights is not None
    assert weights.dtype == np.float64
    assert weights.tolist() == [0, 2, 4]
    assert weights.flags.c_contiguous


def test_data_are_stored_as_one_table() -> None:
    samples, weight = np.array([[1.0, np.nan], [3.0, 4.0]]), np.array([0.5, 2.0])
    for data in (Dataset(samples), Dataset(samples, weight)):
        restored = Dataset.of(data.table, weighted=data.sample_weight is not None)
        for one, other in zip(data, restored, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_mean_is_weighted_unless_all_weights_are_zero() -> None:
    values = np.array([1.0, 2.0, 4.0])
    assert weighted_mean(values, None) == weighted_mean(values, np.zeros(3)) == 7 / 3
    assert weighted_mean(values, np.array([0.0, 1e308, 1e308])) == 3.0
