"""The online algorithm in NumPy: always there, and the reference for every other engine.

It does what the textbook says, sample after sample, in a fixed order of operations; what makes it fast is
how the numbers lie in memory and what is left out because it is zero:

* The weights lie as one plane of cells per dimension, so that every operation is on long contiguous rows.
* The Gaussian neighbourhood is a product of a value per column and a value per row, taken from one table an
  iteration; beyond its reach it is zero.
* While it reaches over much of the map, the differences that the search has made are used for the update.
* Later, the search is one matrix-vector product, ``|W|^2 - 2 W.v``, and the update is local. That product
  rounds otherwise than the sum of squares, so whatever comes near its minimum is compared again by the sum.
"""

import numpy as np

from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.schedule import Schedule

__all__ = ["NumpyOnline"]

#: Up to so many units a call costs more than the arithmetic in it, and fewer calls win.
SMALL_MAP = 1024


class NumpyOnline:
    """Online training of a planar rectangular grid.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Where the training begins; copied.
    samples : ndarray of shape (n, dim)
        The samples, presented in this order in each iteration.
    schedule : Schedule
        Radius and learning rate.
    """

    name = "numpy"
    cost = Cost(per_step=15e-6, per_dimension=2e-6, per_value=2e-9)

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        self._width, self._height, self._dimension = weights.shape
        self._samples = samples
        self._schedule = schedule
        cells: int = self._width * self._height
        # One plane per dimension, and behind them one for the squared norms, kept only while they are used.
        self._planes = np.empty((self._dimension + 1, cells))
        self._planes[:-1] = weights.reshape(cells, self._dimension).T
        self._grid = self._planes.reshape(-1, self._width, self._height)
        self._norms_are_current = False
        # Weights never leave the hull of the samples and the initial weights, so this bounds them for good.
        magnitude = max(np.abs(samples).max(), np.abs(weights).max())
        self._tolerance = 16 * np.finfo(np.float64).eps * (1 + self._dimension) * magnitude**2
        self._differences = np.empty((self._dimension, cells))
        self._squares = np.empty((self._dimension, cells))
        self._distances = np.empty(cells)
        self._near = np.empty(cells, dtype=bool)
        self._theta = np.empty((self._width, self._height))

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""
        shape = self._width, self._height, self._dimension
        return np.ascontiguousarray(self._planes[:-1].T).reshape(shape)

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        for iteration in range(first, last):
            table = self._schedule.neighbourhood(iteration, max(self._width, self._height))
            rate = self._schedule.rate(iteration)
            if self._is_wide(len(table) - 1):
                self._norms_are_current = False
                self._wide_pass(table, rate)
            else:
                self._local_pass(table, rate)

    def _is_wide(self, reach: int) -> bool:
        """Tell whether the window of an update is so large that two passes over the map cost less."""
        window = min(2 * reach + 1, self._width) * min(2 * reach + 1, self._height)
        cells: int = self._width * self._height
        return cells <= SMALL_MAP or 2 * window >= cells

    def _mirrored(self, table: list[float], size: int) -> FloatArray:
        """Return ``g(|k|)`` for ``-size < k < size``: a slice of it is the neighbourhood of any centre."""
        mirrored = np.zeros(2 * size - 1)
        used = min(len(table), size)
        mirrored[size - 1 : size - 1 + used] = table[:used]
        mirrored[size - used : size] = table[used - 1 :: -1]
        return mirrored

    def _wide_pass(self, table: list[float], rate: float) -> None:
        """One pass over the samples whose updates touch the whole map."""
        width, height = self._width, self._height
        columns = self._mirrored(table, width)[:, None]
        rows = rate * self._mirrored(table, height)
        planes, differences, squares = self._planes[:-1], self._differences, self._squares
        distances, theta = self._distances, self._theta
        flat_theta = theta.reshape(-1)
        for sample in self._samples[:, :, None]:
            np.subtract(sample, planes, out=differences)
            np.multiply(differences, differences, out=squares)
            _sum_planes(squares, distances)
            x, y = divmod(int(distances.argmin()), height)
            np.multiply(
                columns[width - 1 - x : 2 * width - 1 - x],
                rows[height - 1 - y : 2 * height - 1 - y],
                out=theta,
            )
            np.multiply(differences, flat_theta, out=differences)
            np.add(planes, differences, out=planes)

    def _local_pass(self, table: list[float], rate: float) -> None:
        """One pass over the samples whose updates touch a window around the best matching unit."""
        if not self._norms_are_current:
            np.einsum("ki,ki->i", self._planes[:-1], self._planes[:-1], out=self._planes[-1])
            self._norms_are_current = True
        width, height, reach = self._width, self._height, len(table) - 1
        columns = self._mirrored(table, width)[:, None]
        rows = rate * self._mirrored(table, height)
        products = np.concatenate([-2.0 * self._samples, np.ones((len(self._samples), 1))], axis=1)
        weights, norms = self._grid[:-1], self._grid[-1]
        for sample, product in zip(self._samples[:, :, None, None], products, strict=True):
            x, y = divmod(self._search(sample, product), height)
            left, right = max(x - reach, 0), min(x + reach + 1, width)
            top, bottom = max(y - reach, 0), min(y + reach + 1, height)
            offset_x, offset_y = width - 1 - x, height - 1 - y
            theta = columns[offset_x + left : offset_x + right] * rows[offset_y + top : offset_y + bottom]
            window = weights[:, left:right, top:bottom]
            change = sample - window
            change *= theta
            window += change
            np.einsum("kxy,kxy->xy", window, window, out=norms[left:right, top:bottom])

    def _search(self, sample: FloatArray, product: FloatArray) -> int:
        """Return the cell of the best matching unit."""
        scores, near = self._distances, self._near
        np.dot(product, self._planes, out=scores)
        best = int(scores.argmin())
        np.less_equal(scores, scores[best] + self._tolerance, out=near)
        if np.count_nonzero(near) == 1:
            return best
        candidates = np.flatnonzero(near)
        differences = sample[:, :, 0] - self._planes[:-1, candidates]
        differences *= differences
        distances = np.empty(len(candidates))
        _sum_planes(differences, distances)
        return int(candidates[distances.argmin()])


def _sum_planes(planes: FloatArray, out: FloatArray) -> None:
    """Add up planes in order of dimension, whatever their size: np.sum may take another order."""
    if len(planes) == 1:
        out[:] = planes[0]
        return
    np.add(planes[0], planes[1], out=out)
    for plane in planes[2:]:
        np.add(out, plane, out=out)
