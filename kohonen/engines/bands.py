"""A large map in bands of columns: what is done to one stays in the cache from one operation to the next."""

import math
from typing import NamedTuple

import numpy as np

from kohonen.data import FloatArray
from kohonen.engines.planes import aligned

__all__ = ["Bands"]


class _Band(NamedTuple):
    """Columns of the map, and the room that all bands share for what is computed of one."""

    first: int
    last: int  # the column after it
    weights: FloatArray  # (dimension, cells)
    differences: FloatArray
    planes: list[FloatArray]  # of the differences
    squares: FloatArray
    distances: FloatArray


class Bands:
    """Search and update of a map that is larger than the cache, a band of columns after the other.

    Differences are not kept from the search to the update: to make them again costs less than to fetch them.

    Parameters
    ----------
    planes : ndarray of shape (dimension, width * height)
        The weights, which updates change.
    height : int
        Units in a column.
    size : int
        Weights in a band, about; a column at least.
    """

    def __init__(self, planes: FloatArray, height: int, size: int) -> None:
        self._height = height
        width = planes.shape[1] // height
        thickness = -(-width // -(-planes.size // size))
        differences = aligned(len(planes), thickness * height)
        squares, distances = aligned(thickness * height), aligned(thickness * height)
        self._theta = aligned(thickness, height)
        self._bands = []
        for first in range(0, width, thickness):
            last = min(first + thickness, width)
            cells = (last - first) * height
            weights, room = planes[:, first * height : last * height], differences[:, :cells]
            self._bands.append(
                _Band(first, last, weights, room, list(room), squares[:cells], distances[:cells])
            )

    def search(self, sample: FloatArray) -> int:
        """Return the cell of the best matching unit of a sample (dimension, 1)."""
        subtract, multiply, add = np.subtract, np.multiply, np.add
        nearest, best = math.inf, 0
        for column, _, weights, differences, (first, *others), squares, distances in self._bands:
            subtract(sample, weights, differences)
            multiply(first, first, distances)
            for difference in others:
                multiply(difference, difference, squares)
                add(distances, squares, distances)
            cell = int(distances.argmin())
            distance = float(distances[cell])
            # Of several at the same distance, the lowest is found first.
            if distance < nearest:
                nearest, best = distance, column * self._height + cell
        return best

    def move(self, sample: FloatArray, start: int, column: FloatArray, row: FloatArray) -> None:
        """Move weights towards a sample (dimension, 1).

        The neighbourhood is the product of ``column`` (n, 1), of the columns from ``start``, and ``row``
        (1, height).
        """
        height, stop = self._height, start + len(column)
        for band in self._bands:
            left, right = max(band.first, start), min(band.last, stop)
            if left >= right:
                continue
            cells = slice((left - band.first) * height, (right - band.first) * height)
            weights, differences = band.weights, band.differences
            if right - left < band.last - band.first:
                weights, differences = weights[:, cells], differences[:, cells]
            theta = self._theta[: right - left]
            np.dot(column[left - start : right - start], row, theta)
            np.subtract(sample, weights, differences)
            np.multiply(differences, theta.reshape(-1), differences)
            np.add(weights, differences, weights)
