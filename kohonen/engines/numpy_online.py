"""Online training of planar rectangular grids in NumPy, for installations without the kernel.

It processes sample by sample in a fixed order of operations. Its speed comes from the memory layout and from
leaving out what is zero:

* The weights are stored as one plane per dimension, so that operations are on long contiguous rows.
* The Gaussian neighbourhood is a product of a value per column and a value per row, from one table per
  iteration; beyond its reach it is zero.
* On a tiny map calls cost more than their arithmetic, so they are few, and none broadcasts samples.
* On a map that fits into the cache, the update reuses the search's differences of weights and sample. Once
  the reach is short, the search begins at the sample's previous best matching unit.
* On a larger map, the search uses bounding boxes of tiles, and updates are done in blocks.
* In many dimensions the search is one matrix-vector product, ``|W|^2 - 2 W.v``, and the update is local. The
  product rounds differently from the sum of squares, so units near its minimum are compared again by the sum.
"""

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from kohonen.engines.bands import Bands
from kohonen.engines.boxes import Boxes
from kohonen.engines.cost import Cost
from kohonen.engines.planes import (
    aligned,
    error_of_scores,
    mirrored,
    move_at_once,
    squared_distances,
    sum_planes,
    windows,
)
from kohonen.engines.strips import Strips
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["NumpyOnline"]

#: Largest number of weights of a tiny map.
TINY_MAP = 3072
#: In more dimensions, a search by a matrix product costs less than by sums of squares.
FEW_DIMENSIONS = 8
#: Numbers per block of samples repeated to the size of a tiny map: bounds the memory.
SPREAD = 2**18
#: Number of weights from which on, in few dimensions, a search by boxes costs less than an exhaustive one.
LARGE_MAP = 80_000
#: Weights per block of a local update: bounds the memory.
BAND = 2**22
#: Steps after which the squared norms are recomputed; updating them accumulates rounding errors.
STEPS_BETWEEN_NORMS = 32


