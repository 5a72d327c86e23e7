"""The online algorithm in NumPy: always there, and the reference for every other engine.

It does what the textbook says, sample after sample, in a fixed order of operations; what makes it fast is
how the numbers lie in memory and what is left out because it is zero:

* The weights lie as one plane of cells per dimension, so that every operation is on long contiguous rows.
* The Gaussian neighbourhood is a product of a value per column and a value per row, taken from one table an
  iteration; beyond its reach it is zero.
* On a tiny map calls cost more than the arithmetic in them: there are few, and none that broadcasts samples.
* While the neighbourhood reaches over much of the map, the differences that the search makes of all weights
  and the sample serve the update, too, of the columns in reach.
* What is larger than the cache is searched and updated in bands of columns that are not.
* Later, and in many dimensions always, the search is one matrix-vector product, ``|W|^2 - 2 W.v``, and the
  update is local. That product rounds otherwise than the sum of squares, so whatever comes near its minimum
  is compared again by the sum.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.engines.bands import Bands
from kohonen.engines.planes import (
    Part,
    Strip,
    aligned,
    error_of_scores,
    mirrored,
    move_at_once,
    move_planes,
    strip_of,
    sum_planes,
)
from kohonen.schedule import Schedule

__all__ = ["NumpyOnline"]

#: Up to so many weights a map is tiny.
TINY_MAP = 3072
#: Up to so many dimensions an operation for each plane costs less than one for all that leaves cells out.
FEW_DIMENSIONS = 8
#: Numbers that a tiny map's samples are spread to at a time: bounds the memory, whatever their number.
SPREAD = 2**18
#: In few dimensions, up to so many weights it does not pay to search by a product and to keep norms for that;
#: and how much of a larger map a window must be, for it not to pay there.
SMALL_MAP, WIDE_SHARE = 40_000, 0.15
#: From so many weights on, a map is searched and updated in bands, of so many each.
LARGE_MAP, BAND_SIZE = 100_000, 30_000
#: From so many samples on, and on a map as small as that, it costs less to copy neighbourhoods from a table
#: of all that there may be than to make them.
MANY_SAMPLES = 12
#: How much of the map's columns must be in reach for updating all of them, at once, to cost less.
WIDE_STRIP = 0.85
#: Columns are updated whole when they are as short as this, or not much longer than the window.
SHORT_COLUMN, LONG_RUN = 64, 3
#: Weights that are updated at a time: bounds the memory, and few maps are larger.
BAND = 2**22
#: How often the squared norms are made anew where they are moved along, which gathers rounding errors.
STEPS_BETWEEN_NORMS = 32
#: How many parts of the map are kept at hand.
PARTS = 1024


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
        self._is_small: bool = cells * self._dimension <= SMALL_MAP
        # One plane per dimension, and behind them one for the squared norms, kept only while they are used.
        self._planes = aligned(self._dimension + 1, cells)
        self._planes[:-1] = weights.reshape(cells, self._dimension).T
        self._grid = self._planes.reshape(-1, self._width, self._height)
        self._steps_since_norms = STEPS_BETWEEN_NORMS
        steps = 0 if self._dimension <= FEW_DIMENSIONS else STEPS_BETWEEN_NORMS
        magnitude = max(np.abs(samples).max(), np.abs(weights).max())
        self._tolerance = error_of_scores(self._dimension, magnitude, steps=steps)
        self._distances = aligned(cells)
        self._distances_on_grid = self._distances.reshape(self._width, self._height)
        self._near = np.empty(cells, dtype=bool)
        # Best matching units come back to where they were: views are made once, and not in every step.
        self._strips: dict[tuple[int, int], Strip] = {}
        self._parts: dict[tuple[int, int, int, int], Part] = {}

    @cached_property
    def _room(self) -> tuple[FloatArray, FloatArray]:
        """Room for a number for each weight and one for each unit, which only some maps need."""
        return aligned(*self._planes[:-1].shape), aligned(self._width, self._height)

    @cached_property
    def _bands(self) -> Bands:
        return Bands(self._planes[:-1], self._height, BAND_SIZE)

    @cached_property
    def _room_of_parts(self) -> tuple[FloatArray, FloatArray]:
        """Room for two numbers for each unit that is updated at a time."""
        size = min(self._distances.size, max(BAND // self._dimension, self._height))
        return aligned(size), aligned(size)

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""
        shape = self._width, self._height, self._dimension
        return np.ascontiguousarray(self._planes[:-1].T).reshape(shape)

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        width, height, weights = self._width, self._height, self._planes[:-1].size
        for iteration in range(first, last):
            table = self._schedule.neighbourhood(iteration, max(width, height))
            columns = mirrored(table, width)[:, None]
            rows = self._schedule.rate(iteration) * mirrored(table, height)
            if self._planes.size <= TINY_MAP:
                self._tiny_pass(columns, rows)
            elif self._is_wide(len(table) - 1):
                large = weights >= LARGE_MAP
                (self._banded_pass if large else self._wide_pass)(columns, rows, len(table) - 1)
            else:
                self._local_pass(columns, rows, len(table) - 1)

    def _is_wide(self, reach: int) -> bool:
        """Tell whether it costs less to search by differences, and to update by these."""
        window = min(2 * reach + 1, self._width) * min(2 * reach + 1, self._height)
        cells: int = self._width * self._height
        return self._dimension <= FEW_DIMENSIONS and (self._is_small or window >= WIDE_SHARE * cells)

    def _tiny_pass(self, columns: FloatArray, rows: FloatArray) -> None:
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

    def _wide_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """One pass over the samples that updates columns in reach by the differences that the search made."""
        self._steps_since_norms = STEPS_BETWEEN_NORMS
        width, height, planes = self._width, self._height, self._planes[:-1]
        dot, copyto = np.dot, np.copyto
        differences, theta = self._room
        squares, (first, *others) = theta.reshape(-1), differences
        distances, row, most, strips = self._distances, rows[None], WIDE_STRIP * width, self._strips
        whole = self._strip(0, width)
        # With nothing to add up, each element is the product of two numbers, rounded once.
        table = dot(columns, row) if self._is_small and len(self._samples) >= MANY_SAMPLES else None
        subtract, multiply, add, argmin = np.subtract, np.multiply, np.add, distances.argmin
        for sample in self._samples[:, :, None]:
            subtract(sample, planes, differences)
            multiply(first, first, distances)
            for difference in others:
                multiply(difference, difference, squares)
                add(distances, squares, distances)
            x, y = divmod(int(argmin()), height)
            left, right, strip = 0, width, whole
            if reach < width - 1:
                first_x, last_x = max(x - reach, 0), min(x + reach, width - 1)
                if last_x - first_x < most:
                    left, right = first_x, last_x + 1
                    strip = strips.get((left, right)) or self._strip(left, right)
            theta, factors, pairs = strip
            across = slice(width - 1 - x + left, width - 1 - x + right)
            down = slice(height - 1 - y, 2 * height - 1 - y)
            if table is None:
                dot(columns[across], row[:, down], theta)
            else:
                copyto(theta, table[across, down])
            for difference, weights in pairs:
                multiply(difference, factors, difference)
                add(weights, difference, weights)

    def _strip(self, left: int, right: int) -> Strip:
        if len(self._strips) >= PARTS:
            self._strips.clear()
        made = self._strips[left, right] = strip_of(self._planes[:-1], *self._room, left, right)
        return made

    def _banded_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """One pass over the samples as `_wide_pass` does it, on a map that is larger than the cache."""
        self._steps_since_norms = STEPS_BETWEEN_NORMS
        width, height, row, bands = self._width, self._height, rows[None], self._bands
        for sample in self._samples[:, :, None]:
            x, y = divmod(bands.search(sample), height)
            left, right = max(x - reach, 0), min(x + reach + 1, width)
            column = columns[width - 1 - x + left : width - 1 - x + right]
            bands.move(sample, left, column, row[:, height - 1 - y : 2 * height - 1 - y])

    def _local_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """One pass over the samples whose updates touch a window around the best matching unit."""
        width, height = self._width, self._height
        row_of, dot, parts = rows[None], np.dot, self._parts
        few = self._dimension <= FEW_DIMENSIONS
        thickness = max(1, BAND // (self._dimension * height))
        products = np.concatenate([-2.0 * self._samples, np.ones((len(self._samples), 1))], axis=1)
        for sample, product in zip(self._samples, products, strict=True):
            x, y = divmod(self._search(sample, product), height)
            left, right = max(x - reach, 0), min(x + reach + 1, width)
            top, bottom = max(y - reach, 0), min(y + reach + 1, height)
            if height <= SHORT_COLUMN + LONG_RUN * (bottom - top):
                # What is contiguous is done much faster, and the neighbourhood is zero beyond its reach.
                top, bottom = 0, height
            row = row_of[:, height - 1 - y + top : height - 1 - y + bottom]
            for start in range(left, right, thickness):
                stop = min(start + thickness, right)
                column = columns[width - 1 - x + start : width - 1 - x + stop]
                if few:
                    window = start, stop, top, bottom
                    part = parts.get(window) or self._part(*window)
                    dot(column, row, part.theta)
                    move_planes(sample, part)
                else:
                    self._move(sample, (slice(start, stop), slice(top, bottom)), dot(column, row))

    def _part(self, left: int, right: int, top: int, bottom: int) -> Part:
        """Make the views of a window, from the first column and row to those after the last."""
        size = (right - left) * (bottom - top)
        change, factors = (room[:size] for room in self._room_of_parts)
        theta = factors.reshape(right - left, bottom - top)
        if bottom - top == self._height:
            planes = self._planes[:, left * self._height : right * self._height]
        else:
            planes = self._grid[:, left:right, top:bottom]
            change, factors = change.reshape(theta.shape), theta
        if len(self._parts) >= PARTS:
            self._parts.clear()
        *weights, norms = planes
        part = self._parts[left, right, top, bottom] = Part(weights, norms, change, factors, theta)
        return part

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
        differences = sample[:, None] - self._planes[:-1, candidates]
        differences *= differences
        # np.sum may take another order than that of the dimensions.
        distances = np.add.accumulate(differences, axis=0)[-1]
        return int(candidates[distances.argmin()])
