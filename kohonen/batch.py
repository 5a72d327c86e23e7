"""The batch algorithm in pure functions: what a block of samples says, and what follows from all of them.

In an iteration the weights stay as they are while all samples are looked up. With ``n_b`` and ``S_b`` the
number and the sum of the samples whose best matching unit is ``b``, and ``g`` the neighbourhood,

    W_i = sum_b g(|x_i - x_b|) g(|y_i - y_b|) S_b  /  sum_b g(|x_i - x_b|) g(|y_i - y_b|) n_b

What blocks of samples say adds up, wherever they are looked up, so that neither memory nor one machine bounds
their number; and the Gaussian is separable, so that the sums cost two products with small matrices.

References
----------
T. Kohonen, *Self-Organizing Maps*, 3rd edition, Springer 2001, section 3.6 ("The Batch Map").
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kohonen.data import FloatArray
from kohonen.search import IntArray, match

__all__ = ["Statistics", "gather", "merge", "partial", "settle", "update"]

#: How many columns, or rows, are smoothed at a time: bounds the memory for the matrix of the neighbourhood.
SMOOTHED_AT_ONCE = 512


class Statistics(NamedTuple):
    """What samples say about a map.

    Attributes
    ----------
    counts : ndarray of shape (width, height)
        How many samples have the unit as their best matching one.
    sums : ndarray of shape (dim, width, height)
        The sums of those samples.
    """

    counts: FloatArray
    sums: FloatArray

    @property
    def planes(self) -> FloatArray:
        """The sums, and the counts as one more plane behind them."""
        return np.concatenate([self.sums, self.counts[None]])


def partial(block: FloatArray, weights: FloatArray) -> Statistics:
    """Return what a block of samples (n, dim) says about the map of weights (width, height, dim)."""
    return gather(block, match(weights, block).units[:, 0], weights.shape[:2])


def gather(block: FloatArray, units: IntArray, shape: tuple[int, ...]) -> Statistics:
    """Return what samples (n, dim) say about a map of the given shape, their best matching units being known.

    Parameters
    ----------
    block : ndarray of shape (n, dim)
        The samples.
    units : ndarray of shape (n,)
        Their best matching units, as indices in C order.
    shape : tuple of int
        Width and height of the map.
    """
    cells = shape[0] * shape[1]
    sums = np.empty((block.shape[1], cells))
    for k, column in enumerate(block.T):
        sums[k] = np.bincount(units, weights=column, minlength=cells)
    counts = np.bincount(units, minlength=cells).astype(np.float64)
    return Statistics(counts.reshape(shape), sums.reshape(-1, *shape))


def merge(one: Statistics, other: Statistics) -> Statistics:
    """Return what two blocks of samples say together."""
    return Statistics(one.counts + other.counts, one.sums + other.sums)


def update(weights: FloatArray, statistics: Statistics, table: Sequence[float]) -> FloatArray:
    """Return the weights that follow.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights before: a unit that no sample reaches keeps them.
    statistics : Statistics
        What all samples say.
    table : sequence of float
        The neighbourhood ``g(0), g(1), ...``; zero beyond its end.

    Returns
    -------
    ndarray of shape (width, height, dim)
        A new array.
    """
    planes = _smooth(_smooth(statistics.planes, table).swapaxes(1, 2), table).swapaxes(1, 2)
    return settle(weights, planes)


def settle(weights: FloatArray, planes: FloatArray) -> FloatArray:
    """Return the weights that smoothed statistics ask for; a unit that no sample reaches keeps its own."""
    reached = planes[-1] > 0.0
    updated = weights.copy()
    updated[reached] = (planes[:-1, reached] / planes[-1, reached]).T
    return updated


def _smooth(planes: FloatArray, table: Sequence[float]) -> FloatArray:
    """Smooth planes (k, size, other) along the middle axis: each place becomes the sum of all, times g."""
    size = planes.shape[1]
    reach = min(len(table), size) - 1
    mirrored = np.zeros(2 * size - 1)
    mirrored[size - 1 - reach : size + reach] = [*table[reach:0:-1], *table[: reach + 1]]
    # Row i holds g(|j - i|) for each place j.
    matrix = sliding_window_view(mirrored, size)[::-1]
    smoothed = np.empty_like(planes)
    for start in range(0, size, SMOOTHED_AT_ONCE):
        stop = min(start + SMOOTHED_AT_ONCE, size)
        near = slice(max(0, start - reach), min(size, stop + reach))
        np.matmul(matrix[start:stop, near], planes[:, near], out=smoothed[:, start:stop])
    return smoothed
