"""A large map, a piece of it after the other: what is done to one stays in the cache until the next."""

import math

import numpy as np

from kohonen.data import FloatArray
from kohonen.engines.planes import aligned, rows_of_window, sum_planes

__all__ = ["Bands"]

#: Units that are searched or updated at a time.
PIECE = 20_000


class Bands:
    """Search and update of a map that is larger than the cache.

    Parameters
    ----------
    planes : ndarray of shape (dimension, width * height)
        The weights, which updates change.
    width, height : int
        Units of the grid.
    """

    def __init__(self, planes: FloatArray, width: int, height: int) -> None:
        self._planes, self._grid = planes, planes.reshape(-1, width, height)
        self._width, self._height = width, height
        self._size = max(PIECE, height)
        self._change, self._factors = aligned(self._size), aligned(self._size)

    def search(self, sample: FloatArray) -> int:
        """Return the cell of the best matching unit of a sample (dimension,), by looking at all units."""
        nearest, best = math.inf, 0
        for start in range(0, self._planes.shape[1], self._size):
            differences = sample[:, None] - self._planes[:, start : start + self._size]
            np.multiply(differences, differences, differences)
            distances = differences[0]
            sum_planes(list(differences), distances)
            cell = int(distances.argmin())
            distance = float(distances[cell])
            # Of several at the same distance, the lowest is found first.
            if distance < nearest:
                nearest, best = distance, start + cell
        return best

    def move(
        self, sample: FloatArray, x: int, y: int, reach: int, columns: FloatArray, rows: FloatArray
    ) -> None:
        """Move weights around a best matching unit towards a sample (dimension,).

        The neighbourhood is the product of ``columns`` (2 * width - 1, 1) and ``rows`` (1, 2 * height - 1),
        whose middle is that unit's; beyond the reach it is zero.
        """
        width, height = self._width, self._height
        left, right = max(x - reach, 0), min(x + reach + 1, width)
        window = rows_of_window(y, reach, height)
        length = window.stop - window.start
        row = rows[:, height - 1 - y + window.start : height - 1 - y + window.stop]
        thickness = self._size // length
        subtract, multiply, add, dot = np.subtract, np.multiply, np.add, np.dot
        values = sample.tolist()
        for start in range(left, right, thickness):
            stop = min(start + thickness, right)
            change, factors = (room[: (stop - start) * length] for room in (self._change, self._factors))
            theta = factors.reshape(stop - start, length)
            dot(columns[width - 1 - x + start : width - 1 - x + stop], row, theta)
            planes = self._planes[:, start * height : stop * height]
            if length < height:
                planes = self._grid[:, start:stop, window]
                change, factors = change.reshape(theta.shape), theta
            for value, plane in zip(values, planes, strict=True):
                subtract(value, plane, change)
                multiply(change, factors, change)
                add(plane, change, plane)
