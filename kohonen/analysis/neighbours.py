"""The rows nearest to a row, searched through a map."""

from typing import NamedTuple

import numpy as np

from kohonen.engines.search import IntArray, match
from kohonen.inputs.arrays import FloatArray

__all__ = ["Neighbours", "RowSearch"]

#: A bound counts only if it is larger than a distance by this share: rounding is far below it.
MARGIN = 1e-9


class Neighbours(NamedTuple):
    """The nearest rows of each of ``n`` rows.

    Attributes
    ----------
    rows : ndarray of shape (n, k)
        Indices of the nearest rows, the nearest first; rows at the same distance in ascending order.
    distances : ndarray of shape (n, k)
        Their distances.
    """

    rows: IntArray
    distances: FloatArray


class RowSearch:
    """Exact search for the rows nearest to a row, by Euclidean distance.

    The rows are grouped by their best matching unit. With ``r`` the largest distance of a unit's rows to its
    weights ``W``, none of them is nearer to a row ``q`` than ``|q - W| - r`` (the triangle inequality). The
    units are searched in ascending order of this bound, until it exceeds the distance of the rows found.

    Distances from and to rows with missing values are over the values that both have, scaled by ``sqrt(dim /
    number of them)``, as scikit-learn's ``nan_euclidean_distances``; rows without a common value are the
    farthest. The triangle inequality does not hold for them, so such rows are compared with all rows.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights of the map.
    rows : ndarray of shape (n, dim)
        The rows to search, with NaN for missing values.

    Examples
    --------
    >>> import numpy as np
    >>> search = RowSearch(np.zeros((1, 1, 2)), np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    >>> search.nearest(np.array([[0.0, 0.1]]), count=2).rows
    array([[0, 2]])
    """

    def __init__(self, weights: FloatArray, rows: FloatArray) -> None:
        self._rows = rows
        self._gaps = np.flatnonzero(np.isnan(rows).any(axis=1))
        whole = np.flatnonzero(~np.isnan(rows).any(axis=1))
        found = match(weights, rows[whole])
        order = np.argsort(found.units[:, 0], kind="stable")
        used, first = np.unique(found.units[order, 0], return_index=True)
        self._groups = np.split(whole[order], first[1:]) if len(whole) else []
        distances = np.split(found.distances[order, 0], first[1:])
        self._radii = np.array([group.max() for group in distances if len(group)])
        self._centres = weights.reshape(-1, weights.shape[2])[used]

    def nearest(self, queries: FloatArray, count: int) -> Neighbours:
        """Find the nearest rows of each query.

        Parameters
        ----------
        queries : ndarray of shape (m, dim)
            Rows, with NaN for missing values.
        count : int
            The number of rows wanted for each, at least 1; all rows if there are fewer.
        """
        count = min(count, len(self._rows))
        rows = np.empty((len(queries), count), dtype=np.int64)
        distances = np.empty((len(queries), count))
        for place, query in enumerate(queries):
            rows[place], distances[place] = self._nearest(query, count)
        return Neighbours(rows, distances)

    def _nearest(self, query: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
        if np.isnan(query).any():
            return _least(np.arange(len(self._rows)), _distances(self._rows, query), count)
        found, distances = _least(self._gaps, _distances(self._rows[self._gaps], query), count)
        bounds = _distances(self._centres, query) * (1.0 - MARGIN) - self._radii * (1.0 + MARGIN)
        for unit in np.argsort(bounds, kind="stable"):
            if len(found) == count and bounds[unit] > distances[-1]:
                break
            group = self._groups[unit]
            found = np.concatenate([found, group])
            distances = np.concatenate([distances, _distances(self._rows[group], query)])
            found, distances = _least(found, distances, count)
        return found, distances


def _least(rows: IntArray, distances: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Return the `count` nearest of some rows, with their distances."""
    order = np.lexsort((rows, distances))[:count]
    return rows[order], distances[order]


def _distances(rows: FloatArray, query: FloatArray) -> FloatArray:
    """Return the distances of rows (n, dim) to one row (dim,), summed in order of dimension."""
    total, common = np.zeros(len(rows)), np.zeros(len(rows))
    for column, value in zip(rows.T, query, strict=True):
        difference = column - value
        there = ~np.isnan(difference)
        total += np.where(there, difference * difference, 0.0)
        common += there
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(common == len(query), total, total * (len(query) / common))
    return np.sqrt(np.where(common == 0.0, np.inf, scaled))
