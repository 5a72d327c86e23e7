"""How well a map fits its samples."""

from dataclasses import dataclass

import numpy as np

from kohonen.data import FloatArray
from kohonen.search import match

__all__ = ["Quality", "assess"]


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of a map on samples.

    Attributes
    ----------
    quantization_error : float
        Mean Euclidean distance of the samples to their best matching unit, in units of the data.
    topographic_error : float
        Share of the samples whose best and second-best matching units are not neighbours; the neighbours of a
        unit are the eight around it. A map of one unit has no second best, and no error.

    References
    ----------
    K. Kiviluoto, "Topology preservation in self-organizing maps", ICNN 1996 (topographic error).
    """

    quantization_error: float
    topographic_error: float


def assess(weights: FloatArray, samples: FloatArray) -> Quality:
    """Measure a map of weights (width, height, dim) on samples (n, dim)."""
    matches = match(weights, samples, count=2)
    error = float(matches.distances[:, 0].mean())
    if matches.units.shape[1] == 1:
        return Quality(error, 0.0)
    x, y = np.divmod(matches.units, weights.shape[1])
    steps = np.maximum(np.abs(x[:, 0] - x[:, 1]), np.abs(y[:, 0] - y[:, 1]))
    return Quality(error, float((steps > 1).mean()))
