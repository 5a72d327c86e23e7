"""Search and update of maps that fit into the cache, in strips of columns.

The update reuses the differences that the search has computed.
"""

import math
from typing import NamedTuple

import numpy as np

from kohonen.engines.planes import ROUNDING, aligned
from kohonen.inputs.arrays import FloatArray

__all__ = ["Strips"]

#: Largest number of weights and smallest number of samples for which copying neighbourhoods from a table of
#: all of them costs less than computing them.
SMALL_MAP, MANY_SAMPLES = 40_000, 12
#: Share of the columns in reach from which on it costs less to update all columns at once.
WIDE_STRIP = 0.85
#: Largest share of columns in reach, smallest number of weights and largest number of samples for which it
#: costs less to search first around the previous best matching unit.
NARROW_STRIP, LEAST_MAP, FEW_SAMPLES = 0.6, 20_000, 50
#: Columns that such a strip has beyond the reach, since best matching units move; and the excess width, as a
#: factor, at which it is replaced.
SLACK, STALE = 1, 1.2
#: Total movement of the weights, relative to the largest magnitude, at which places are discarded and it is
#: reset to zero: added to a large number, small moves would be lost to rounding.
FAR = 8.0
#: Maximum number of cached strips.
CACHED_STRIPS = 1024


class _Strip(NamedTuple):
    """Columns of the map with buffers for their differences and distances: views, created once."""

    weights: FloatArray  # (dimension, cells)
    differences: FloatArray
    planes: list[FloatArray]  # of the differences
    distances: FloatArray
    factors: FloatArray
    theta: FloatArray  # the factors by columns and rows
    pairs: list[tuple[FloatArray, FloatArray]]  # differences and weights: of a plane, or of all at once


class _Place(NamedTuple):
    """The columns around a sample's best matching unit, and a bound for units beyond them."""

    left: int
    right: int  # exclusive
    strip: _Strip
    nearest: float  # the least distance beyond these columns, plus the movement of the weights by then


