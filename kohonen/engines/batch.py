"""Engines for batch training: one search for all samples, then one update of all weights.

The engines differ in their search, their sums and their matrix products, whose results are equal bit for bit.
They train grids of any geometry, and samples with missing values and weights.
"""

from collections.abc import Callable

import numpy as np

from kohonen.engines.cores import ahead
from kohonen.engines.cost import Cost
from kohonen.engines.products import native_product, numpy_product
from kohonen.engines.search import IntArray, Matches, by_sums, match
from kohonen.engines.sums import NativeSums, Sums, largest, scales
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["NativeBatch", "NumpyBatch"]


class NumpyBatch:
    """Batch training.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The initial weights; copied.
    samples : ndarray of shape (n, dim)
        The samples; NaN for missing values, which are left out component by component.
    schedule : Schedule
        The radius; the learning rate is ignored.
    geometry : Geometry, default PLANAR
        The kind of the grid.
    sample_weight : ndarray of shape (n,), optional
        Weights of the samples, not negative: a weight of 2 counts as the sample twice.
    """

    name = "numpy"
    cost = Cost(per_step=1e-6, per_dimension=0.2e-6, per_value=2.5e-9, per_smoothing=2e-9)
    #: Samples per search; affects memory, not the result.
    batch_size = 2**17
    _match: Callable[[FloatArray, FloatArray], Matches] = staticmethod(by_sums)
    _sums: type[Sums] = Sums
    _product: Callable[[FloatArray, FloatArray], FloatArray] = staticmethod(numpy_product)

    def __init__(
        self,
        weights: FloatArray,
        samples: FloatArray,
        schedule: Schedule,
        geometry: Geometry = PLANAR,
        sample_weight: FloatArray | None = None,
    ) -> None:
        self._weights = weights.copy()
        self._samples = samples
        self._schedule = schedule
        self._geometry = geometry
        self._sample_weight = sample_weight
        self._scale = scales(largest(samples, sample_weight))
        self._masked = bool(np.isnan(samples.min()))

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        shape = self._weights.shape[:2]
        for around in self._geometry.neighbourhoods(self._schedule, first, last, shape):
            smoothed = around.smooth(self._planes().reshape(-1, *shape), self._product)
            sums, counts = np.split(smoothed, [self._weights.shape[2]])
            # Where no sample is in reach, weights stay as they are.
            np.divide(sums, counts, out=np.moveaxis(self._weights, 2, 0), where=counts > 0.0)

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""
        return self._weights.copy()

    def _planes(self) -> FloatArray:
        """Return sums and counts of all samples by their best matching units."""
        width, height, _ = self._weights.shape
        sums = self._sums(width * height, self._scale, masked=self._masked)
        size, step = len(self._samples), self.batch_size
        parts = [slice(start, start + step) for start in range(0, size, step)]
        for part, units in zip(parts, ahead(self._units, parts), strict=True):
            weight = None if self._sample_weight is None else self._sample_weight[part]
            sums.add(units, self._samples[part], weight)
        return sums.planes()

    def _units(self, part: slice) -> IntArray:
        """Return the best matching units of some samples."""
        return self._match(self._weights, self._samples[part]).units[:, 0]


class NativeBatch(NumpyBatch):
    """Batch training with the compiled kernel."""

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
    _sums = NativeSums
    _product = staticmethod(native_product)
