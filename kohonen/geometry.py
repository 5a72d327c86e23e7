"""The geometry of a grid: distances between units, neighbours, and the neighbourhood function.

On a *rectangular* grid units are one apart in rows that are one apart, and a unit's neighbours are the eight
around it. On a *hexagonal* grid odd rows are shifted to the right by half a unit, rows are ``sqrt(3) / 2``
apart, and a unit's neighbours are the six at distance one. A *planar* grid has edges; on a *toroidal* grid
opposite edges are joined, and distances are those of the shorter way.

Distances along the two axes are integers: half units across and rows down. The Gaussian neighbourhood is the
product of one factor per axis on every grid.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.errors import InvalidParameterError
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["PLANAR", "Boundary", "Geometry", "Grid", "Neighbourhood"]

Grid: TypeAlias = Literal["rectangular", "hexagonal"]
Boundary: TypeAlias = Literal["planar", "toroidal"]
IntArray: TypeAlias = npt.NDArray[np.int64]

#: Values of neighbourhoods computed at a time: enough to make the cost of a call small.
VALUES = 16_384

#: Steps to half of the neighbours, in columns and rows; the other half are their opposites.
_RECTANGULAR_STEPS = ((1, 0), (0, 1), (1, 1), (1, -1))
#: On a hexagonal grid the steps depend on the parity of the row.
_HEXAGONAL_STEPS = (((1, 0), (0, 1), (-1, 1)), ((1, 0), (1, 1), (0, 1)))


class Geometry(NamedTuple):
    """The kind of a map's grid, independent of its size.

    Parameters
    ----------
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        The arrangement of units.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether the grid ends at its edges or opposite edges are joined.
    """

    grid: Grid = "rectangular"
    boundary: Boundary = "planar"

    @property
    def hexagonal(self) -> bool:
        """Whether odd rows are shifted by half a unit."""
        return self.grid == "hexagonal"

    @property
    def toroidal(self) -> bool:
        """Whether opposite edges are joined."""
        return self.boundary == "toroidal"

    @property
    def row_distance_squared(self) -> float:
        """The square of the distance between two rows, in units."""
        return 0.75 if self.hexagonal else 1.0

    def check(self, height: int) -> None:
        """Refuse a height that is impossible on this grid.

        Raises
        ------
        InvalidParameterError
            If a hexagonal toroidal grid has an odd number of rows: two unshifted rows would be adjacent.
        """
        if self.hexagonal and self.toroidal and height % 2:
            raise InvalidParameterError(
                f"height must be even on a hexagonal toroidal grid, but is {height}",
                parameter="height",
            )

    def offsets(self, units: IntArray, others: IntArray, shape: tuple[int, int]) -> tuple[IntArray, IntArray]:
        """Return the distances between units along each axis.

        Parameters
        ----------
        units, others : ndarray of int
            Indices of units in C order of ``[x, y]``; any shapes that broadcast.
        shape : tuple of int
            Width and height of the grid.

        Returns
        -------
        across, down : ndarray of int
            Absolute distances: in half units from left to right, and in rows from top to bottom.
        """
        width, height = shape
        (x, y), (other_x, other_y) = np.divmod(units, height), np.divmod(others, height)
        across, down = 2 * (x - other_x), np.abs(y - other_y)
        if self.hexagonal:
            across = across + y % 2 - other_y % 2
        across = np.abs(across)
        if self.toroidal:
            across, down = np.minimum(across, 2 * width - across), np.minimum(down, height - down)
        return across, down

    def distance(self, units: IntArray, others: IntArray, shape: tuple[int, int]) -> FloatArray:
        """Return the Euclidean distance between units on the grid; arguments as for `offsets`."""
        across, down = self.offsets(units, others, shape)
        return np.sqrt(0.25 * across**2 + self.row_distance_squared * down**2)

    def adjacent(self, units: IntArray, others: IntArray, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Return whether units are neighbours or equal; arguments as for `offsets`."""
        across, down = self.offsets(units, others, shape)
        if self.hexagonal:
            return np.asarray(across**2 + 3 * down**2 <= 4)
        return np.asarray((across <= 2) & (down <= 1))

    def pairs(self, width: int, height: int) -> list[tuple[IntArray, IntArray]]:
        """Return all pairs of neighbours, each once, as a few pairs of arrays of unit indices."""
        x, y = np.divmod(np.arange(width * height), height)
        lots = []
        for step in range(3 if self.hexagonal else 4):
            if self.hexagonal:
                across, down = np.array([_HEXAGONAL_STEPS[parity][step] for parity in (0, 1)])[y % 2].T
            else:
                across, down = (np.full_like(x, value) for value in _RECTANGULAR_STEPS[step])
            to_x, to_y = x + across, y + down
            if self.toroidal:
                to_x, to_y, there = to_x % width, to_y % height, np.full(len(x), True)
            else:
                there = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
            lots.append((np.flatnonzero(there), (to_x * height + to_y)[there]))
        if self.toroidal and min(width, height) < 3:
            lots = _distinct(lots)
        return lots

    def neighbourhoods(
        self, schedule: Schedule, first: int, last: int, shape: tuple[int, int]
    ) -> Iterator["Neighbourhood"]:
        """Yield the neighbourhood of each iteration ``first <= t < last`` on a grid of a width and height."""
        width, height = shape
        half_columns, rows = np.arange(2 * width), np.arange(height)
        squared = np.concatenate([0.25 * half_columns**2, self.row_distance_squared * rows**2])
        across, down = np.abs(np.arange(-2 * width + 1, 2 * width)), np.abs(np.arange(-height + 1, height))
        if self.toroidal:
            across, down = np.minimum(across, 2 * width - across), np.minimum(down, height - down)
        count = max(1, VALUES // len(squared))
        for start in range(first, last, count):
            iterations = np.arange(start, min(start + count, last))
            rates = schedule.learning_rate * schedule.decay(iterations)
            for rate, table in zip(rates.tolist(), schedule.neighbourhoods(iterations, squared), strict=True):
                reach = shape
                if not self.toroidal:
                    columns, lines = np.flatnonzero(table[: 2 * width]), np.flatnonzero(table[2 * width :])
                    reach = (int(columns[-1]) + 1) // 2, int(lines[-1])
                yield Neighbourhood(
                    table[across], table[2 * width + down], shape, 2 if self.hexagonal else 1, reach, rate
                )


class Neighbourhood(NamedTuple):
    """The Gaussian neighbourhood of an iteration around any unit, as a product of two factors.

    Attributes
    ----------
    across : ndarray of shape (4 * width - 1,)
        The factor by the signed distance in half units; distance zero is in the middle.
    down : ndarray of shape (2 * height - 1,)
        The factor by the signed distance in rows.
    shape : tuple of int
        Width and height of the grid.
    kinds : int
        Number of kinds of rows: two on a hexagonal grid, one otherwise. Row ``y`` is of kind ``y % kinds``.
    reach : tuple of int
        Columns and rows beyond which the factors are zero.
    rate : float
        The learning rate.
    """

    across: FloatArray
    down: FloatArray
    shape: tuple[int, int]
    kinds: int
    reach: tuple[int, int]
    rate: float

    def window(self, x: int, y: int) -> tuple[int, int, int, int]:
        """Return the first and last columns and rows (exclusive) in reach of unit ``[x, y]``."""
        (width, height), (across, down) = self.shape, self.reach
        left, right = max(x - across, 0), min(x + across + 1, width)
        return left, right, max(y - down, 0), min(y + down + 1, height)

    def columns(self, x: int, y: int, kind: int) -> FloatArray:
        """Return the factors across of all columns in rows of a kind, relative to unit ``[x, y]``."""
        width = self.shape[0]
        start = 2 * width - 1 - 2 * x + kind - y % self.kinds
        return self.across[start : start + 2 * width - 1 : 2]

    def rows(self, y: int) -> FloatArray:
        """Return the factors down of all rows, relative to row ``y``."""
        height = self.shape[1]
        return self.down[height - 1 - y : 2 * height - 1 - y]

    def factors(self, x: int, y: int, window: tuple[int, int, int, int], out: FloatArray) -> None:
        """Compute the products of both factors in a `window`, relative to unit ``[x, y]``."""
        left, right, top, bottom = window
        down = self.rows(y)[top:bottom]
        for kind in range(self.kinds):
            first = (kind - top) % self.kinds
            across = self.columns(x, y, kind)[left:right, None]
            np.multiply(across, down[first :: self.kinds], out=out[:, first :: self.kinds])

    def smooth(
        self, planes: FloatArray, product: Callable[[FloatArray, FloatArray], FloatArray]
    ) -> FloatArray:
        """Convolve planes with the Gaussian: across, and then down.

        Parameters
        ----------
        planes : ndarray of shape (k, width, height)
            The planes.
        product : callable
            Multiplies two matrices or stacks of matrices.

        Returns
        -------
        ndarray of shape (k, width, height)
            The smoothed planes.
        """
        width, height = self.shape
        vertical = np.array([self.rows(y) for y in range(height)])
        smoothed = []
        for kind in range(self.kinds):
            inner = []
            for other in range(self.kinds):
                horizontal = np.array([self.columns(x, kind, other) for x in range(width)])
                inner.append(product(horizontal, planes[:, :, other :: self.kinds]))
            smoothed.append(product(_interleaved(inner), vertical[kind :: self.kinds].T))
        return _interleaved(smoothed)


def _interleaved(kinds: list[FloatArray]) -> FloatArray:
    """Return planes (k, width, height), given the rows of each kind."""
    if len(kinds) == 1:
        return kinds[0]
    planes = np.empty((*kinds[0].shape[:2], sum(rows.shape[2] for rows in kinds)))
    for kind, rows in enumerate(kinds):
        planes[:, :, kind :: len(kinds)] = rows
    return planes


def _distinct(lots: list[tuple[IntArray, IntArray]]) -> list[tuple[IntArray, IntArray]]:
    """Leave out repeated pairs, and units with themselves: on a narrow torus, steps lead to the same unit."""
    pairs = np.sort(np.concatenate([np.stack(lot) for lot in lots], axis=1), axis=0)
    kept = np.zeros(pairs.shape[1], dtype=np.bool_)
    kept[np.unique(pairs, axis=1, return_index=True)[1]] = True
    kept &= pairs[0] != pairs[1]
    parts = np.split(kept, np.cumsum([len(one) for one, _ in lots])[:-1])
    return [(one[part], other[part]) for (one, other), part in zip(lots, parts, strict=True)]


#: The textbook's geometry: a planar rectangular grid.
PLANAR = Geometry()
