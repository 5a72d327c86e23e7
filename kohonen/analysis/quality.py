"""Quality measures of a map: quantization error, topographic error, explained variance, unused units."""

import math
from typing import NamedTuple

import numpy as np

from kohonen.engines.search import Matches, match
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray, fill_with_means

__all__ = ["Quality", "assess"]


class Quality(NamedTuple):
    """Measures of a map on samples.

    Attributes
    ----------
    quantization_error : float
        Mean Euclidean distance of the samples to their best matching unit, in units of the data. Distances
        are over the values present: missing values make it smaller.
    topographic_error : float
        Share of the samples whose best and second-best matching units are not neighbours; a unit has eight
        neighbours on a rectangular grid and six on a hexagonal one. 0 for a map of one unit.
    explained_variance : float or None
        Share of the samples' variance that is retained when each sample is replaced by the weights of its
        best matching unit: 1 for a perfect fit, 0 or less for one no better than the mean. None if the
        samples are equal up to rounding. Only values present count.
    unused_units : float
        Share of the units that are not the best matching unit of any sample.

    References
    ----------
    K. Kiviluoto, "Topology preservation in self-organizing maps", ICNN 1996 (topographic error).
    """

    quantization_error: float
    topographic_error: float
    explained_variance: float | None
    unused_units: float


def assess(weights: FloatArray, samples: FloatArray, geometry: Geometry = PLANAR) -> Quality:
    """Measure a map of weights (width, height, dim) on samples (n, dim), with NaN for missing values."""
    matches = match(weights, samples, count=2)
    best = matches.units[:, 0]
    return Quality(
        quantization_error=float(matches.distances[:, 0].mean()),
        topographic_error=_topographic_error(matches, weights.shape[:2], geometry),
        explained_variance=_explained_variance(matches, samples),
        unused_units=1.0 - len(np.unique(best)) / (weights.shape[0] * weights.shape[1]),
    )


def _topographic_error(matches: Matches, shape: tuple[int, int], geometry: Geometry) -> float:
    if matches.units.shape[1] == 1:
        return 0.0
    best, second = matches.units.T
    return float((~geometry.adjacent(best, second, shape)).mean())


def _explained_variance(matches: Matches, samples: FloatArray) -> float | None:
    distances = matches.distances[:, 0]
    samples = fill_with_means(samples)
    deviations = samples - samples.mean(axis=0)
    # Scaled by the largest value, so that squares do not overflow.
    largest = max(distances.max(), np.abs(deviations).max())
    left, total = (float(((values / (largest or 1.0)) ** 2).sum()) for values in (distances, deviations))
    if total == 0.0 or np.ptp(samples, axis=0).max() == 0.0:
        return None
    explained = 1.0 - left / total
    return explained if math.isfinite(explained) else None
