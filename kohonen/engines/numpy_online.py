"""Online training in NumPy: the reference for the compiled kernel, and the fallback where there is none.

It serves every grid and samples with missing values. The weights are stored as one plane per dimension, so
that operations are on long contiguous rows; large maps are processed in blocks of columns that fit into the
cache.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.engines.cost import Cost
from kohonen.geometry import PLANAR, Geometry, Neighbourhood
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["NumpyOnline"]

Mask: TypeAlias = npt.NDArray[np.bool_]

#: Units per block.
BLOCK = 16_384


class NumpyOnline:
    """Online training of a grid of any kind.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The initial weights; copied.
    samples : ndarray of shape (n, dim)
        The samples, presented in this order in each iteration; NaN for missing values.
    schedule : Schedule
        Radius and learning rate.
    geometry : Geometry, optional
        The kind of grid; planar and rectangular by default.
    """

    name = "numpy"
    cost = Cost(per_step=25e-6, per_dimension=4e-6, per_value=4e-9, updating=0.5)

    def __init__(
        self, weights: FloatArray, samples: FloatArray, schedule: Schedule, geometry: Geometry = PLANAR
    ) -> None:
        self._width, self._height, dimension = weights.shape
        self._planes = np.moveaxis(weights, 2, 0).copy()
        self._samples, self._schedule, self._geometry = samples, schedule, geometry
        self._thickness = min(max(1, BLOCK // self._height), self._width)
        block = self._thickness, self._height
        self._differences, squares = np.empty((2, dimension, *block))
        self._theta, self._distances = np.empty(block), np.empty((self._width, self._height))
        # Views of each block of columns, created once: creating one takes as long as a small operation.
        self._blocks = []
        for start in range(0, self._width, self._thickness):
            columns = slice(start, min(start + self._thickness, self._width))
            here = slice(0, columns.stop - start)
            views = self._planes[:, columns], self._differences[:, here], squares[:, here]
            self._blocks.append((*views, list(squares[:, here]), self._distances[columns]))

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""
        return np.ascontiguousarray(np.moveaxis(self._planes, 0, 2))

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        missing = np.isnan(self._samples)
        absent = [row if row.any() else None for row in missing]
        samples = self._samples[:, :, None, None]
        shape = self._width, self._height
        for around in self._geometry.neighbourhoods(self._schedule, first, last, shape):
            around = around._replace(down=around.rate * around.down)
            for sample, without in zip(samples, absent, strict=True):
                x, y = self._best_matching_unit(sample, without)
                self._update(sample, without, x, y, around)

    def _best_matching_unit(self, sample: FloatArray, absent: Mask | None) -> tuple[int, int]:
        """Return ``[x, y]`` of the unit nearest to a sample (dim, 1, 1); ties go to the first."""
        for planes, differences, squares, (first, *others), distances in self._blocks:
            _subtract(sample, planes, absent, out=differences)
            np.multiply(differences, differences, out=squares)
            # In order of dimension, which np.sum does not guarantee.
            np.copyto(distances, first)
            for other in others:
                np.add(distances, other, out=distances)
        x, y = divmod(int(self._distances.argmin()), self._height)
        return x, y

    def _update(self, sample: FloatArray, absent: Mask | None, x: int, y: int, around: Neighbourhood) -> None:
        """Move the units in reach of ``[x, y]`` towards a sample (dim, 1, 1)."""
        left, right, top, bottom = around.window(x, y)
        for start in range(left, right, self._thickness):
            stop = min(start + self._thickness, right)
            theta = self._theta[: stop - start, : bottom - top]
            around.factors(x, y, (start, stop, top, bottom), out=theta)
            planes = self._planes[:, start:stop, top:bottom]
            if len(self._blocks) == 1:  # the differences of the search are those of the whole map
                differences = self._differences[:, start:stop, top:bottom]
            else:
                differences = self._differences[:, : stop - start, : bottom - top]
                _subtract(sample, planes, absent, out=differences)
            np.multiply(differences, theta, out=differences)
            np.add(planes, differences, out=planes)


def _subtract(sample: FloatArray, planes: FloatArray, absent: Mask | None, out: FloatArray) -> None:
    """Compute a sample minus weights (dim, columns, rows), with zero for missing values."""
    np.subtract(sample, planes, out=out)
    if absent is not None:
        out[absent] = 0.0
