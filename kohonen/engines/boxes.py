"""Boxes around the weights of a map's tiles, so that a search looks only where a nearer unit can be."""

import math

import numpy as np
from numpy.typing import NDArray

from kohonen.data import FloatArray
from kohonen.engines.planes import ROUNDING, aligned, squared_distances, sum_planes

__all__ = ["Boxes"]

#: How much of the map is looked at in pieces; where it may have to be more, looking at all of it costs less.
FEW_TILES = 0.25
#: After how many searches in vain all boxes are made tight, which costs as much as one or two of them.
PATIENCE = 32


class Boxes:
    """The least and the largest weights, in each dimension, of the units in each tile of the map.

    A sample is as far from a unit as from the unit's box, at least. Rounding keeps that order, as both
    distances are computed by the same operations. So the tiles that can have the best matching unit, ties
    included, are those whose boxes are no farther than the unit that was the sample's best before: on a map
    that has some order, a few of hundreds.

    An update draws the weights of a tile towards the sample by no more than the neighbourhood of its nearest
    unit, and no less than that of its farthest. Boxes are moved by these, which makes them wider than need
    be, and are made tight again when their tiles are looked at in vain.

    Parameters
    ----------
    planes : ndarray of shape (dimension, width * height)
        The weights, of which `move` tells that they have changed.
    width, height : int
        Units of the grid.
    samples : ndarray of shape (n, dimension)
        What is searched for.
    """

    def __init__(self, planes: FloatArray, width: int, height: int, samples: FloatArray) -> None:
        self._planes, self._grid = planes, planes.reshape(-1, width, height)
        self._width, self._height = width, height
        self._across, self._down = _sides(width, height)
        self._left, self._top = np.arange(0, width, self._across), np.arange(0, height, self._down)
        columns = np.minimum(self._left[:, None] + np.arange(self._across), width - 1)
        rows = np.minimum(self._top[:, None] + np.arange(self._down), height - 1)
        # Those of each tile in a row; where a tile is cut off by the map's end, some are there again.
        cells = columns[:, None, :, None] * height + rows[None, :, None, :]
        self._cells = cells.reshape(-1, self._across * self._down)
        tiles, dimension = len(self._cells), len(planes)
        # Above a sample is as below it with the signs turned: both are done in one operation.
        self._targets = np.concatenate([samples, -samples], axis=1).reshape(len(samples), 2, dimension, 1)
        self._boxes = np.empty((2, dimension, tiles))
        magnitude = max(np.abs(samples).max(), np.abs(planes).max())
        self._margin = ROUNDING * magnitude + np.finfo(np.float64).tiny
        self._last_best = np.zeros(len(samples), dtype=np.intp)
        self._in_vain = 0
        self._room, self._more_room = aligned(2, dimension, tiles), aligned(2, dimension, tiles)
        self._gaps, self._distances = aligned(dimension, tiles), aligned(tiles)
        self._neighbourhoods = aligned(2, len(self._left), len(self._top))
        self._make_tight()

    def begin(self, columns: FloatArray, rows: FloatArray) -> None:
        """Begin an iteration with this neighbourhood.

        It is the product of ``columns`` (2 * width - 1, 1) and ``rows`` (1, 2 * height - 1), whose middle is
        the best matching unit's.
        """
        self._columns = _extremes(columns[:, 0], self._across)
        self._rows = _extremes(rows[0], self._down)

    def search(self, index: int) -> int | None:
        """Return the cell of a sample's best matching unit, or None where all units have to be looked at."""
        target = self._targets[index]
        tiles = self._tiles_within(target, self._distance_of_last_best(index))
        if len(tiles) <= FEW_TILES * len(self._cells):
            return self._best_of(tiles, target)
        # The map has no order yet, or much of it is as far away.
        self._in_vain += 1
        if self._in_vain % PATIENCE == 0:
            self._make_tight()
        return None

    def move(self, index: int, x: int, y: int) -> None:
        """Follow the update of the weights around a sample's best matching unit."""
        self._last_best[index] = x * self._height + y
        across = slice(self._width - 1 - x, 2 * self._width - 1 - x, self._across)
        down = slice(self._height - 1 - y, 2 * self._height - 1 - y, self._down)
        for columns, rows, neighbourhood in zip(self._columns, self._rows, self._neighbourhoods, strict=True):
            np.multiply(columns[across, None], rows[down], neighbourhood)
        least, most = self._neighbourhoods.reshape(2, -1)
        boxes, change, other = self._boxes, self._room, self._more_room
        np.subtract(self._targets[index], boxes, change)
        np.multiply(change, least, other)
        np.multiply(change, most, change)
        np.minimum(change, other, out=change)
        np.subtract(change, self._margin, change)
        np.add(boxes, change, boxes)

    def _make_tight(self) -> None:
        for box, extreme, sign in zip(self._boxes, (np.minimum, np.maximum), (1.0, -1.0), strict=True):
            of_columns = [extreme.reduce(self._grid[:, x : x + self._across], axis=1) for x in self._left]
            of_tiles = extreme.reduceat(np.stack(of_columns, axis=1), self._top, axis=2)
            np.multiply(of_tiles.reshape(box.shape), sign, box)

    def _distance_of_last_best(self, index: int) -> float:
        """Return how far a sample is, squared, from the unit that was its best before."""
        differences = self._targets[index, 0, :, 0] - self._planes[:, self._last_best[index]]
        distance = 0.0
        for difference in differences.tolist():
            distance += difference * difference
        return distance

    def _tiles_within(self, target: FloatArray, distance: float) -> NDArray[np.intp]:
        """Return the tiles that may have a unit as near as that."""
        (below, above), gaps, distances = self._room, self._gaps, self._distances
        np.subtract(self._boxes, target, self._room)
        np.maximum(below, above, out=gaps)
        np.maximum(gaps, 0.0, out=gaps)
        np.multiply(gaps, gaps, gaps)
        sum_planes(list(gaps), distances)
        return (distances <= distance).nonzero()[0]

    def _best_of(self, tiles: NDArray[np.intp], target: FloatArray) -> int:
        """Return the cell of the best matching unit in some tiles; of several, the lowest."""
        cells = self._cells[tiles]
        weights = self._planes.take(cells, axis=1)
        if len(tiles) > 1:
            self._boxes[:, :, tiles] = weights.min(axis=2), -weights.max(axis=2)
        distances = squared_distances(target[0, :, :, None] - weights)
        return int(cells[distances == distances.min()].min())


def _sides(width: int, height: int) -> tuple[int, int]:
    """Return the units of a tile in each direction: such that there are as many tiles as units in each."""
    short = min(width, height, math.ceil((width * height) ** 0.25))
    long = math.ceil((width * height) ** 0.5 / short)
    return (long, short) if width >= height else (short, long)


def _extremes(table: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the least and the largest of so many neighbours, from each on, in a table that ends in zeros.

    It falls off from its middle to both sides, so they are at the ends, but for the middle among them.
    """
    padded = np.concatenate([table, np.zeros(count - 1)])
    first, last, middle = padded[: len(table)], padded[count - 1 :], len(table) // 2
    largest = np.maximum(first, last)
    largest[max(middle - count + 1, 0) : middle + 1] = table[middle]
    return np.minimum(first, last), largest
