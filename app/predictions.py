"""Which units vectors fall on, found and written piece by piece: memory is bounded, whatever is asked for."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kohonen.data import FloatArray
from kohonen.search import match

__all__ = ["Found", "as_csv", "as_json", "find", "most_bytes"]

#: Vectors that are looked for at a time.
BLOCK = 20_000
#: Characters of a result: two coordinates and a distance with all its digits, and their names in JSON.
_RESULT_BYTES = {"application/json": 80, "text/csv": 40}
#: And of its cluster.
_CLUSTER_BYTES = 20


class Found(NamedTuple):
    """The best matching unit of a vector.

    Attributes
    ----------
    x, y : int
        Where it is.
    distance : float
        The Euclidean distance of its weights to the vector.
    cluster : int or None
        The cluster that it is in, where that is wanted.
    """

    x: int
    y: int
    distance: float
    cluster: int | None = None


def find(
    weights: FloatArray, vectors: FloatArray, labels: npt.NDArray[np.int64] | None = None
) -> Iterator[list[Found]]:
    """Give the best matching units of vectors (n, dim) on a map (width, height, dim), some at a time.

    With the cluster of each unit as `labels` (width, height), the clusters of the vectors, too.
    """
    height = weights.shape[1]
    for start in range(0, len(vectors), BLOCK):
        matches = match(weights, vectors[start : start + BLOCK])
        units, distances = matches.units[:, 0], matches.distances[:, 0].tolist()
        clusters = [None] * len(units) if labels is None else labels.reshape(-1)[units].tolist()
        yield [
            Found(unit // height, unit % height, distance, cluster)
            for unit, distance, cluster in zip(units.tolist(), distances, clusters, strict=True)
        ]


def as_json(results: Iterator[list[Found]]) -> Iterator[bytes]:
    """Write results as ``{"results": [{"bmu_x": 1, "bmu_y": 2, "distance": 0.5}, ...]}``."""
    opening = '{"results": ['
    for block in results:
        yield (opening + ", ".join(map(_object, block))).encode()
        opening = ", "
    yield b"]}"


def _object(one: Found) -> str:
    cluster = "" if one.cluster is None else f', "cluster": {one.cluster}'
    return f'{{"bmu_x": {one.x}, "bmu_y": {one.y}, "distance": {one.distance!r}{cluster}}}'


def as_csv(results: Iterator[list[Found]]) -> Iterator[bytes]:
    """Write results as a table with a header."""
    header = "bmu_x,bmu_y,distance"
    for block in results:
        with_clusters = block[0].cluster is not None
        lines = [f"{one.x},{one.y},{one.distance!r}" for one in block]
        if with_clusters:
            lines = [f"{line},{one.cluster}" for line, one in zip(lines, block, strict=True)]
        if header:
            yield f"{header},cluster\n".encode() if with_clusters else f"{header}\n".encode()
            header = ""
        yield ("\n".join(lines) + "\n").encode()


def most_bytes(media_type: str, vectors: int, *, clusters: bool = False) -> int:
    """Return how many bytes an answer for so many vectors has, rather too many than too few."""
    return vectors * (_RESULT_BYTES[media_type] + (_CLUSTER_BYTES if clusters else 0))
