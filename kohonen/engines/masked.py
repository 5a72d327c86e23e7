"""Batch training on samples with missing values (NaN), on a grid of any geometry.

A component of a unit is a mean over the samples that have it. With ``n_bk`` and ``S_bk`` the number and the
sum of the present values of component ``k`` in the samples whose best matching unit is ``b``, and ``g`` the
neighbourhood,

    W_ik = sum_b g g S_bk / sum_b g g n_bk

and a component without values in reach keeps its weight. On complete samples this is the batch algorithm.
For online training with missing values see :mod:`kohonen.engines.numpy_any_grid`.
"""

from collections.abc import Iterator

import numpy as np

from kohonen.engines.batch_statistics import Statistics, gather
from kohonen.engines.cost import Cost
from kohonen.engines.numpy_any_grid import AnyGridBatch
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["MaskedBatch"]


class MaskedBatch(AnyGridBatch):
    """Batch training on samples with missing values; the statistics have two planes per component."""

    batch_size = 8192
    cost = Cost(per_step=20e-6, per_dimension=2e-6, per_value=16e-9, per_smoothing=16e-9)

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        super().__init__(weights, samples, schedule)
        present = ~np.isnan(samples)
        # The values to sum, and the indicators that sum up to the number of values.
        self._summed = np.hstack([np.where(present, samples, 0.0), present])

    def _statistics(self) -> Iterator[Statistics]:
        """Search all samples, and yield the statistics of each block in order."""
        units = self._match(self._weights, self._samples).units[:, 0]
        for begin in range(0, len(units), self.batch_size):
            block = slice(begin, begin + self.batch_size)
            yield gather(self._summed[block], units[block], self._weights.shape[:2])

    def _updated(self, statistics: Statistics, iteration: int) -> FloatArray:
        """Return the weights after an iteration."""
        around = self.geometry.neighbourhood(self._schedule, iteration, self._weights.shape[:2])
        smoothed = np.moveaxis(around.smooth(statistics.sums), 0, 2)
        sums, counts = np.split(smoothed, 2, axis=2)
        updated = self._weights.copy()
        np.divide(sums, counts, out=updated, where=counts > 0.0)
        return updated
