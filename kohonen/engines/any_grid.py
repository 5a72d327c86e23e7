"""Engines for every geometry, in NumPy: plain, and as fast as full passes over the map allow.

The other engines know the planar rectangular grid only. These do for all grids what the oracle does, and the
online one serves samples that miss values, too: see :mod:`kohonen.engines.masked`.
"""

import numpy as np

from kohonen.batch import Statistics, settle
from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.engines.batch import NumpyBatch
from kohonen.geometry import PLANAR, Geometry
from kohonen.schedule import Schedule
from kohonen.search import match

__all__ = ["AnyGridBatch", "AnyGridOnline"]


class AnyGridOnline:
    """Online training of a grid of any geometry.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Where the training begins; copied.
    samples : ndarray of shape (n, dim)
        The samples, presented in this order in each iteration; NaN for what is missing.
    schedule : Schedule
        Radius and learning rate.
    """

    name = "numpy"
    #: What grid it is; subclasses say.
    geometry: Geometry = PLANAR
    cost = Cost(per_step=50e-6, per_dimension=4e-6, per_value=5e-9)

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        self._width, self._height, _ = weights.shape
        self._samples = samples
        self._schedule = schedule
        self._absent = np.isnan(samples)
        self._planes = np.ascontiguousarray(np.moveaxis(weights, 2, 0)).copy()

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""
        return np.ascontiguousarray(np.moveaxis(self._planes, 0, 2)).copy()

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        shape = self._width, self._height
        theta, distances = np.empty(shape), np.empty(shape)
        differences, squares = np.empty_like(self._planes), np.empty_like(self._planes)
        incomplete = np.any(self._absent, axis=1).tolist()
        for iteration in range(first, last):
            around = self.geometry.neighbourhood(self._schedule, iteration, shape)
            rate = self._schedule.rate(iteration)
            columns = self._samples[:, :, None, None]
            for sample, absent, some in zip(columns, self._absent, incomplete, strict=True):
                np.subtract(sample, self._planes, out=differences)
                if some:  # what is missing is neither far nor near, and moves nothing
                    differences[absent] = 0.0
                np.multiply(differences, differences, out=squares)
                # In order of dimension: np.sum may take another.
                np.copyto(distances, squares[0])
                for plane in squares[1:]:
                    distances += plane
                x, y = divmod(int(distances.argmin()), self._height)
                row = rate * around.rows(y)
                for kind in range(around.kinds):
                    rows = slice(kind, None, around.kinds)
                    np.multiply(around.columns(x, y, kind)[:, None], row[rows], out=theta[:, rows])
                differences *= theta
                self._planes += differences


class AnyGridBatch(NumpyBatch):
    """Batch training of a grid of any geometry, with the fastest search that there is."""

    #: What grid it is; subclasses say.
    geometry: Geometry = PLANAR
    #: With the search in NumPy; where there is a kernel, that of `NativeBatch` costs less.
    cost = NumpyBatch.cost._replace(per_smoothing=1e-9)
    _match = staticmethod(match)

    def _updated(self, statistics: Statistics, iteration: int) -> FloatArray:
        """Return the weights that follow an iteration."""
        around = self.geometry.neighbourhood(self._schedule, iteration, self._weights.shape[:2])
        return settle(self._weights, around.smooth(statistics.planes))
