"""The cluster of each sample of a model, and profiles of the clusters."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.analysis.clusters import Clusters
from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.preparation import Preparation

__all__ = ["ClusterCount", "Profile", "SampleClusters", "cluster_samples", "parse_count", "profiles"]

ClusterCount: TypeAlias = int | Literal["auto"]
#: A value per component; None where it is missing.
Values: TypeAlias = list[float | None]


class SampleClusters(NamedTuple):
    """Best matching units and clusters of samples.

    Attributes
    ----------
    units : ndarray of shape (n, 2)
        ``[x, y]`` of the best matching unit of each sample.
    distances : ndarray of shape (n,)
        The distance of each sample to its best matching unit.
    clusters : ndarray of shape (n,)
        The cluster of that unit.
    """

    units: npt.NDArray[np.int64]
    distances: FloatArray
    clusters: npt.NDArray[np.int64]


class Profile(NamedTuple):
    """Statistics of a cluster.

    Attributes
    ----------
    units, samples : int
        The number of its units, and of the samples whose best matching unit is one of them.
    centre : list of float
        The mean weights of its units.
    mean, least, most : list of float or None
        Mean, minimum and maximum of its samples, by component; None without samples, and for a component that
        is missing in all of them.
    distinction : list of float or None
        By component, the difference of its mean to the mean of all samples, in standard deviations of all
        samples: values far from zero distinguish the cluster.
    """

    units: int
    samples: int | None
    centre: Values
    mean: Values | None = None
    least: Values | None = None
    most: Values | None = None
    distinction: Values | None = None


def parse_count(text: str) -> ClusterCount | None:
    """Parse a number of clusters, or "auto"; return None for any other text."""
    if text == "auto":
        return "auto"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def cluster_samples(weights: FloatArray, samples: FloatArray, clusters: Clusters) -> SampleClusters:
    """Return the unit and the cluster of each sample (n, dim) on a map (width, height, dim)."""
    found = match(weights, samples)
    units = found.units[:, 0]
    places = np.stack(np.divmod(units, weights.shape[1]), axis=1)
    return SampleClusters(places, found.distances[:, 0], clusters.labels.reshape(-1)[units])


def profiles(
    clusters: Clusters,
    samples: FloatArray | None = None,
    found: SampleClusters | None = None,
    table: Preparation | None = None,
) -> list[Profile]:
    """Return the profile of each cluster: of its units and, where samples are given, of its samples.

    With a table's preparation, values are in the units of the table; the distinction has no unit.
    """
    units = np.bincount(clusters.labels.ravel(), minlength=clusters.count)
    described = []
    if samples is not None:
        spread, mean_of_all = _each(np.std, samples), _each(np.mean, samples)
    for number, centre in enumerate(clusters.centres):
        here = _as_list(centre, table)
        if samples is None or found is None:
            described.append(Profile(int(units[number]), None, here))
            continue
        own = samples[found.clusters == number]
        if not len(own):
            described.append(Profile(int(units[number]), 0, here))
            continue
        above = (_each(np.mean, own) - mean_of_all) / np.where(spread > 0, spread, 1.0)
        mean, least, most = (_as_list(_each(of, own), table) for of in (np.mean, np.min, np.max))
        described.append(Profile(int(units[number]), len(own), here, mean, least, most, _as_list(above)))
    return described


def _each(function: Callable[[FloatArray], float], samples: FloatArray) -> FloatArray:
    """Apply a function to the present values of each component of samples (n, dim); NaN where all miss."""
    present = (column[~np.isnan(column)] for column in samples.T)
    return np.array([function(values) if len(values) else math.nan for values in present])


def _as_list(values: FloatArray, table: Preparation | None = None) -> Values:
    in_units = values if table is None else table.inverse(values)
    return [None if math.isnan(value) else value for value in in_units.tolist()]
