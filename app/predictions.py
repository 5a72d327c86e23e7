"""Vectors of predictions, as samples in the space of a model's map.

Vectors are in the units of the model's training data. For a model that was trained on a table, vectors
without names are rows in the order of its columns, and are prepared as the table was.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from app.errors import FieldError, InvalidRequestError
from app.models import Card, Models, StoredCard
from app.training import limits
from kohonen import Preparation
from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.labels import labels_of
from kohonen.analysis.predictions import Answers
from kohonen.analysis.profiles import ClusterCount
from kohonen.inputs.annotations import annotated, annotations_in
from kohonen.inputs.arrays import FloatArray, as_samples
from kohonen.inputs.tables import shown

__all__ = ["Unknown", "answers_of", "columns_of", "ids_of", "notes_on", "vectors_for"]

#: What becomes of a category that the model does not know.
Unknown: TypeAlias = Literal["missing", "error"]


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
    names = (*table.names, *annotated(table.roles))
    return {name: [record.get(name) for record in records] for name in names if name in known}


def ids_of(card: Card, given: Any) -> dict[str, list[str | None]]:
    """Return the ids of the rows of a table as a column; empty if there are none."""
    if card.table is None or not isinstance(given, Mapping):
        return {}
    annotations = annotations_in(given, card.table.roles)
    ids = None if annotations is None else annotations.first_ids()
    return {} if ids is None else {"id": ids}


def answers_of(models: Models, card: StoredCard, clusters: ClusterCount | None) -> Answers:
    """Return what answers about samples: a model's map, with its labels and, if wanted, clusters."""
    weights = models.weights(card)
    groups = None if clusters is None else cluster_units(weights, clusters).labels
    labelled = card.data.annotations is not None and card.data.annotations.labels
    return Answers(weights, groups, labels_of(weights, models.annotations(card)) if labelled else None)
