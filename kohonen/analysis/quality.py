"""Quality measures of a map: quantization error, topographic error, explained variance, unused units."""

import math
from typing import NamedTuple

import numpy as np

from kohonen.engines.search import Matches, match
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray, fill_with_means, weighted_mean
from kohonen.inputs.frames import Samples, samples_in

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


def assess(
    weights: FloatArray,
    samples: Samples,
    geometry: Geometry = PLANAR,
    sample_weight: FloatArray | None = None,
) -> Quality:
    """Measure a map of weights (width, height, dim) on samples (n, dim), with NaN for missing values.

    With ``sample_weight`` (n,), means, shares and variances are weighted.
    """
    samples = np.asarray(samples_in(samples), dtype=np.float64)
    matches = match(weights, samples, count=2)
    counted = np.ones(len(samples)) if sample_weight is None else sample_weight
    best = matches.units[counted > 0.0, 0]
    return Quality(
        quantization_error=weighted_mean(matches.distances[:, 0], sample_weight),
        topographic_error=_topographic_error(matches, weights.shape[:2], geometry, sample_weight),
        explained_variance=_explained_variance(matches, samples, counted),
        unused_units=1.0 - len(np.unique(best)) / (weights.shape[0] * weights.shape[1]),
    )


def _topographic_error(
    matches: Matches, shape: tuple[int, int], geometry: Geometry, sample_weight: FloatArray | None
) -> float:
    if matches.units.shape[1] == 1:
        return 0.0
    best, second = matches.units.T
    return weighted_mean(~geometry.adjacent(best, second, shape), sample_weight)


def _explained_variance(matches: Matches, samples: FloatArray, counted: FloatArray) -> float | None:
    distances, samples = matches.distances[counted > 0.0, 0], fill_with_means(samples)[counted > 0.0]
    shares = counted[counted > 0.0] / counted.max()
    deviations = samples - (samples * (shares / shares.sum())[:, None]).sum(axis=0)
    # Scaled by the largest value, so that squares do not overflow.
    largest = max(distances.max(), np.abs(deviations).max()) or 1.0
    left = float((shares * (distances / largest) ** 2).sum())
    total = float((shares[:, None] * (deviations / largest) ** 2).sum())
    if total == 0.0 or np.ptp(samples, axis=0).max() == 0.0:
        return None
    explained = 1.0 - left / total
    return explained if math.isfinite(explained) else None
