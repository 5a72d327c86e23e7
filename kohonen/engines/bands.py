"""Search and update of large maps in blocks that fit into the cache."""

import math

import numpy as np

from kohonen.engines.planes import aligned, squared_distances, windows
from kohonen.inputs.arrays import FloatArray

__all__ = ["Bands"]

#: Units per block.
BLOCK = 20_000


class Bands:
    """Search and update of a map that is larger than the cache.

    Parameters
    ----------
    planes : ndarray of shape (dimension, width * height)
        The weights, updated in place.
    width, height : int
        Units of the grid.
    """

    def __init__(self, planes: FloatArray, width: int, height: int) -> None:
        self._planes, self._grid = planes, planes.reshape(-1, width, height)
        self._height = height
        self._size = max(BLOCK, height)
        self._change, self._factors = aligned(self._size), aligned(self._size)

    def search(self, sample: FloatArray) -> int:
        """Return the index of the best matching unit of a sample (dimension,) by exhaustive search."""
        nearest, best = math.inf, 0
        for start in range(0, self._planes.shape[1], self._size):
            distances = squared_distances(sample[:, None] - self._planes[:, start : start + self._size])
            cell = int(distances.argmin())
            distance = float(distances[cell])
            # Strictly smaller: of equal distances the lowest index wins.
            if distance < nearest:
                nearest, best = distance, start + cell
        return best

    def move(
        self, sample: FloatArray, x: int, y: int, reach: int, columns: FloatArray, rows: FloatArray
    ) -> None:
        """Move weights around a best matching unit towards a sample (dimension,); see `windows`."""
        height, values = self._height, sample.tolist()
        subtract, multiply, add = np.subtract, np.multiply, np.add
        for across, down, column, row in windows(x, y, reach, columns, rows, cells=self._size):
            size = column.size * row.size
            change, factors = self._change[:size], self._factors[:size]
            theta = factors.reshape(column.size, row.size)
            np.dot(column, row, theta)
            planes = self._planes[:, across.start * height : across.stop * height]
            if row.size < height:
                planes = self._grid[:, across, down]
                change, factors = change.reshape(theta.shape), theta
            for value, plane in zip(values, planes, strict=True):
                subtract(value, plane, change)
                multiply(change, factors, change)
                add(plane, change, plane)