class Strips:
    """Search and update of a map that fits into the cache.

    While the reach is long, the whole map is searched for each sample. Later best matching units hardly move,
    and the columns around them are searched first: beyond those no unit can be nearer than the nearest one in
    the last exhaustive search, less the largest movement of any weights since.

    Parameters
    ----------
    planes : ndarray of shape (dimension, width * height)
        The weights, updated in place.
    width, height : int
        Units of the grid.
    samples : ndarray of shape (n, dimension)
        The samples to search for.
    """

    def __init__(self, planes: FloatArray, width: int, height: int, samples: FloatArray) -> None:
        self._planes, self._width, self._height = planes, width, height
        self._samples = samples[:, :, None]
        self._differences = aligned(*planes.shape)
        self._distances, self._factors = aligned(width * height), aligned(width * height)
        self._strips: dict[tuple[int, int], _Strip] = {}
        self._places: dict[int, _Place] = {}
        self._moved = 0.0
        self._magnitude = float(max(np.abs(samples).max(), np.abs(planes).max()))
        self._rounding = ROUNDING * self._magnitude + float(np.finfo(np.float64).tiny)

    def pass_over(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """Make a pass over the samples.

        The neighbourhood is the product of ``columns`` (2 * width - 1, 1) and ``rows`` (1, 2 * height - 1),
        with the best matching unit in the middle; beyond ``reach`` it is zero.
        """
        size, count = self._planes.size, len(self._samples)
        is_narrow = 2 * reach + 1 <= NARROW_STRIP * self._width
        if is_narrow and size >= LEAST_MAP and count <= FEW_SAMPLES:
            self._narrow_pass(columns, rows, reach)
        else:
            self._places.clear()  # a wide pass does not track the movement of the weights
            self._wide_pass(columns, rows, reach)

    def _wide_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """Search the whole map for each sample, and update the columns in reach."""
        width, height, planes = self._width, self._height, self._planes
        distances, most, strips = self._distances, WIDE_STRIP * width, self._strips
        whole = self._strip(0, width)
        # An outer product: each element is the product of two numbers, rounded once.
        is_worth_a_table = planes.size <= SMALL_MAP and len(self._samples) >= MANY_SAMPLES
        table = np.dot(columns, rows) if is_worth_a_table else None
        differences, squares, (first, *others) = self._differences, self._factors, whole.planes
        # A step takes microseconds: attribute lookups and function calls are noticeable.
        subtract, multiply, add, argmin = np.subtract, np.multiply, np.add, distances.argmin
        for sample in self._samples:
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
            factors, theta, pairs = strip[4:]
            across = slice(width - 1 - x + left, width - 1 - x + right)
            down = slice(height - 1 - y, 2 * height - 1 - y)
            if table is None:
                np.dot(columns[across], rows[:, down], theta)
            else:
                np.copyto(theta, table[across, down])
            for difference, weights in pairs:
                multiply(difference, factors, difference)
                add(weights, difference, weights)

    def _narrow_pass(self, columns: FloatArray, rows: FloatArray, reach: int) -> None:
        """Search and update the columns around the previous best matching unit, if that is sufficient."""
        width, height, rate = self._width, self._height, float(rows[0, self._height - 1])
        multiply, add = np.multiply, np.add
        for index, sample in enumerate(self._samples):
            x, y, place = self._where_it_was(index, sample, reach) or self._where_it_is(index, sample, reach)
            left, right, strip, _ = place
            distances, factors, theta, pairs = strip[3:]
            across = slice(width - 1 - x + left, width - 1 - x + right)
            down = slice(height - 1 - y, 2 * height - 1 - y)
            np.dot(columns[across], rows[:, down], theta)
            for difference, weights in pairs:
                multiply(difference, factors, difference)
                add(weights, difference, weights)
            # A weight moves by h |v - W|, and h is at most the learning rate.
            multiply(factors, distances, distances)
            self._moved += math.sqrt(rate * float(distances.max())) + self._rounding

    def _where_it_was(self, index: int, sample: FloatArray, reach: int) -> tuple[int, int, _Place] | None:
        """Return a sample's best matching unit and the columns to update, if in the previous columns."""
        place = self._places.get(index)
        if place is None or place.nearest <= self._moved:
            return None
        left, right, strip, nearest = place
        if right - left > STALE * (2 * (reach + SLACK) + 1):
            return None
        cell = _search(sample, strip)
        x, y = divmod(left * self._height + cell, self._height)
        if max(x - reach, 0) < left or min(x + reach, self._width - 1) >= right:
            return None
        # Rounding changes distances by much less than this.
        is_nearest = math.sqrt(strip.distances[cell]) * (1 + 1e-9) < nearest - self._moved
        return (x, y, place) if is_nearest else None

    def _where_it_is(self, index: int, sample: FloatArray, reach: int) -> tuple[int, int, _Place]:
        """Return a sample's best matching unit and the columns to update, by searching the whole map."""
        width, height = self._width, self._height
        if self._moved > FAR * self._magnitude:
            self._places.clear()
            self._moved = 0.0
        x, y = divmod(_search(sample, self._strip(0, width)), height)
        left, right = max(x - reach - SLACK, 0), min(x + reach + SLACK + 1, width)
        beyond = self._distances[: left * height], self._distances[right * height :]
        nearest = math.sqrt(min(float(part.min(initial=math.inf)) for part in beyond))
        place = self._places[index] = _Place(left, right, self._strip(left, right), nearest + self._moved)
        return x, y, place

    def _strip(self, left: int, right: int) -> _Strip:
        """Return the strip of the columns ``left <= x < right``, cached because best matching units recur."""
        kept = self._strips.get((left, right))
        if kept:
            return kept
        if len(self._strips) >= CACHED_STRIPS:
            self._strips.clear()
        cells = slice(left * self._height, right * self._height)
        weights, differences, factors = (
            self._planes[:, cells],
            self._differences[:, cells],
            self._factors[cells],
        )
        pairs = [(differences, weights)]
        if right - left < self._width:
            # On non-contiguous cells, one operation on all planes costs more than one per plane.
            pairs = list(zip(differences, weights, strict=True))
        made = self._strips[left, right] = _Strip(
            weights,
            differences,
            planes=list(differences),
            distances=self._distances[cells],
            factors=factors,
            theta=factors.reshape(right - left, self._height),
            pairs=pairs,
        )
        return made


def _search(sample: FloatArray, strip: _Strip) -> int:
    """Return the index of the cell of a strip that is nearest to a sample (dimension, 1)."""
    weights, differences, (first, *others), distances, squares = strip[:5]
    np.subtract(sample, weights, differences)
    np.multiply(first, first, distances)
    for difference in others:
        np.multiply(difference, difference, squares)
        np.add(distances, squares, distances)
    return int(distances.argmin())
