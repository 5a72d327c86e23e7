"""The batch algorithm in pure functions: statistics of blocks of samples, and the update from their sum.

In an iteration the weights are constant while the best matching units of all samples are found. With ``n_b``
and ``S_b`` the number and the sum of the samples whose best matching unit is ``b``, and ``g`` the
neighbourhood,

    W_i = sum_b g(|x_i - x_b|) g(|y_i - y_b|) S_b  /  sum_b g(|x_i - x_b|) g(|y_i - y_b|) n_b

Statistics of blocks add up, so that blocks may be processed one by one or on several machines. The Gaussian
is separable, so that the smoothing takes two products with small matrices.

References
----------
T. Kohonen, *Self-Organizing Maps*, 3rd edition, Springer 2001, section 3.6 ("The Batch Map").
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kohonen.engines.search import IntArray, match
from kohonen.inputs.arrays import FloatArray

__all__ = ["Statistics", "gather", "merge", "new_weights", "partial", "update"]

#: Columns or rows per block of the smoothing: bounds the memory for the matrix of the neighbourhood.
SMOOTHING_BLOCK = 512


class Statistics(NamedTuple):
    """Statistics of samples by their best matching units.

    Attributes
    ----------
    counts : ndarray of shape (width, height)
        The number of samples with this best matching unit.
    sums : ndarray of shape (dim, width, height)
        The sums of those samples.
    """

    counts: FloatArray
    sums: FloatArray

    @property
    def planes(self) -> FloatArray:
        """The sums, and the counts as the last plane."""
        return np.concatenate([self.sums, self.counts[None]])


def partial(block: FloatArray, weights: FloatArray) -> Statistics:
    """Return the statistics of a block of samples (n, dim) on a map of weights (width, height, dim)."""
    return gather(block, match(weights, block).units[:, 0], weights.shape[:2])


def gather(block: FloatArray, units: IntArray, shape: tuple[int, ...]) -> Statistics:
    """Return the statistics of samples whose best matching units are known.

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
    """Return the sum of the statistics of two blocks."""
    return Statistics(one.counts + other.counts, one.sums + other.sums)


def update(weights: FloatArray, statistics: Statistics, table: Sequence[float]) -> FloatArray:
    """Return the weights after an iteration.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights before; units beyond the reach of all samples keep them.
    statistics : Statistics
        The statistics of all samples.
    table : sequence of float
        The neighbourhood ``g(0), g(1), ...``; zero beyond its end.

    Returns
    -------
    ndarray of shape (width, height, dim)
        A new array.
    """
    planes = _smooth(_smooth(statistics.planes, table).swapaxes(1, 2), table).swapaxes(1, 2)
    return new_weights(weights, planes)


def new_weights(weights: FloatArray, planes: FloatArray) -> FloatArray:
    """Divide smoothed sums by smoothed counts; units whose count is zero keep their weights."""
    reached = planes[-1] > 0.0
    updated = weights.copy()
    updated[reached] = (planes[:-1, reached] / planes[-1, reached]).T
    return updated


def _smooth(planes: FloatArray, table: Sequence[float]) -> FloatArray:
    """Convolve planes (k, size, other) with ``g`` along the middle axis."""
    size = planes.shape[1]
    reach = min(len(table), size) - 1
    mirrored = np.zeros(2 * size - 1)
    mirrored[size - 1 - reach : size + reach] = [*table[reach:0:-1], *table[: reach + 1]]
    # Row i holds g(|j - i|) for each place j.
    matrix = sliding_window_view(mirrored, size)[::-1]
    smoothed = np.empty_like(planes)
    for start in range(0, size, SMOOTHING_BLOCK):
        stop = min(start + SMOOTHING_BLOCK, size)
        near = slice(max(0, start - reach), min(size, stop + reach))
        np.matmul(matrix[start:stop, near], planes[:, near], out=smoothed[:, start:stop])
    return smoothed
