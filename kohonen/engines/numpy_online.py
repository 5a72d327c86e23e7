"""The online algorithm in NumPy: always there, and the reference for every other engine.

It does what the textbook says, sample after sample, in a fixed order of operations; what makes it fast is
how the numbers lie in memory and what is left out because it is zero:

* The weights lie as one plane of cells per dimension, so that every operation is on long contiguous rows.
* The Gaussian neighbourhood is a product of a value per column and a value per row, taken from one table an
  iteration; beyond its reach it is zero.
* On a tiny map calls cost more than the arithmetic in them: there are few, and none that broadcasts samples.
* While the neighbourhood reaches over most of the map, a pass over it does the update for one sample and the
  search for the next.
* Later, the search is one matrix-vector product, ``|W|^2 - 2 W.v``, and the update is local. That product
  rounds otherwise than the sum of squares, so whatever comes near its minimum is compared again by the sum.
"""

from typing import NamedTuple

import numpy as np

from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.schedule import Schedule

__all__ = ["NumpyOnline"]

#: Up to so many weights a map is tiny.
TINY_MAP = 3072
#: Up to so many units a map is not worth a local update, unless that is tiny itself.
SMALL_MAP = 1024
#: Weights in a band of columns: bounds the memory, and few maps are larger.
BAND = 2**22
#: Columns are updated whole when they are as short as this, or not much longer than the window.
SHORT_COLUMN, LONG_RUN = 64, 3
#: How much of the map a window must be for a pass over all of it to cost less.
WIDE_SHARE = 0.75


