import numpy as np
import pytest

from kohonen.analysis.outliers import LEAST_ROWS, percentiles


def test_a_row_is_compared_with_all_where_its_unit_has_few() -> None:
    units, distances = np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 3.0, 4.0])
    found = percentiles(np.array([0, 1, 5]), np.array([0.5, 3.0, 9.0]), units, distances)
    assert found.tolist() == [0.0, 0.75, 1.0]


def test_a_row_is_compared_with_its_unit_s_rows_where_there_are_enough() -> None:
    units = np.repeat([3, 7], [LEAST_ROWS, LEAST_ROWS - 1])
    distances = np.concatenate([np.arange(LEAST_ROWS), np.full(LEAST_ROWS - 1, 1000.0)])
    found = percentiles(np.array([3, 7]), np.array([LEAST_ROWS / 2 - 1, 500.0]), units, distances)
    assert found == pytest.approx([0.5, LEAST_ROWS / len(units)])


def test_the_training_rows_themselves_are_spread_evenly() -> None:
    distances = np.random.default_rng(0).permutation(100.0 + np.arange(100))
    units = np.zeros(100, dtype=np.int64)
    assert sorted(percentiles(units, distances, units, distances)) == pytest.approx(np.arange(1, 101) / 100)