class NumpyOnline:
    """Online training of a planar rectangular grid.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The initial weights; copied.
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
        # One plane per dimension, and a last one for the squared norms, used in many dimensions only.
        self._planes = aligned(self._dimension + 1, cells)
        self._planes[:-1] = weights.reshape(cells, self._dimension).T
        self._grid = self._planes.reshape(-1, self._width, self._height)
        self._steps_since_norms = STEPS_BETWEEN_NORMS
        magnitude = max(np.abs(samples).max(), np.abs(weights).max())
        self._tolerance = error_of_scores(self._dimension, magnitude, steps=STEPS_BETWEEN_NORMS)
        self._distances = aligned(cells)
        self._distances_on_grid = self._distances.reshape(self._width, self._height)
        self._near = np.empty(cells, dtype=bool)

    @cached_property
    def _strips(self) -> Strips:
        """Search and update of a map that fits into the cache."""
        return Strips(self._planes[:-1], self._width, self._height, self._samples)

    @cached_property
    def _boxes_and_bands(self) -> tuple[Boxes, Bands]:
        """Search and update of a large map."""
        planes, width, height = self._planes[:-1], self._width, self._height
        return Boxes(planes, width, height, self._samples), Bands(planes, width, height)

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""
        shape = self._width, self._height, self._dimension
        return np.ascontiguousarray(self._planes[:-1].T).reshape(shape)

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        width, height, longest = self._width, self._height, max(self._width, self._height)
        pass_over = self._pass()
        for iteration in range(first, last):
            table = self._schedule.neighbourhood(iteration, longest)
            around = mirrored(table, longest)
            columns = around[longest - width : longest + width - 1, None]
            rows = self._schedule.rate(iteration) * around[None, longest - height : longest + height - 1]
            pass_over(columns, rows, len(table) - 1)

    def _pass(self) -> Callable[[FloatArray, FloatArray, int], None]:
        """Return the method that does an iteration on a map of this size and dimension.

        The neighbourhood is the product of its arguments ``columns`` (2 * width - 1, 1) and ``rows``
        (1, 2 * height - 1), with the best matching unit in the middle; beyond ``reach`` it is zero.
        """
        if self._planes.size <= TINY_MAP:
            return self._tiny_pass
        if self._dimension > FEW_DIMENSIONS:
            return self._local_pass
        return self._strips.pass_over if self._planes[:-1].size < LARGE_MAP else self._large_pass

    def _tiny_pass(self, columns: FloatArray, rows: FloatArray, _reach: int) -> None:
        """Pass over the samples with as few calls as possible, each on whole arrays of one shape."""
        width, height = self._width, self._height
        planes, grid = self._planes[:-1], self._grid[:-1]
        differences, squares, distances = np.empty(planes.shape), np.empty(planes.shape), self._distances
        differences_on_grid, square = differences.reshape(grid.shape), list(squares)
        neighbourhood = columns * rows
        window_x = [slice(width - 1 - x, 2 * width - 1 - x) for x in range(width)]
        window_y = [slice(height - 1 - y, 2 * height - 1 - y) for y in range(height)]
        subtract, multiply, add, argmin = np.subtract, np.multiply, np.add, distances.argmin
        for sample in self._spread_samples():
            subtract(sample, planes, differences)
            multiply(differences, differences, squares)
            sum_planes(square, distances)
            x, y = divmod(int(argmin()), height)
            multiply(differences_on_grid, neighbourhood[window_x[x], window_y[y]], differences_on_grid)
            add(planes, differences, planes)

    def _spread_samples(self) -> Iterator[FloatArray]:
        """Yield each sample repeated to planes of the map's size."""
        dimension, cells = self._planes[:-1].shape
        some = SPREAD // (dimension * cells)
        for start in range(0, len(self._samples), some):
            yield from np.repeat(self._samples[start : start + some], cells, axis=1).reshape(
                -1, dimension, cells
            )

    def _large_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """Pass over the samples, searching only tiles that can hold the best matching unit."""
        boxes, bands = self._boxes_and_bands
        boxes.begin(columns, rows)
        for index, sample in enumerate(self._samples):
            cell = boxes.search(index)
            if cell is None:
                cell = bands.search(sample)
            x, y = divmod(cell, self._height)
            boxes.move(index, x, y)
            bands.move(sample, x, y, reach, columns, rows)

    def _local_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """Pass over the samples, updating only a window around the best matching unit."""
        cells = BAND // self._dimension
        products = np.concatenate([-2.0 * self._samples, np.ones((len(self._samples), 1))], axis=1)
        for sample, product in zip(self._samples, products, strict=True):
            x, y = divmod(self._search(sample, product), self._height)
            for across, down, column, row in windows(x, y, reach, columns, rows, cells=cells):
                self._move(sample, (across, down), np.dot(column, row))

    def _move(self, sample: FloatArray, window: tuple[slice, slice], theta: FloatArray) -> None:
        """Move the weights in a window towards a sample, and update their squared norms."""
        columns, rows = window
        if rows.stop - rows.start == self._height:
            cells = slice(columns.start * self._height, columns.stop * self._height)
            move_at_once(sample[:, None], self._planes[:, cells], self._distances[cells], theta.reshape(-1))
        else:
            scores = self._distances_on_grid[window]
            move_at_once(sample[:, None, None], self._grid[:, *window], scores, theta)

    def _search(self, sample: FloatArray, product: FloatArray) -> int:
        """Return the index of the best matching unit, and leave ``|W|^2 - 2 W.v`` in `_distances`."""
        if self._steps_since_norms >= STEPS_BETWEEN_NORMS:
            np.einsum("ki,ki->i", self._planes[:-1], self._planes[:-1], out=self._planes[-1])
            self._steps_since_norms = 0
        self._steps_since_norms += 1
        scores, near = self._distances, self._near
        np.dot(product, self._planes, out=scores)
        best = int(scores.argmin())
        np.less_equal(scores, scores[best] + self._tolerance, out=near)
        if np.count_nonzero(near) == 1:
            return best
        candidates = np.flatnonzero(near)
        distances = squared_distances(sample[:, None] - self._planes[:-1, candidates])
        return int(candidates[distances.argmin()])