class _Band(NamedTuple):
    """A band of columns of the map, and room to work on it that all bands share."""

    first: int  # its first cell
    columns: slice
    planes: FloatArray  # (dim, cells), its weights
    differences: FloatArray  # (dim, cells)
    squares: FloatArray  # (dim, cells); in the place of the differences where there are several bands
    square: list[FloatArray]  # the planes of the squares
    distances: FloatArray  # (cells,)
    theta: FloatArray  # (columns, height)
    flat_theta: FloatArray


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
    cost = Cost(per_step=15e-6, per_dimension=2e-6, per_value=3e-9, updating=0.5)

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
        self._distances = np.empty(cells)
        self._near = np.empty(cells, dtype=bool)
        self._bands = self._cut_into_bands()

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""
        shape = self._width, self._height, self._dimension
        return np.ascontiguousarray(self._planes[:-1].T).reshape(shape)

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        width, height = self._width, self._height
        for iteration in range(first, last):
            table = self._schedule.neighbourhood(iteration, max(width, height))
            columns = _mirrored(table, width)[:, None]
            rows = self._schedule.rate(iteration) * _mirrored(table, height)
            if self._planes.size <= TINY_MAP:
                self._tiny_pass(columns, rows)
            elif self._is_wide(len(table) - 1):
                self._wide_pass(columns, rows)
            else:
                self._local_pass(columns, rows, len(table) - 1)

    def _is_wide(self, reach: int) -> bool:
        """Tell whether the window of an update is so large that two passes over the map cost less."""
        window = min(2 * reach + 1, self._width) * min(2 * reach + 1, self._height)
        cells: int = self._width * self._height
        return cells <= SMALL_MAP or window >= WIDE_SHARE * cells

    def _cut_into_bands(self) -> list[_Band]:
        """Cut the map into bands of whole columns."""
        height, dimension = self._height, self._dimension
        thickness = min(self._width, max(1, BAND // (height * dimension)))
        differences = np.empty(dimension * thickness * height)
        squares = np.empty_like(differences) if thickness == self._width else differences
        distances, theta = np.empty(thickness * height), np.empty(thickness * height)
        bands = []
        for left in range(0, self._width, thickness):
            columns = slice(left, min(left + thickness, self._width))
            start, end = left * height, columns.stop * height
            values = slice(dimension * (end - start))
            square = squares[values].reshape(dimension, -1)
            flat = theta[: end - start]
            bands.append(
                _Band(
                    start,
                    columns,
                    self._planes[:-1, start:end],
                    differences[values].reshape(dimension, -1),
                    square,
                    list(square),
                    distances[: end - start],
                    flat.reshape(-1, height),
                    flat,
                )
            )
        return bands

    def _tiny_pass(self, columns: FloatArray, rows: FloatArray) -> None:
        """One pass over the samples with as few calls as possible, and each on whole arrays of one shape."""
        width, height, dimension = self._width, self._height, self._dimension
        planes, grid = self._planes[:-1], self._grid[:-1]
        differences, squares, distances = np.empty(planes.shape), np.empty(planes.shape), self._distances
        differences_on_grid, square = differences.reshape(grid.shape), list(squares)
        neighbourhood = columns * rows
        window_x = [slice(width - 1 - x, 2 * width - 1 - x) for x in range(width)]
        window_y = [slice(height - 1 - y, 2 * height - 1 - y) for y in range(height)]
        subtract, multiply, add, argmin = np.subtract, np.multiply, np.add, distances.argmin
        for sample in np.repeat(self._samples, width * height, axis=1).reshape(-1, dimension, width * height):
            subtract(sample, planes, differences)
            multiply(differences, differences, squares)
            _sum_planes(square, distances)
            x, y = divmod(int(argmin()), height)
            multiply(differences_on_grid, neighbourhood[window_x[x], window_y[y]], differences_on_grid)
            add(planes, differences, planes)

    def _wide_pass(self, columns: FloatArray, rows: FloatArray) -> None:
        """One pass over the samples whose updates touch the whole map."""
        self._norms_are_current = False
        bands, width, height = self._bands, self._width, self._height
        before, best, column, row = None, 0, columns, rows
        for sample in [*self._samples[:, :, None], None]:
            if before is not None:
                x, y = divmod(best, height)
                column = columns[width - 1 - x : 2 * width - 1 - x]
                row = rows[height - 1 - y : 2 * height - 1 - y]
            least = np.inf
            for band in bands:
                planes, differences = band.planes, band.differences
                if before is not None:
                    # With nothing to add up, each element is the product of two numbers, rounded once.
                    np.dot(column[band.columns], row[None], out=band.theta)
                    # Bands share their room: the differences must be made again.
                    if len(bands) > 1:
                        np.subtract(before, planes, out=differences)
                    np.multiply(differences, band.flat_theta, out=differences)
                    np.add(planes, differences, out=planes)
                if sample is not None:
                    np.subtract(sample, planes, out=differences)
                    np.multiply(differences, differences, out=band.squares)
                    _sum_planes(band.square, band.distances)
                    nearest = int(band.distances.argmin())
                    # Of equal distances the first wins, within a band and among bands.
                    if band.distances[nearest] < least:
                        least, best = band.distances[nearest], band.first + nearest
            before = sample

    def _local_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """One pass over the samples whose updates touch a window around the best matching unit."""
        if not self._norms_are_current:
            np.einsum("ki,ki->i", self._planes[:-1], self._planes[:-1], out=self._planes[-1])
            self._norms_are_current = True
        width, height = self._width, self._height
        products = np.concatenate([-2.0 * self._samples, np.ones((len(self._samples), 1))], axis=1)
        for sample, product in zip(self._samples[:, :, None, None], products, strict=True):
            x, y = divmod(self._search(sample, product), height)
            left, right = max(x - reach, 0), min(x + reach + 1, width)
            top, bottom = max(y - reach, 0), min(y + reach + 1, height)
            if height <= SHORT_COLUMN + LONG_RUN * (bottom - top):
                # What is contiguous is done much faster, and the neighbourhood is zero beyond its reach.
                top, bottom = 0, height
            row = rows[height - 1 - y + top : height - 1 - y + bottom]
            thickness = max(1, BAND // (self._dimension * (bottom - top)))
            for start in range(left, right, thickness):
                stop = min(start + thickness, right)
                column = columns[width - 1 - x + start : width - 1 - x + stop]
                self._move(sample, self._grid[:, start:stop, top:bottom], np.dot(column, row[None]))

    def _move(self, sample: FloatArray, window: FloatArray, theta: FloatArray) -> None:
        """Move the weights in a window (dim + 1, width, height) towards a sample, and keep their norms."""
        weights = window[:-1]
        change = sample - weights
        change *= theta
        weights += change
        np.multiply(weights, weights, out=change)
        np.add.reduce(change, axis=0, out=window[-1])

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
        _sum_planes(list(differences), distances)
        return int(candidates[distances.argmin()])


def _mirrored(table: list[float], size: int) -> FloatArray:
    """Return ``g(|k|)`` for ``-size < k < size``: a slice of it is the neighbourhood of any centre."""
    mirrored = np.zeros(2 * size - 1)
    used = min(len(table), size)
    mirrored[size - 1 : size - 1 + used] = table[:used]
    mirrored[size - used : size] = table[used - 1 :: -1]
    return mirrored


def _sum_planes(planes: list[FloatArray], out: FloatArray) -> None:
    """Add up planes in order of dimension, whatever their size: np.sum may take another order."""
    if len(planes) == 1:
        out[:] = planes[0]
        return
    np.add(planes[0], planes[1], out)
    for plane in planes[2:]:
        np.add(out, plane, out)
