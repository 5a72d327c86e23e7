"""Ward's method is compared with its definition in plain loops; large and degenerate maps are clustered."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidParameterError
from kohonen.analysis import clusters
from kohonen.analysis.clusters import cluster_units, davies_bouldin
from kohonen.inputs.arrays import FloatArray


def ward_by_definition(points: FloatArray, k: int) -> set[frozenset[int]]:
    """Merge the two clusters whose union adds least to the sum of squares, until k are left."""
    groups = [frozenset([i]) for i in range(len(points))]

    def squares(group: frozenset[int]) -> float:
        members = points[sorted(group)]
        return float(((members - members.mean(axis=0)) ** 2).sum())

    while len(groups) > k:
        one, other = min(
            itertools.combinations(groups, 2),
            key=lambda pair: squares(pair[0] | pair[1]) - squares(pair[0]) - squares(pair[1]),
        )
        groups = [group for group in groups if group not in (one, other)] + [one | other]
    return set(groups)


def groups_of(labels: Any) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels.ravel() == label).tolist()) for label in np.unique(labels)}


@pytest.mark.parametrize("k", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("seed", range(4))
def test_groups_are_ward_s(k: int, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(5, 4, 3))
    found = cluster_units(weights, k)
    assert found.count == k
    assert groups_of(found.labels) == ward_by_definition(weights.reshape(-1, 3), k)
    assert found.indices == {}


def test_well_separated_groups_are_found_and_counted() -> None:
    weights = np.random.default_rng(0).normal(scale=0.1, size=(9, 6, 2))
    weights[:2] += 10.0
    weights[6:, 2:] -= 10.0
    found = cluster_units(weights)
    assert found.count == 3
    assert set(found.indices) == set(range(2, 9))
    assert min(found.indices, key=lambda k: found.indices[k]) == 3
    assert found.labels[4, 0] == 0  # the largest
    assert found.labels[0, 0] == found.labels[1, 5]
    assert len(set(found.labels[6:, 2:].ravel().tolist())) == 1
    for label in range(3):
        np.testing.assert_allclose(found.centres[label], weights[found.labels == label].mean(axis=0))
    sizes = np.bincount(found.labels.ravel())
    assert sorted(sizes, reverse=True) == sizes.tolist()


def test_large_maps_follow_the_centres_of_evenly_spaced_units(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.random.default_rng(0).normal(scale=0.1, size=(30, 20, 2))
    weights[:11] += 10.0
    expected = cluster_units(weights, 2).labels
    monkeypatch.setattr(clusters, "MOST_UNITS", 50)
    np.testing.assert_array_equal(cluster_units(weights, 2).labels, expected)
    assert cluster_units(weights).count == 2


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2, 1), (2, 1, 2)])
def test_the_smallest_maps_are_one_cluster(shape: tuple[int, int, int]) -> None:
    found = cluster_units(np.random.default_rng(0).random(shape))
    assert found.labels.tolist() == np.zeros(shape[:2], dtype=int).tolist()


def test_equal_units_can_be_grouped() -> None:
    assert cluster_units(np.zeros((4, 4, 2)), 3).labels.shape == (4, 4)
    assert cluster_units(np.zeros((4, 4, 2))).count >= 1


def test_davies_bouldin_by_hand() -> None:
    points = np.array([[0.0], [2.0], [10.0], [10.0]])
    assert davies_bouldin(points, np.array([0, 0, 1, 1])) == pytest.approx((1 + 0) / 9)
    assert davies_bouldin(points, np.array([0, 0, 0, 0])) == math.inf


@pytest.mark.parametrize("k", [0, 13, 2.0, True, "many", None])
def test_what_cannot_be_a_number_of_clusters_is_said(k: Any) -> None:
    with pytest.raises(
        InvalidParameterError, match="'auto' or an integer from 1 to the map's 12 units"
    ) as caught:
        cluster_units(np.zeros((4, 3, 2)), k)
    assert caught.value.parameter == "k"
