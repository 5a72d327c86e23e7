"""A NumPy engine for grids of any geometry and for missing values, with passes over the whole map.

The other engines for online training support only planar rectangular grids.
"""

import numpy as np

from kohonen.engines.cost import Cost
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["AnyGridOnline"]


class AnyGridOnline:
    """Online training of a grid of any geometry.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The initial weights; copied.
    samples : ndarray of shape (n, dim)
        The samples, presented in this order in each iteration; NaN for missing values.
    schedule : Schedule
        Radius and learning rate.
    """

    name = "numpy"
    #: The geometry; overridden by subclasses.
    geometry: Geometry = PLANAR
    cost = Cost(per_step=50e-6, per_dimension=4e-6, per_value=5e-9)

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        self._width, self._height, _ = weights.shape
        self._samples = samples
        self._schedule = schedule
        self._absent = np.isnan(samples)
        self._planes = np.ascontiguousarray(np.moveaxis(weights, 2, 0)).copy()

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""
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
                if some:  # missing values count neither in the distance nor in the update
                    differences[absent] = 0.0
                np.multiply(differences, differences, out=squares)
                # In order of dimension, which np.sum does not guarantee.
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
