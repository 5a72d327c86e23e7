"""Values for what a row misses."""

import numpy as np

from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray

__all__ = ["fill_gaps"]


def fill_gaps(weights: FloatArray, rows: FloatArray) -> FloatArray:
    """Return rows whose missing values are those of their best matching unit.

    Averages over the neighbourhood of the unit are no nearer to the true values, on iris, wine and the breast
    cancer data of scikit-learn.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights of the map.
    rows : ndarray of shape (n, dim)
        The rows, with NaN for missing values; each has at least one value.

    Returns
    -------
    ndarray of shape (n, dim)
        A copy without NaN.

    Examples
    --------
    >>> fill_gaps(np.array([[[1.0, 10.0]], [[2.0, 20.0]]]), np.array([[1.9, np.nan]]))
    array([[ 1.9, 20. ]])
    """
    units = match(weights, rows).units[:, 0]
    return np.where(np.isnan(rows), weights.reshape(-1, weights.shape[2])[units], rows)
