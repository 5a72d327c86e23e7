"""Search of large maps by bounding boxes of tiles, which limits it to tiles that can hold a nearer unit."""

import math

import numpy as np
from numpy.typing import NDArray

from kohonen.engines.planes import ROUNDING, aligned, squared_distances, sum_planes
from kohonen.inputs.arrays import FloatArray

__all__ = ["Boxes"]

#: Largest share of the tiles that is searched tile by tile; beyond it an exhaustive search costs less.
MOST_TILES = 0.25
#: Number of failed searches after which all boxes are recomputed, at the cost of one or two searches.
FAILED_SEARCHES = 32


class Boxes:
    """Bounding boxes of the weights in each tile: the minimum and the maximum in each dimension.

    The distance of a sample to a box is a lower bound of its distances to the tile's units. Rounding keeps
    that order, as both distances are computed by the same operations. So the tiles that can hold the best
    matching unit, ties included, are those whose boxes are no farther than the sample's previous best
    matching unit: on an ordered map, a few of hundreds.

    An update moves the weights of a tile towards the sample by at most the neighbourhood of its nearest
    unit, and at least that of its farthest. Boxes are moved by these two factors, which makes them wider
    than necessary; they are recomputed when their tiles are searched, or after failed searches.

    Parameters
    ----------
    planes : ndarray of shape (dimension, width * height)
        The weights; after each update, `move` must be called.
    width, height : int
        Units of the grid.
    samples : ndarray of shape (n, dimension)
        The samples to search for.
    """

    def __init__(self, planes: FloatArray, width: int, height: int, samples: FloatArray) -> None:
        self._planes, self._grid = planes, planes.reshape(-1, width, height)
        self._width, self._height = width, height
        self._across, self._down = _sides(width, height)
        self._left, self._top = np.arange(0, width, self._across), np.arange(0, height, self._down)
        columns = np.minimum(self._left[:, None] + np.arange(self._across), width - 1)
        rows = np.minimum(self._top[:, None] + np.arange(self._down), height - 1)
        # One row per tile; where the map's edge cuts a tile off, cells are repeated.
        cells = columns[:, None, :, None] * height + rows[None, :, None, :]
        self._cells = cells.reshape(-1, self._across * self._down)
        tiles, dimension = len(self._cells), len(planes)
        # Maxima are stored negated, so that one operation handles both bounds.
        self._targets = np.concatenate([samples, -samples], axis=1).reshape(len(samples), 2, dimension, 1)
        self._boxes = np.empty((2, dimension, tiles))
        magnitude = max(np.abs(samples).max(), np.abs(planes).max())
        self._margin = ROUNDING * magnitude + np.finfo(np.float64).tiny
        self._last_best = np.zeros(len(samples), dtype=np.intp)
        self._failed_searches = 0
        self._buffer, self._other_buffer = aligned(2, dimension, tiles), aligned(2, dimension, tiles)
        self._gaps, self._distances = aligned(dimension, tiles), aligned(tiles)
        self._neighbourhoods = aligned(2, len(self._left), len(self._top))
        self._recompute()

    def begin(self, columns: FloatArray, rows: FloatArray) -> None:
        """Begin an iteration.

        The neighbourhood is the product of ``columns`` (2 * width - 1, 1) and ``rows`` (1, 2 * height - 1),
        with the best matching unit in the middle.
        """
        self._columns = _extremes(columns[:, 0], self._across)
        self._rows = _extremes(rows[0], self._down)

    def search(self, index: int) -> int | None:
        """Return the index of a sample's best matching unit, or None if it needs an exhaustive search."""
        target = self._targets[index]
        tiles = self._tiles_within(target, self._distance_of_last_best(index))
        if len(tiles) <= MOST_TILES * len(self._cells):
            return self._best_of(tiles, target)
        # The map is not ordered yet, or many units are equally far away.
        self._failed_searches += 1
        if self._failed_searches % FAILED_SEARCHES == 0:
            self._recompute()
        return None

    def move(self, index: int, x: int, y: int) -> None:
        """Move the boxes for the update around a sample's best matching unit."""
        self._last_best[index] = x * self._height + y
        across = slice(self._width - 1 - x, 2 * self._width - 1 - x, self._across)
        down = slice(self._height - 1 - y, 2 * self._height - 1 - y, self._down)
        for columns, rows, neighbourhood in zip(self._columns, self._rows, self._neighbourhoods, strict=True):
            np.multiply(columns[across, None], rows[down], neighbourhood)
        least, most = self._neighbourhoods.reshape(2, -1)
        boxes, change, other = self._boxes, self._buffer, self._other_buffer
        np.subtract(self._targets[index], boxes, change)
        np.multiply(change, least, other)
        np.multiply(change, most, change)
        np.minimum(change, other, out=change)
        np.subtract(change, self._margin, change)
        np.add(boxes, change, boxes)

    def _recompute(self) -> None:
        for box, extreme, sign in zip(self._boxes, (np.minimum, np.maximum), (1.0, -1.0), strict=True):
            of_columns = [extreme.reduce(self._grid[:, x : x + self._across], axis=1) for x in self._left]
            of_tiles = extreme.reduceat(np.stack(of_columns, axis=1), self._top, axis=2)
            np.multiply(of_tiles.reshape(box.shape), sign, box)

    def _distance_of_last_best(self, index: int) -> float:
        """Return the squared distance of a sample to its previous best matching unit."""
        differences = self._targets[index, 0, :, 0] - self._planes[:, self._last_best[index]]
        distance = 0.0
        for difference in differences.tolist():
            distance += difference * difference
        return distance

    def _tiles_within(self, target: FloatArray, distance: float) -> NDArray[np.intp]:
        """Return the tiles whose boxes are within a squared distance."""
        (below, above), gaps, distances = self._buffer, self._gaps, self._distances
        np.subtract(self._boxes, target, self._buffer)
        np.maximum(below, above, out=gaps)
        np.maximum(gaps, 0.0, out=gaps)
        np.multiply(gaps, gaps, gaps)
        sum_planes(list(gaps), distances)
        return (distances <= distance).nonzero()[0]

    def _best_of(self, tiles: NDArray[np.intp], target: FloatArray) -> int:
        """Return the index of the best matching unit in some tiles; ties go to the lowest."""
        cells = self._cells[tiles]
        weights = self._planes.take(cells, axis=1)
        if len(tiles) > 1:
            self._boxes[:, :, tiles] = weights.min(axis=2), -weights.max(axis=2)
        distances = squared_distances(target[0, :, :, None] - weights)
        return int(cells[distances == distances.min()].min())


def _sides(width: int, height: int) -> tuple[int, int]:
    """Return the width and height of a tile, such that there are about as many tiles as units per tile."""
    short = min(width, height, math.ceil((width * height) ** 0.25))
    long = math.ceil((width * height) ** 0.5 / short)
    return (long, short) if width >= height else (short, long)


def _extremes(table: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the minimum and the maximum of each window of `count` values in a table padded with zeros.

    The table decreases from its middle, so that both are at the window's ends, or the maximum in the middle.
    """
    padded = np.concatenate([table, np.zeros(count - 1)])
    first, last, middle = padded[: len(table)], padded[count - 1 :], len(table) // 2
    largest = np.maximum(first, last)
    largest[max(middle - count + 1, 0) : middle + 1] = table[middle]
    return np.minimum(first, last), largest
