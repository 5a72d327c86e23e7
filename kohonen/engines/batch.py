"""The batch algorithm, for many samples: one search for all of them, then one step of all weights.

The two engines differ in who searches. The units found are the same to the bit; the sums are NumPy's, whose
matrix product may round otherwise on another processor.
"""

import functools
from collections.abc import Callable, Iterator

import numpy as np

from kohonen.batch import Statistics, gather, merge, update
from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.schedule import Schedule
from kohonen.search import IntArray, Matches, by_products, match

__all__ = ["NativeBatch", "NumpyBatch"]

#: Samples whose sums are made in one go and then added up, in order; another number is another rounding.
BLOCK = 8192


class NumpyBatch:
    """Batch training of a planar rectangular grid.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Where the training begins; copied.
    samples : ndarray of shape (n, dim)
        The samples.
    schedule : Schedule
        The radius; the learning rate plays no part.
    """

    name = "numpy"
    cost = Cost(per_step=1e-6, per_dimension=0.2e-6, per_value=2.5e-9, per_smoothing=0.3e-9)
    #: How many samples are looked up at a time: memory only, never the result.
    batch_size = 16 * BLOCK
    _match: Callable[[FloatArray, FloatArray], Matches] = staticmethod(by_products)

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        self._weights = weights.copy()
        self._samples = samples
        self._schedule = schedule

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        for iteration in range(first, last):
            self._weights = self._updated(functools.reduce(merge, self._statistics()), iteration)

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""
        return self._weights.copy()

    def _updated(self, statistics: Statistics, iteration: int) -> FloatArray:
        """Return the weights that follow an iteration."""
        table = self._schedule.neighbourhood(iteration, max(self._weights.shape[:2]))
        return update(self._weights, statistics, table)

    def _statistics(self) -> Iterator[Statistics]:
        """Look all samples up, and yield what each block of them says, in order."""
        shape = self._weights.shape[:2]
        # Whole blocks, whatever is looked up at a time: the sums shall round alike.
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
        # While units are much alike, in the beginning, the search passes over more of them.
        updating=-0.2,
    )
    _match = staticmethod(match)
