"""What can be seen in a trained map, as arrays; :mod:`kohonen.pictures` makes pictures of them.

Units are indexed ``[x, y]``, as in the weights. What says something about samples takes them too.
"""

import numpy as np
import numpy.typing as npt

from kohonen.data import FloatArray
from kohonen.geometry import PLANAR, Geometry
from kohonen.search import match

__all__ = ["component_planes", "hit_map", "positions", "u_matrix", "unit_errors"]

IntArray = npt.NDArray[np.int64]


def u_matrix(weights: FloatArray, geometry: Geometry = PLANAR) -> FloatArray:
    """Return how far each unit's weights are from its neighbours': the U-matrix.

    Small values are the insides of clusters, large ones the borders between them (A. Ultsch and
    H. P. Siemon, "Kohonen's self organizing feature maps for exploratory data analysis", 1990).

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Finite weights of a map.
    geometry : Geometry, optional
        The kind of grid, which says what a unit's neighbours are; planar rectangular by default.

    Returns
    -------
    ndarray of shape (width, height)
        Mean Euclidean distance of a unit's weights to those of its neighbours, in the data's units; zero for
        a map of one unit.
    """
    width, height, dimension = weights.shape
    units = weights.reshape(-1, dimension)
    totals, neighbours = np.zeros(len(units)), np.zeros(len(units))
    for one, other in geometry.pairs(width, height):
        difference = units[one] - units[other]
        distance = np.sqrt(np.einsum("id,id->i", difference, difference))
        for ends in (one, other):
            totals += np.bincount(ends, distance, len(units))
            neighbours += np.bincount(ends, minlength=len(units))
    return (totals / np.maximum(neighbours, 1)).reshape(width, height)


def component_planes(weights: FloatArray) -> FloatArray:
    """Return each component of the weights (width, height, dim) as a plane: shape (dim, width, height)."""
    return np.ascontiguousarray(np.moveaxis(weights, 2, 0))


def positions(weights: FloatArray, samples: FloatArray) -> IntArray:
    """Return ``[x, y]`` of the best matching unit of each sample (n, dim): shape (n, 2)."""
    units = match(weights, samples).units[:, 0]
    return np.stack(np.divmod(units, weights.shape[1]), axis=1)


def hit_map(weights: FloatArray, samples: FloatArray) -> IntArray:
    """Return how many samples (n, dim) have each unit as their best matching one: shape (width, height)."""
    width, height, _ = weights.shape
    units = match(weights, samples).units[:, 0]
    return np.bincount(units, minlength=width * height).reshape(width, height)


def unit_errors(weights: FloatArray, samples: FloatArray) -> FloatArray:
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
        The quantization error by unit, in the data's units; NaN for a unit that no sample falls on.
    """
    width, height, _ = weights.shape
    found = match(weights, samples)
    units = found.units[:, 0]
    hits = np.bincount(units, minlength=width * height)
    totals = np.bincount(units, found.distances[:, 0], width * height)
    errors = np.full(width * height, np.nan)
    np.divide(totals, hits, out=errors, where=hits > 0)
    return errors.reshape(width, height)
