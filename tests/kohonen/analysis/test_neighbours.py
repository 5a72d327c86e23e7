"""The nearest rows are those of an exhaustive search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import nan_euclidean_distances

from kohonen import SelfOrganizingMap
from kohonen.analysis import neighbours
from kohonen.analysis.neighbours import RowSearch
from kohonen.inputs.arrays import FloatArray


def brute_force(rows: np.ndarray, queries: np.ndarray, count: int) -> np.ndarray:
    distances = nan_euclidean_distances(queries, rows)
    return np.sort(np.where(np.isnan(distances), np.inf, distances), axis=1)[:, :count]


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 60),
    dimension=st.integers(1, 4),
    count=st.integers(1, 70),
    missing=st.sampled_from([0.0, 0.0, 0.3]),
    whole_numbers=st.booleans(),
)
def test_neighbours_are_those_of_an_exhaustive_search(
    seed: int, size: int, dimension: int, count: int, missing: float, whole_numbers: bool
) -> None:
    random = np.random.default_rng(seed)
    rows, queries = random.normal(size=(size, dimension)), random.normal(size=(5, dimension))
    if whole_numbers:  # rows at the same distance, and equal rows
        rows, queries = rows.round(), queries.round()
    for table in (rows, queries):
        table[random.random(table.shape) < missing] = np.nan
        table[np.isnan(table).all(axis=1)] = 0.5
    weights = random.normal(size=(4, 3, dimension))
    found = RowSearch(weights, rows).nearest(queries, count)
    wanted = brute_force(rows, queries, count)
    assert found.rows.shape == wanted.shape
    np.testing.assert_allclose(found.distances, wanted, atol=1e-7)
    for near, far in zip(found.rows, found.distances, strict=True):
        assert len(set(near)) == len(near)
        ties = np.flatnonzero(far[1:] == far[:-1])
        assert (near[ties] < near[ties + 1]).all(), "rows at the same distance come in ascending order"


def test_most_rows_of_an_ordered_map_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    rows = random.random((5000, 3))
    som = SelfOrganizingMap(20, 20, iterations=10, random_state=0, algorithm="batch").fit(rows)
    search = RowSearch(som.weights_, rows)
    compared, original = [], neighbours._distances

    def distances(table: FloatArray, query: FloatArray) -> FloatArray:
        compared.append(len(table))
        return original(table, query)

    monkeypatch.setattr(neighbours, "_distances", distances)
    search.nearest(random.random((20, 3)), 10)
    assert sum(compared) < 20 * (400 + 1000)


def test_rows_with_gaps_do_not_hide_nearer_rows() -> None:
    rows = np.array([[10.0, np.nan], [0.1, np.nan], [1.0, 1.0]])
    found = RowSearch(np.zeros((1, 1, 2)), rows).nearest(np.zeros((1, 2)), 2)
    assert found.rows.tolist() == [[1, 2]]


def test_a_row_without_a_common_value_is_the_farthest() -> None:
    rows = np.array([[np.nan, 1.0], [100.0, 1.0]])
    found = RowSearch(np.zeros((1, 1, 2)), rows).nearest(np.array([[0.0, np.nan]]), 2)
    assert found.rows.tolist() == [[1, 0]]
    assert found.distances.tolist() == [[100.0 * np.sqrt(2), np.inf]]
