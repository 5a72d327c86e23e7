"""Predictions: the best matching units of vectors, searched and written in blocks to bound memory.

Vectors are in the units of the model's training data. For a model that was trained on a table, vectors
without names are rows in the order of its columns, and are prepared as the table was.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from app.errors import FieldError, InvalidRequestError
from app.models import Card
from app.training import limits
from kohonen import Preparation
from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray, as_samples
from kohonen.inputs.tables import shown

__all__ = [
    "Found",
    "Unknown",
    "as_csv",
    "as_json",
    "columns_of",
    "find",
    "most_bytes",
    "notes_on",
    "vectors_for",
]

#: What becomes of a category that the model does not know.
Unknown: TypeAlias = Literal["missing", "error"]
#: Vectors of a block.
BLOCK = 20_000
#: Characters of a result: two coordinates and a distance with all digits and, in JSON, their names.
_RESULT_BYTES = {"application/json": 80, "text/csv": 40}
#: Characters of its cluster.
_CLUSTER_BYTES = 20


class Found(NamedTuple):
    """The best matching unit of a vector, its distance to the vector, and its cluster if requested."""

    x: int
    y: int
    distance: float
    cluster: int | None = None


def vectors_for(card: Card, given: Any, *, unknown: Unknown = "error") -> FloatArray:
    """Return vectors, or the rows of a table, as samples (n, dim) in the space of a model's map.

    `given` is an array_like of shape (n, dim), or a mapping of names to columns. Missing values become NaN,
    and `unknown` categories, too, unless they are an error.

    Raises
    ------
    InvalidRequestError, InvalidDataError
        When they do not fit the model.
    OverLimitError
        For a table of too many values.
    """
    table = card.table
    if isinstance(given, Mapping):
        if table is None:
            message = "this model was trained on vectors without names: send 'data'"
            raise InvalidRequestError([FieldError("/columns", message)])
        rows = max((len(values) for values in given.values()), default=0)
        limits.check_values(rows, len(table.components))
        if any(getattr(table.dialect, name) for name in ("absent", "decimal", "thousands")):
            given = table.read_rows(given)
        return table.transform(given, unknown=unknown)
    if table is None:
        return as_samples(given, dimension=card.weights.shape[2], missing="mask")
    if table.categorical:
        raise InvalidRequestError(
            [
                FieldError(
                    "/data",
                    f"this model was trained on a table in which {shown(table.categorical)} hold texts: send "
                    "'columns' by name, or CSV with a header",
                )
            ]
        )
    vectors = as_samples(given, dimension=len(table.columns), missing="mask")
    return table.transform(dict(zip(table.names, vectors.T, strict=True)))


def notes_on(card: Card, given: Any) -> list[str]:
    """Return what is to be said about the rows of a table: categories that the model does not know."""
    if card.table is None or not isinstance(given, Mapping):
        return []
    return [f"{error}; they count as missing" for error in card.table.unknown(given)]


def columns_of(records: list[dict[str, Any]], table: Preparation) -> dict[str, list[Any]]:
    """Return records as columns for a preparation; keys that a record leaves out are missing values.

    `OverLimitError` is raised for too many values, since short records may expand to many.
    """
    limits.check_values(len(records), len(table.components), field="records")
    known = set().union(*records)
    return {name: [record.get(name) for record in records] for name in table.names if name in known}


def find(
    weights: FloatArray, vectors: FloatArray, labels: npt.NDArray[np.int64] | None = None
) -> Iterator[list[Found]]:
    """Yield blocks of the best matching units of vectors (n, dim) on a map (width, height, dim).

    `labels` (width, height) are the clusters of the units; with them the results include clusters.
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
    """Write results as CSV with a header."""
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
    """Return an upper estimate of the bytes of an answer for a number of vectors."""
    return vectors * (_RESULT_BYTES[media_type] + (_CLUSTER_BYTES if clusters else 0))
