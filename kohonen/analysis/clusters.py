"""Clusters of units, by Ward's method on their weights.

Ward's method starts with one cluster per unit and repeatedly merges the two clusters whose union adds least
to the sum of squared distances to the clusters' means. It is deterministic.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kohonen.errors import InvalidParameterError
from kohonen.inputs.arrays import FloatArray

__all__ = ["MOST_CLUSTERS", "Clusters", "cluster_units", "davies_bouldin"]

IntArray = npt.NDArray[np.int64]

#: The largest number of clusters that ``k="auto"`` tries.
MOST_CLUSTERS = 8
#: The largest number of units to merge. Of larger maps an evenly spaced subset is merged, and each unit gets
#: the cluster of the nearest centre.
MOST_UNITS = 1_600
#: Weights, or distances, that are held at a time.
BLOCK = 2**17


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of units.

    Attributes
    ----------
    labels : ndarray of shape (width, height)
        The cluster of each unit, from 0; the largest cluster is 0.
    centres : ndarray of shape (k, dim)
        The mean weights of each cluster's units.
    indices : dict of int to float
        The Davies-Bouldin index by number of clusters tried: the smaller, the better the clusters are
        separated. Empty where the number was given.
    """

    labels: IntArray
    centres: FloatArray
    indices: dict[int, float]

    @property
    def count(self) -> int:
        """The number of clusters."""
        return len(self.centres)


def cluster_units(weights: FloatArray, k: int | Literal["auto"] = "auto") -> Clusters:
    """Cluster the units of a map by Ward's method on their weights.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Finite weights of a map.
    k : int or "auto", default "auto"
        The number of clusters, from 1 to the number of units. ``"auto"`` takes the number from 2 to 8 with
        the smallest Davies-Bouldin index.

    Returns
    -------
    Clusters
        Fewer than `k` where fewer units differ.

    Raises
    ------
    InvalidParameterError
        For any other ``k``.

    References
    ----------
    J. H. Ward, "Hierarchical grouping to optimize an objective function", JASA 58, 236-244 (1963).
    J. Vesanto and E. Alhoniemi, "Clustering of the self-organizing map", IEEE Transactions on Neural Networks
    11(3), 586-600 (2000): clusters of units, their number by the Davies-Bouldin index.
    """
    width, height, dimension = weights.shape
    units = weights.reshape(-1, dimension)
    most = len(units)
    if k != "auto" and not (type(k) is int and 1 <= k <= most):
        raise InvalidParameterError(
            f"k must be 'auto' or an integer from 1 to the map's {most} units, but is {k!r}", parameter="k"
        )
    stride = max(1, math.ceil(math.sqrt(most / MOST_UNITS)))
    chosen = weights[::stride, ::stride].reshape(-1, dimension)
    merges = _merges(chosen)
    tried: dict[int, float] = {}
    if k == "auto":
        for number in range(2, min(MOST_CLUSTERS, len(chosen) - 1) + 1):
            tried[number] = davies_bouldin(chosen, _cut(merges, number))
    number = min(tried, key=lambda number: tried[number], default=1) if k == "auto" else k
    labels = _cut(merges, min(number, len(chosen)))
    if stride > 1:
        labels = _nearest(units, _means(chosen, labels))
    labels = _by_size(labels)
    return Clusters(labels.reshape(width, height), _means(units, labels), tried)


def davies_bouldin(points: FloatArray, labels: IntArray) -> float:
    """Return the Davies-Bouldin index of clusters of points (n, dim); infinite for fewer than two clusters.

    The overlap of two clusters is the sum of their points' mean distances to the centres, divided by the
    distance of the centres. The index is the mean, over the clusters, of the largest overlap with another.

    References
    ----------
    D. L. Davies and D. W. Bouldin, "A cluster separation measure", IEEE PAMI 1(2), 224-227 (1979).
    """
    centres = _means(points, labels)
    if len(centres) < 2:
        return math.inf
    spread = np.bincount(labels, np.linalg.norm(points - centres[labels], axis=1)) / np.bincount(labels)
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        overlap = (spread[:, None] + spread[None]) / apart
    return float(np.nan_to_num(overlap, nan=np.inf).max(axis=1).mean())


def _merges(points: FloatArray) -> list[tuple[float, int, int]]:
    """Return Ward's merges, the cheapest first: the cost, and one point of each of the two clusters.

    A chain of nearest neighbours is followed until two clusters are each other's nearest. Merging these gives
    the same tree as always merging the cheapest pair (F. Murtagh, The Computer Journal 26(4), 1983).
    """
    scale = float(np.abs(points).max()) or 1.0
    centres, sizes = points / scale, np.ones(len(points))
    alive = np.full(len(points), True)
    merges: list[tuple[float, int, int]] = []
    chain: list[int] = []
    while len(merges) < len(points) - 1:
        if not chain:
            chain.append(int(alive.argmax()))
        last = chain[-1]
        difference = centres - centres[last]
        cost = np.einsum("id,id->i", difference, difference) * (sizes * sizes[last] / (sizes + sizes[last]))
        cost[~alive] = cost[last] = np.inf
        nearest = int(cost.argmin())
        # A tie goes to the previous cluster of the chain; otherwise the chain might never end.
        if len(chain) > 1 and cost[chain[-2]] <= cost[nearest]:
            one, other = chain.pop(), chain.pop()
            merges.append((float(cost[other]), one, other))
            together = sizes[one] + sizes[other]
            centres[one] = (sizes[one] * centres[one] + sizes[other] * centres[other]) / together
            sizes[one], alive[other] = together, False
        else:
            chain.append(nearest)
    return sorted(merges, key=lambda merge: merge[0])


def _cut(merges: list[tuple[float, int, int]], count: int) -> IntArray:
    """Return the cluster of each point once the merges have left `count` clusters."""
    group = np.arange(len(merges) + 1)
    for _, one, other in merges[: len(group) - count]:
        group[group == group[other]] = group[one]
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def _means(points: FloatArray, labels: IntArray) -> FloatArray:
    sums = np.array([np.bincount(labels, column) for column in points.T]).T
    return np.asarray(sums / np.bincount(labels)[:, None])


def _nearest(points: FloatArray, centres: FloatArray) -> IntArray:
    nearest = np.empty(len(points), dtype=np.int64)
    rows = max(1, BLOCK // max(points.shape[1], len(centres)))
    for start in range(0, len(points), rows):
        block = points[start : start + rows]
        distances = [np.einsum("id,id->i", apart, apart) for apart in (block - centre for centre in centres)]
        nearest[start : start + rows] = np.argmin(distances, axis=0)
    return nearest


def _by_size(labels: IntArray) -> IntArray:
    """Renumber clusters by size, the largest first; a tie goes to the one that occurs first."""
    values, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    new = np.empty(int(values.max()) + 1, dtype=np.int64)
    new[values[order]] = np.arange(len(values))
    return new[labels]
