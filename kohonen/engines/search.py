"""Exact search for the best matching units of many samples, on all cores and in bounded memory.

The distance of a sample with missing values (NaN) to a unit is taken over the values present, as in SOM_PAK.
Other packages (R's kohonen) scale it to the full dimension: the same factor for all units, which gives the
same best matching units.

References
----------
T. Kohonen, J. Hynninen, J. Kangas and J. Laaksonen, "SOM_PAK: The self-organizing map program package",
report A31, Helsinki University of Technology (1996).
T. Samad and S. A. Harp, "Self-organization with partial data", Network 3(2), 205-212 (1992).
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.engines.cores import for_each
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.frames import Samples, samples_in
from kohonen.kernel import address, kernel, loaded_kernel

__all__ = ["IntArray", "Matches", "by_kernel", "by_sums", "match"]

IntArray: TypeAlias = npt.NDArray[np.int64]

#: Samples per task of a thread; fewer, but at least 256, on maps of more than `PART_VALUES / PART` weights.
PART, PART_VALUES = 8192, 2**28
#: Size in bytes of a table of samples by units in NumPy: two of them fit into a cache.
TABLE_BYTES = 2**20


class Matches(NamedTuple):
    """The units nearest to each sample.

    Attributes
    ----------
    units : ndarray of shape (n, k)
        The nearest unit, and the second nearest if ``k`` is 2, as indices in C order of ``[x, y]``.
    distances : ndarray of shape (n, k)
        The Euclidean distances of the samples to them.
    """

    units: IntArray
    distances: FloatArray


def match(weights: FloatArray, samples: Samples, *, count: int = 1) -> Matches:
    """Find the best matching units of samples, equal to those of an exhaustive search.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights of the map.
    samples : ndarray, data frame or Arrow table of shape (n, dim)
        The samples, in the order of the weights; NaN for missing values, but each sample has at least one
        value.
    count : {1, 2}, default 1
        The number of units per sample; a map of one unit has no second.

    Returns
    -------
    Matches
        Ties go to the lower index.
    """
    values = np.asarray(samples_in(samples), dtype=np.float64)
    return (by_kernel if kernel() else by_sums)(weights, values, count=count)


def by_kernel(
    weights: FloatArray, samples: FloatArray, *, count: int = 1, method: int = 0, level: int | None = None
) -> Matches:
    """`match` with the compiled kernel, by any method and instruction set of kohonen/kernel/kernel.h."""
    found = loaded_kernel()
    weights, samples = np.ascontiguousarray(weights), np.ascontiguousarray(samples)
    units, squared = _empty(weights, samples, count)
    level = found.highest_level() if level is None else level
    search = found.search_open(
        *weights.shape, address(weights), address(samples), len(samples), method, level
    )
    if not search:
        raise MemoryError("not enough memory to search this map")

    def run(part: slice) -> int:
        rows, places, squares = samples[part], units[part], squared[part]
        distances: int = found.search_run(
            search, address(rows), len(rows), units.shape[1], address(places), address(squares)
        )
        return distances

    try:
        part = min(PART, max(256, PART_VALUES // weights.size))
        parts = [slice(start, start + part) for start in range(0, len(samples), part)]
        if min(for_each(run, parts), default=0) < 0:
            raise MemoryError("not enough memory to search this map")
    finally:
        found.search_close(search)
    return Matches(units, np.sqrt(squared, out=squared))


def by_sums(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """`match` with NumPy: sums the squares of each sample and unit in order of dimension."""
    planes = np.ascontiguousarray(weights.reshape(-1, weights.shape[2]).T)
    units, squared = _empty(weights, samples, count)
    rows = max(1, TABLE_BYTES // (8 * planes.shape[1]))
    for start in range(0, len(samples), rows):
        block = slice(start, start + rows)
        values, absent = samples[block], np.isnan(samples[block])
        total = np.zeros((len(values), planes.shape[1]))
        difference = np.empty_like(total)
        for k, plane in enumerate(planes):
            np.subtract(values[:, k, None], plane, out=difference)
            np.multiply(difference, difference, out=difference)
            difference[absent[:, k]] = 0.0
            np.add(total, difference, out=total)
        for place in range(units.shape[1]):
            nearest = total.argmin(axis=1)[:, None]
            units[block, place, None] = nearest
            squared[block, place, None] = np.take_along_axis(total, nearest, axis=1)
            np.put_along_axis(total, nearest, np.inf, axis=1)
    return Matches(units, np.sqrt(squared, out=squared))


def _empty(weights: FloatArray, samples: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Return uninitialised arrays for units and distances."""
    shape = len(samples), min(count, weights.shape[0] * weights.shape[1])
    return np.empty(shape, dtype=np.int64), np.empty(shape)
