"""Views of a trained map as arrays; :mod:`kohonen.pictures.views` draws them.

Units are indexed ``[x, y]``, as in the weights.
"""

import numpy as np
import numpy.typing as npt

from kohonen.engines.search import match
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.frames import Samples

__all__ = ["component_planes", "hit_map", "positions", "u_matrix", "unit_errors"]

IntArray = npt.NDArray[np.int64]

#: Weights that are compared at a time.
BLOCK = 2**17


def u_matrix(weights: FloatArray, geometry: Geometry = PLANAR) -> FloatArray:
    """Return the U-matrix: the mean distance of each unit's weights to those of its neighbours.

    Small values are inside clusters, large values on the borders between them (A. Ultsch and
    H. P. Siemon, "Kohonen's self organizing feature maps for exploratory data analysis", 1990).

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Finite weights of a map.
    geometry : Geometry, optional
        Grid and boundary, which define the neighbours of a unit; planar rectangular by default.

    Returns
    -------
    ndarray of shape (width, height)
        Mean Euclidean distances, in the data's units; zero for a map of one unit.
    """
    width, height, dimension = weights.shape
    units = weights.reshape(-1, dimension)
    rows = max(1, BLOCK // dimension)
    totals, neighbours = np.zeros(len(units)), np.zeros(len(units))
    for one, other in geometry.pairs(width, height):
        distance = np.empty(len(one))
        for start in range(0, len(one), rows):
            block = slice(start, start + rows)
            difference = units[one[block]] - units[other[block]]
            # The last of the cumulative sums is one in order of dimension, with the same bits everywhere.
            distance[block] = np.sqrt(np.cumsum(difference * difference, axis=1)[:, -1])
        for ends in (one, other):
            totals += np.bincount(ends, distance, len(units))
            neighbours += np.bincount(ends, minlength=len(units))
    return (totals / np.maximum(neighbours, 1)).reshape(width, height)


def component_planes(weights: FloatArray) -> FloatArray:
    """Return the component planes of the weights (width, height, dim): shape (dim, width, height)."""
    return np.ascontiguousarray(np.moveaxis(weights, 2, 0))


def positions(weights: FloatArray, samples: Samples) -> IntArray:
    """Return ``[x, y]`` of the best matching unit of each sample (n, dim): shape (n, 2)."""
    units = match(weights, samples).units[:, 0]
    return np.stack(np.divmod(units, weights.shape[1]), axis=1)


def hit_map(weights: FloatArray, samples: Samples) -> IntArray:
    """Return the hit histogram: the number of samples (n, dim) by best matching unit: (width, height)."""
    width, height, _ = weights.shape
    units = match(weights, samples).units[:, 0]
    return np.bincount(units, minlength=width * height).reshape(width, height)


def unit_errors(weights: FloatArray, samples: Samples) -> FloatArray:
    """Return the mean distance of each unit to the samples whose best matching unit it is.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    samples : ndarray of shape (n, dim)
        The samples.

    Returns
    -------
    ndarray of shape (width, height)
        The quantization error by unit, in the data's units; NaN for a unit without samples.
    """
    width, height, _ = weights.shape
    found = match(weights, samples)
    units = found.units[:, 0]
    hits = np.bincount(units, minlength=width * height)
    totals = np.bincount(units, found.distances[:, 0], width * height)
    errors = np.full(width * height, np.nan)
    np.divide(totals, hits, out=errors, where=hits > 0)
    return errors.reshape(width, height)
