"""Percentiles of the distances of rows to their best matching units, which mark outliers."""

import numpy as np

from kohonen.engines.search import IntArray
from kohonen.inputs.arrays import FloatArray

__all__ = ["LEAST_ROWS", "percentiles"]

#: The least number of rows of a unit whose distances are compared among themselves.
LEAST_ROWS = 30


def percentiles(
    units: IntArray, distances: FloatArray, trained_units: IntArray, trained_distances: FloatArray
) -> FloatArray:
    """Return the shares of the training rows that are at most as far from their unit as each row is from its.

    Parameters
    ----------
    units : ndarray of shape (n,)
        The best matching units of the rows, as indices in C order of ``[x, y]``.
    distances : ndarray of shape (n,)
        The distances of the rows to them.
    trained_units, trained_distances : ndarray of shape (m,)
        Likewise for the training rows, at least one.

    Returns
    -------
    ndarray of shape (n,)
        Shares from 0 to 1. A row is compared with the training rows of its unit if these are at least
        `LEAST_ROWS`, and with all training rows otherwise.
    """
    shares = _shares(np.sort(trained_distances), distances)
    order = np.lexsort((trained_distances, trained_units))
    crowded, first, counts = np.unique(trained_units[order], return_index=True, return_counts=True)
    for unit, start, count in zip(crowded.tolist(), first.tolist(), counts.tolist(), strict=True):
        if count >= LEAST_ROWS:
            here = units == unit
            shares[here] = _shares(trained_distances[order[start : start + count]], distances[here])
    return shares


def _shares(ascending: FloatArray, distances: FloatArray) -> FloatArray:
    return np.searchsorted(ascending, distances, side="right") / len(ascending)
