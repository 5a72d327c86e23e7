"""What can be seen in a trained map, as arrays; :mod:`kohonen.pictures` makes pictures of them."""

import numpy as np

from kohonen.data import FloatArray

__all__ = ["u_matrix"]

#: The four ways from a unit to a neighbour, as steps in x and y; the other four are the same backwards.
_STEPS = ((1, 0), (0, 1), (1, 1), (1, -1))


def u_matrix(weights: FloatArray) -> FloatArray:
    """Return how far each unit's weights are from its neighbours': the U-matrix.

    Small values are the insides of clusters, large ones the borders between them (A. Ultsch and
    H. P. Siemon, "Kohonen's self organizing feature maps for exploratory data analysis", 1990).

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        Finite weights of a map.

    Returns
    -------
    ndarray of shape (width, height)
        Mean Euclidean distance of a unit's weights to those of the up to eight units around it, in the
        data's units; zero for a map of one unit.
    """
    width, height, _ = weights.shape
    totals = np.zeros((width, height))
    neighbours = np.zeros((width, height))
    for step_x, step_y in _STEPS:
        here = slice(0, width - step_x), slice(max(0, -step_y), height - max(0, step_y))
        there = slice(step_x, width), slice(max(0, step_y), height - max(0, -step_y))
        difference = weights[there] - weights[here]
        distance = np.sqrt(np.einsum("xyd,xyd->xy", difference, difference))
        for units in (here, there):
            totals[units] += distance
            neighbours[units] += 1
    return totals / np.maximum(neighbours, 1)
