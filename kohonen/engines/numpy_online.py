"""The online algorithm in NumPy: always there, and the reference for every other engine.

It does what the textbook says, sample after sample, in a fixed order of operations; what makes it fast is
how the numbers lie in memory and what is left out because it is zero:

* The weights lie as one plane of cells per dimension, so that every operation is on long contiguous rows.
* The Gaussian neighbourhood is a product of a value per column and a value per row, taken from one table an
  iteration; beyond its reach it is zero.
* On a tiny map calls cost more than the arithmetic in them: there are few, and none that broadcasts samples.
* On a map that fits into the cache, the differences of weights and sample that the search makes serve the
  update, too. When the reach has become short, the search begins where the best matching unit was.
* On a larger map, boxes around the weights of its tiles tell where a sample's best matching unit can be, and
  updates go over it in pieces.
* In many dimensions the search is one matrix-vector product, ``|W|^2 - 2 W.v``, and the update is local.
  That product rounds otherwise than the sum of squares, so whatever comes near its minimum is compared again
  by the sum.
"""

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.engines.bands import Bands
from kohonen.engines.boxes import Boxes
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
from kohonen.schedule import Schedule

__all__ = ["NumpyOnline"]

#: Up to so many weights a map is tiny.
TINY_MAP = 3072
#: In more dimensions it costs less to search by a product than by sums of squares.
FEW_DIMENSIONS = 8
#: Numbers that a tiny map's samples are spread to at a time: bounds the memory, whatever their number.
SPREAD = 2**18
#: In few dimensions, from so many weights on, it costs less to search where boxes tell than everywhere.
LARGE_MAP = 80_000
#: Weights that are updated at a time: bounds the memory, and few maps are larger.
BAND = 2**22
#: How often the squared norms are made anew where they are moved along, which gathers rounding errors.
STEPS_BETWEEN_NORMS = 32


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
        """What a map that fits into the cache is searched and updated by."""
        return Strips(self._planes[:-1], self._width, self._height, self._samples)

    @cached_property
    def _boxes_and_bands(self) -> tuple[Boxes, Bands]:
        """What only a large map is searched and updated by."""
        planes, width, height = self._planes[:-1], self._width, self._height
        return Boxes(planes, width, height, self._samples), Bands(planes, width, height)

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""
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
        """Return what does an iteration on a map like this.

        The neighbourhood is the product of its arguments ``columns`` (2 * width - 1, 1) and ``rows``
        (1, 2 * height - 1), whose middle is the best matching unit's; beyond ``reach`` it is zero.
        """
        if self._planes.size <= TINY_MAP:
            return self._tiny_pass
        if self._dimension > FEW_DIMENSIONS:
            return self._local_pass
        return self._strips.pass_over if self._planes[:-1].size < LARGE_MAP else self._large_pass

    def _tiny_pass(self, columns: FloatArray, rows: FloatArray, _reach: int) -> None:
        """One pass over the samples with as few calls as possible, and each on whole arrays of one shape."""
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
        """Give each sample as planes of the map's size."""
        dimension, cells = self._planes[:-1].shape
        some = SPREAD // (dimension * cells)
        for start in range(0, len(self._samples), some):
            yield from np.repeat(self._samples[start : start + some], cells, axis=1).reshape(
                -1, dimension, cells
            )

    def _large_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """One pass over the samples that looks only at tiles which may have the best matching unit."""
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
        """One pass over the samples whose updates touch a window around the best matching unit."""
        cells = BAND // self._dimension
        products = np.concatenate([-2.0 * self._samples, np.ones((len(self._samples), 1))], axis=1)
        for sample, product in zip(self._samples, products, strict=True):
            x, y = divmod(self._search(sample, product), self._height)
            for across, down, column, row in windows(x, y, reach, columns, rows, cells=cells):
                self._move(sample, (across, down), np.dot(column, row))

    def _move(self, sample: FloatArray, window: tuple[slice, slice], theta: FloatArray) -> None:
        """Move the weights in a window towards a sample, and their squared norms along."""
        columns, rows = window
        if rows.stop - rows.start == self._height:
            cells = slice(columns.start * self._height, columns.stop * self._height)
            move_at_once(sample[:, None], self._planes[:, cells], self._distances[cells], theta.reshape(-1))
        else:
            scores = self._distances_on_grid[window]
            move_at_once(sample[:, None, None], self._grid[:, *window], scores, theta)

    def _search(self, sample: FloatArray, product: FloatArray) -> int:
        """Return the cell of the best matching unit; `_distances` holds ``|W|^2 - 2 W.v`` then."""
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
