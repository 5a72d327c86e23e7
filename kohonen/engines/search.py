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

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.engines.cores import for_each
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import address, kernel, loaded_kernel

__all__ = ["IntArray", "Matches", "by_bounds", "by_products", "match"]

IntArray: TypeAlias = npt.NDArray[np.int64]

#: Size in bytes of a block of the table of samples by units.
BLOCK_BYTES = 8 * 2**20
#: Samples per task of a thread.
PART = 8192
#: Samples per unit from which on units are sorted before the search.
SORTED_SHARE = 0.25
#: From this dimension on, a pilot search of `PILOT` samples decides whether to use bounds: not if it visits
#: more than the share `EVENLY_FAR` of the tiles.
MANY_DIMENSIONS, PILOT, EVENLY_FAR = 48, 64, 0.5
#: Number of samples with the same missing values from which on they are searched together, in the components
#: present.
SAME_PATTERN = 16


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


def match(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """Find the best matching units of samples, equal to those of an exhaustive search.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights of the map.
    samples : ndarray of shape (n, dim)
        The samples; NaN for missing values, but each sample has at least one value.
    count : {1, 2}, default 1
        The number of units per sample; a map of one unit has no second.

    Returns
    -------
    Matches
        Ties go to the lower index.
    """
    absent = np.isnan(samples)
    if absent.any():
        return _masked(weights, samples, absent, count)
    if kernel() is None or _is_evenly_far(weights, samples):
        return by_products(weights, samples, count=count)
    return by_bounds(weights, samples, count=count)


def _masked(weights: FloatArray, samples: FloatArray, absent: npt.NDArray[np.bool_], count: int) -> Matches:
    """`match` for samples with missing values, grouped by pattern where a pattern is frequent."""
    units, distances = _empty(weights, samples, count)
    patterns, pattern = np.unique(np.packbits(absent, axis=1), axis=0, return_inverse=True)
    counts = np.bincount(pattern.ravel(), minlength=len(patterns))
    order = np.argsort(pattern.ravel(), kind="stable")
    others = []
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        if len(rows) < SAME_PATTERN:
            others.append(rows)
            continue
        present = ~absent[rows[0]]
        found = match(weights[:, :, present], samples[np.ix_(rows, present)], count=count)
        units[rows], distances[rows] = found.units, found.distances
    if others:
        rows = np.concatenate(others)
        found = _by_sums(weights, samples[rows], count)
        units[rows], distances[rows] = found.units, found.distances
    return Matches(units, distances)


def _by_sums(weights: FloatArray, samples: FloatArray, count: int) -> Matches:
    """`match` component by component, for any pattern of missing values."""
    planes = np.ascontiguousarray(weights.reshape(-1, weights.shape[2]).T)
    units, distances = _empty(weights, samples, count)
    for block in _blocks(len(samples), max(1, BLOCK_BYTES // (8 * planes.shape[1]))):
        values, absent = samples[block], np.isnan(samples[block])
        squared = np.zeros((len(values), planes.shape[1]))
        difference = np.empty_like(squared)
        for k, plane in enumerate(planes):
            np.subtract(values[:, k, None], plane, out=difference)
            difference *= difference
            difference[absent[:, k]] = 0.0
            squared += difference
        each = np.arange(len(values))
        for place in range(units.shape[1]):
            nearest = units[block, place] = squared.argmin(axis=1)
            distances[block, place] = np.sqrt(squared[each, nearest])
            squared[each, nearest] = np.inf
    return Matches(units, distances)


def _is_evenly_far(weights: FloatArray, samples: FloatArray) -> bool:
    """Return whether most units are about as far as the nearest, as estimated from some of the samples.

    Bounds do not help then. It happens only in many dimensions, with data without structure.
    """
    units: int = weights.shape[0] * weights.shape[1]
    if weights.shape[2] < MANY_DIMENSIONS or len(samples) < SORTED_SHARE * units or len(samples) <= PILOT:
        return False
    pilot = samples[:: len(samples) // PILOT]
    distances = _search_tiles(weights, pilot, *_empty(weights, pilot, 1), sort=True)
    return distances > EVENLY_FAR * len(pilot) * units


def by_bounds(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """`match` with the compiled kernel; see kohonen/kernel/search.h."""
    units, squared = _empty(weights, samples, count)
    # Sorting the units pays off only for many samples.
    sort = len(samples) >= SORTED_SHARE * weights.shape[0] * weights.shape[1]
    _search_tiles(weights, samples, units, squared, sort=sort)
    return Matches(units, np.sqrt(squared, out=squared))


def _search_tiles(
    weights: FloatArray, samples: FloatArray, units: IntArray, squared: FloatArray, *, sort: bool
) -> int:
    """Fill in the units and their squared distances, and return the number of distances computed."""
    found = loaded_kernel()
    weights, samples = np.ascontiguousarray(weights), np.ascontiguousarray(samples)
    tiles = found.tiles_open(*weights.shape, address(weights), sort, found.level)
    if not tiles:
        raise MemoryError("not enough memory to search this map")

    def search(part: slice) -> int:
        rows, found_units, found_squares = samples[part], units[part], squared[part]
        visits: int = found.match(
            tiles, address(rows), len(rows), units.shape[1], address(found_units), address(found_squares)
        )
        return visits

    try:
        visits = list(for_each(search, list(_blocks(len(samples), PART))))
    finally:
        found.tiles_close(tiles)
    if min(visits) < 0:
        raise MemoryError("not enough memory to search this map")
    return sum(visits)


def by_products(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """`match` with NumPy.

    ``|W|^2 - 2 W.v`` is one matrix product, but rounds differently from the sum of squares: units within the
    rounding error of the minimum are compared again by that sum.
    """
    codebook = weights.reshape(-1, weights.shape[2])
    units, squared = _empty(weights, samples, count)
    magnitude = max(np.abs(codebook).max(), np.abs(samples).max())
    # Bounds the errors of two scores and two sums of squares: sums of dim terms, none larger than four times
    # dim * magnitude**2.
    tolerance = 8 * np.finfo(np.float64).eps * (2 + codebook.shape[1]) * codebook.shape[1] * magnitude**2
    norms = np.einsum("ik,ik->i", codebook, codebook)
    for block in _blocks(len(samples), max(1, BLOCK_BYTES // (8 * len(codebook)))):
        scores = samples[block] @ (-2.0 * codebook.T)
        scores += norms
        limit = _smallest(scores, units.shape[1])
        rows, candidates = np.nonzero(scores <= (limit + tolerance)[:, None])
        distances = _squared_distances(samples[block], codebook, rows, candidates)
        # By row, then by distance; lexsort is stable, so equal distances stay in order of index.
        order = np.lexsort((distances, rows))
        starts = np.searchsorted(rows, np.arange(block.stop - block.start))
        for k in range(units.shape[1]):
            chosen = order[starts + k]
            units[block, k] = candidates[chosen]
            squared[block, k] = distances[chosen]
    return Matches(units, np.sqrt(squared, out=squared))


def _empty(weights: FloatArray, samples: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Return uninitialised arrays for units and distances."""
    shape = len(samples), min(count, weights.shape[0] * weights.shape[1])
    return np.empty(shape, dtype=np.int64), np.empty(shape)


def _blocks(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def _smallest(scores: FloatArray, count: int) -> FloatArray:
    """Return the smallest score of each row, or the second smallest if ``count`` is 2."""
    if count == 1:
        smallest: FloatArray = scores.min(axis=1)
        return smallest
    # Two passes for the minimum are faster than np.partition.
    best = scores.argmin(axis=1)[:, None]
    kept = np.take_along_axis(scores, best, axis=1)
    np.put_along_axis(scores, best, np.inf, axis=1)
    second: FloatArray = scores.min(axis=1)
    np.put_along_axis(scores, best, kept, axis=1)
    return second


def _squared_distances(
    samples: FloatArray, codebook: FloatArray, rows: IntArray, units: IntArray
) -> FloatArray:
    """Return the squared distances of pairs of a sample and a unit, summed in order of dimension."""
    total = np.zeros(len(rows))
    for k in range(codebook.shape[1]):
        difference = samples[rows, k] - codebook[units, k]
        difference *= difference
        total += difference
    return total
