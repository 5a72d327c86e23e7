"""Engines for batch training: one search for all samples, then one update of all weights.

The two engines differ in their search. The units found are the same; the smoothing uses NumPy's matrix
product, which may round differently on another processor.
"""

import functools
from collections.abc import Callable, Iterator

import numpy as np

from kohonen.engines.batch_statistics import Statistics, gather, merge, update
from kohonen.engines.cost import Cost
from kohonen.engines.search import IntArray, Matches, by_sums, match
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["NativeBatch", "NumpyBatch"]

#: Samples per partial sum; it affects the rounding, so it is a constant.
BLOCK = 8192


class NumpyBatch:
    """Batch training of a planar rectangular grid.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The initial weights; copied.
    samples : ndarray of shape (n, dim)
        The samples.
    schedule : Schedule
        The radius; the learning rate is ignored.
    """

    name = "numpy"
    cost = Cost(per_step=1e-6, per_dimension=0.2e-6, per_value=2.5e-9, per_smoothing=0.3e-9)
    #: Samples per search; affects memory, not the result.
    batch_size = 16 * BLOCK
    _match: Callable[[FloatArray, FloatArray], Matches] = staticmethod(by_sums)

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        self._weights = weights.copy()
        self._samples = samples
        self._schedule = schedule

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        for iteration in range(first, last):
            self._weights = self._updated(functools.reduce(merge, self._statistics()), iteration)

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""
        return self._weights.copy()

    def _updated(self, statistics: Statistics, iteration: int) -> FloatArray:
        """Return the weights after an iteration."""
        table = self._schedule.neighbourhood(iteration, max(self._weights.shape[:2]))
        return update(self._weights, statistics, table)

    def _statistics(self) -> Iterator[Statistics]:
        """Search all samples, and yield the statistics of each block in order."""
        shape = self._weights.shape[:2]
        # A multiple of BLOCK, so that the batch size does not affect the rounding.
        step = max(BLOCK, self.batch_size - self.batch_size % BLOCK)
        for start in range(0, len(self._samples), step):
            batch = self._samples[start : start + step]
            units = self._units(batch)
            for begin in range(0, len(batch), BLOCK):
                block = slice(begin, begin + BLOCK)
                yield gather(batch[block], units[block], shape)

    def _units(self, samples: FloatArray) -> IntArray:
        """Return the best matching unit of each sample."""
        starts = range(0, len(samples), self.batch_size)
        found = [
            self._match(self._weights, samples[start : start + self.batch_size]).units for start in starts
        ]
        return np.concatenate(found)[:, 0]


class NativeBatch(NumpyBatch):
    """Batch training with the compiled kernel's search."""

    name = "native"
    cost = Cost(
        per_step=0.5e-6,
        per_dimension=0.1e-6,
        per_value=0.4e-9,
        per_smoothing=0.3e-9,
        pruning=64,
        # The search skips more units at the beginning, while their weights are similar.
        updating=-0.2,
    )
    _match = staticmethod(match)
