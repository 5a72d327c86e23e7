"""Which cluster each sample of a model is in, and what tells the clusters apart."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.clusters import Clusters
from kohonen.data import FloatArray
from kohonen.preparation import Preparation
from kohonen.search import match

__all__ = ["ClusterCount", "Profile", "SampleClusters", "cluster_samples", "parse_count", "profiles"]

ClusterCount: TypeAlias = int | Literal["auto"]
#: By component.
Told: TypeAlias = list[float | None]


class SampleClusters(NamedTuple):
    """Where samples are.

    Attributes
    ----------
    units : ndarray of shape (n, 2)
        ``[x, y]`` of the best matching unit of each.
    distances : ndarray of shape (n,)
        How far it is from that.
    clusters : ndarray of shape (n,)
        The cluster of that unit.
    """

    units: npt.NDArray[np.int64]
    distances: FloatArray
    clusters: npt.NDArray[np.int64]


class Profile(NamedTuple):
    """What a cluster is like.

    Attributes
    ----------
    units, samples : int
        How many units it has, and how many samples fall on them.
    centre : list of float
        The mean weights of its units.
    mean, least, most : list of float or None
        Of its samples, by component; None without any, and for a component that all of them miss.
    distinction : list of float or None
        By component, how many standard deviations of all samples its mean is above that of all samples: what
        is far from zero tells the cluster from the others.
    """

    units: int
    samples: int | None
    centre: Told
    mean: Told | None = None
    least: Told | None = None
    most: Told | None = None
    distinction: Told | None = None


def parse_count(text: str) -> ClusterCount | None:
    """Return how many clusters a text asks for; None when it cannot be read."""
    if text == "auto":
        return "auto"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def cluster_samples(weights: FloatArray, samples: FloatArray, clusters: Clusters) -> SampleClusters:
    """Find the unit and the cluster of each sample (n, dim) on a map (width, height, dim)."""
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
    """Describe each cluster by its units and, where they are given, by the samples that fall on these.

    In the units of the table that the samples were made from, if they were; but the distinction has none.
    """
    units = np.bincount(clusters.labels.ravel(), minlength=clusters.count)
    described = []
    for number, centre in enumerate(clusters.centres):
        here = _told(centre, table)
        if samples is None or found is None:
            described.append(Profile(int(units[number]), None, here))
            continue
        own = samples[found.clusters == number]
        if not len(own):
            described.append(Profile(int(units[number]), 0, here))
            continue
        spread = _each(np.std, samples)
        above = (_each(np.mean, own) - _each(np.mean, samples)) / np.where(spread > 0, spread, 1.0)
        mean, least, most = (_told(_each(of, own), table) for of in (np.mean, np.min, np.max))
        described.append(Profile(int(units[number]), len(own), here, mean, least, most, _told(above)))
    return described


def _each(function: Callable[[FloatArray], float], samples: FloatArray) -> FloatArray:
    """Return something of each component of samples (n, dim), of what is present; NaN where nothing is."""
    present = (column[~np.isnan(column)] for column in samples.T)
    return np.array([function(values) if len(values) else math.nan for values in present])


def _told(values: FloatArray, table: Preparation | None = None) -> Told:
    in_units = values if table is None else table.inverse(values)
    return [None if math.isnan(value) else value for value in in_units.tolist()]
