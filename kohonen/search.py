"""Best matching units of many samples at once: exact, and in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.data import FloatArray

__all__ = ["Matches", "match"]

IntArray: TypeAlias = npt.NDArray[np.int64]

#: Bytes of the table of samples by units that is worked on at a time.
BLOCK_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Matches:
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
        What to look for.
    count : {1, 2}, default 1
        Whether the second-best unit is wanted too; a map of one unit has none.

    Returns
    -------
    Matches
        Ties go to the lower index.

    Notes
    -----
    ``|W|^2 - 2 W.v`` is one matrix product and finds all units that could be nearest; it rounds otherwise
    than the sum of squares, so whatever is within its error of the minimum is compared again by that sum.
    """
    codebook = weights.reshape(-1, weights.shape[2])
    count = min(count, len(codebook))
    units = np.empty((len(samples), count), dtype=np.int64)
    squared = np.empty((len(samples), count))
    magnitude = max(np.abs(codebook).max(), np.abs(samples).max())
    tolerance = 16 * np.finfo(np.float64).eps * (1 + codebook.shape[1]) * magnitude**2
    norms = np.einsum("ik,ik->i", codebook, codebook)
    for block in _blocks(len(samples), len(codebook)):
        scores = samples[block] @ (-2.0 * codebook.T)
        scores += norms
        limit = scores.min(axis=1) if count == 1 else np.partition(scores, 1, axis=1)[:, 1]
        rows, candidates = np.nonzero(scores <= (limit + tolerance)[:, None])
        distances = _squared_distances(samples[block], codebook, rows, candidates)
        # By row, then by distance; equal distances stay in order of index, since lexsort is stable.
        order = np.lexsort((distances, rows))
        starts = np.searchsorted(rows, np.arange(block.stop - block.start))
        for k in range(count):
            chosen = order[starts + k]
            units[block, k] = candidates[chosen]
            squared[block, k] = distances[chosen]
    return Matches(units, np.sqrt(squared))


def _blocks(samples: int, units: int) -> Iterator[slice]:
    size = max(1, BLOCK_BYTES // (8 * units))
    for start in range(0, samples, size):
        yield slice(start, min(start + size, samples))


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
