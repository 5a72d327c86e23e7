"""Best matching units of many samples at once: exact, on all cores, and in bounded memory.

Where a sample misses values (NaN), its distance to a unit is that over the values which are present, as
SOM_PAK has it. Other packages (R's kohonen) scale it up to the full dimension: that is one factor for all
units, and leads to the same ones.

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

from kohonen.cores import for_each
from kohonen.data import FloatArray
from kohonen.kernel import address, kernel, loaded_kernel

__all__ = ["IntArray", "Matches", "by_bounds", "by_products", "match"]

IntArray: TypeAlias = npt.NDArray[np.int64]

#: Bytes of the table of samples by units that is worked on at a time.
BLOCK_BYTES = 8 * 2**20
#: Samples that one core searches at a time.
PART = 8192
#: From so many samples a unit on, units are sorted before the search.
SORTED_SHARE = 0.25
#: From this dimension on it is worth a trial on so many samples whether bounds are of use: they are not when
#: more than this share of the tiles must be looked into.
MANY_DIMENSIONS, PILOT, EVENLY_FAR = 48, 64, 0.5
#: So many samples that miss the same values are worth a search in a map of the other components.
ALIKE = 16
#: As in kohonen/kernel/tiles.h.
UNITS_OF_A_TILE = 64


class Matches(NamedTuple):
    """The units nearest to each sample.

    Attributes
    ----------
    units : ndarray of shape (n, k)
        The nearest unit, and the second nearest where ``k`` is 2, as indices in C order of ``[x, y]``.
    distances : ndarray of shape (n, k)
        The Euclidean distances of the samples to them.
    """

    units: IntArray
    distances: FloatArray


def match(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """Find the best matching units of samples, as the literal search would.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    samples : ndarray of shape (n, dim)
        What to look for; NaN for what is missing, but a sample has one value at least.
    count : {1, 2}, default 1
        Whether the second-best unit is wanted too; a map of one unit has none.

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
    """Do as `match` does, for samples that miss values: for those that miss the same, where they are many."""
    units, distances = _empty(weights, samples, count)
    patterns, pattern = np.unique(np.packbits(absent, axis=1), axis=0, return_inverse=True)
    counts = np.bincount(pattern.ravel(), minlength=len(patterns))
    order = np.argsort(pattern.ravel(), kind="stable")
    others = []
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        if len(rows) < ALIKE:
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
    """Do as `match` does, component by component, whatever each sample misses."""
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
    """Tell, by some of the samples, whether most units are about as far as the nearest.

    Bounds are of no use then. It happens in many dimensions only, with data that have no structure.
    """
    units: int = weights.shape[0] * weights.shape[1]
    if weights.shape[2] < MANY_DIMENSIONS or len(samples) < SORTED_SHARE * units or len(samples) <= PILOT:
        return False
    pilot = samples[:: len(samples) // PILOT]
    visits = _search_tiles(weights, pilot, *_empty(weights, pilot, 1), sort=True)
    return visits > EVENLY_FAR * len(pilot) * units / UNITS_OF_A_TILE


def by_bounds(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """Do as `match` does, with the compiled kernel; see kohonen/kernel/search.h."""
    units, squared = _empty(weights, samples, count)
    # Sorting the units pays when there is much to search.
    sort = len(samples) >= SORTED_SHARE * weights.shape[0] * weights.shape[1]
    _search_tiles(weights, samples, units, squared, sort=sort)
    return Matches(units, np.sqrt(squared, out=squared))


def _search_tiles(
    weights: FloatArray, samples: FloatArray, units: IntArray, squared: FloatArray, *, sort: bool
) -> int:
    """Fill in the units and their squared distances, and return how many tiles were looked into."""
    found = loaded_kernel()
    weights, samples = np.ascontiguousarray(weights), np.ascontiguousarray(samples)
    tiles = found.tiles_open(*weights.shape, address(weights), sort, found.level)
    if not tiles:
        raise MemoryError("there is not enough memory to search this map")

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
        raise MemoryError("there is not enough memory to search this map")
    return sum(visits)


def by_products(weights: FloatArray, samples: FloatArray, *, count: int = 1) -> Matches:
    """Do as `match` does, with NumPy.

    ``|W|^2 - 2 W.v`` is one matrix product and finds all units that could be nearest; it rounds otherwise
    than the sum of squares, so whatever is within its error of the minimum is compared again by that sum.
    """
    codebook = weights.reshape(-1, weights.shape[2])
    units, squared = _empty(weights, samples, count)
    magnitude = max(np.abs(codebook).max(), np.abs(samples).max())
    # What two scores and two sums of squares may be wrong by: sums of dim terms, and none is larger than four
    # times dim * magnitude**2.
    tolerance = 8 * np.finfo(np.float64).eps * (2 + codebook.shape[1]) * codebook.shape[1] * magnitude**2
    norms = np.einsum("ik,ik->i", codebook, codebook)
    for block in _blocks(len(samples), max(1, BLOCK_BYTES // (8 * len(codebook)))):
        scores = samples[block] @ (-2.0 * codebook.T)
        scores += norms
        limit = _smallest(scores, units.shape[1])
        rows, candidates = np.nonzero(scores <= (limit + tolerance)[:, None])
        distances = _squared_distances(samples[block], codebook, rows, candidates)
        # By row, then by distance; equal distances stay in order of index, since lexsort is stable.
        order = np.lexsort((distances, rows))
        starts = np.searchsorted(rows, np.arange(block.stop - block.start))
        for k in range(units.shape[1]):
            chosen = order[starts + k]
            units[block, k] = candidates[chosen]
            squared[block, k] = distances[chosen]
    return Matches(units, np.sqrt(squared, out=squared))


def _empty(weights: FloatArray, samples: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Return room for units and distances."""
    shape = len(samples), min(count, weights.shape[0] * weights.shape[1])
    return np.empty(shape, dtype=np.int64), np.empty(shape)


def _blocks(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def _smallest(scores: FloatArray, count: int) -> FloatArray:
    """Return the smallest score of each row, or the second smallest where ``count`` is 2."""
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
    """Return the sums of squares, in order of dimension, of pairs of a sample and a unit."""
    total = np.zeros(len(rows))
    for k in range(codebook.shape[1]):
        difference = samples[rows, k] - codebook[units, k]
        difference *= difference
        total += difference
    return total
