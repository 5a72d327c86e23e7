"""What somebody sends to a model that there is, made the vectors that its map knows.

Whatever is sent is in the units of what the model was trained on: where that was a table, vectors without
names are its rows, in the order of its columns, and are prepared as the table was.
"""

from collections.abc import Mapping
from typing import Any

from app import limits
from app.errors import FieldError, InvalidRequestError
from app.models import Card
from kohonen import Preparation
from kohonen.data import FloatArray, as_samples
from kohonen.tables import shown

__all__ = ["columns_of", "vectors_for"]


def vectors_for(card: Card, given: Any) -> FloatArray:
    """Return vectors, or the rows of a table, as samples for a model's map.

    Parameters
    ----------
    card : Card
        The model's card.
    given : array_like of shape (n, dim), or mapping of str to column
        Vectors, or a table.

    Returns
    -------
    ndarray of shape (n, dim)
        With NaN for what is missing.

    Raises
    ------
    InvalidRequestError, InvalidDataError
        When they do not suit the model.
    OverLimitError
        For a table that would become too many values.
    """
    table = card.table
    if isinstance(given, Mapping):
        if table is None:
            message = "this model was trained on vectors without names: send 'data'"
            raise InvalidRequestError([FieldError("/columns", message)])
        rows = max((len(values) for values in given.values()), default=0)
        limits.check_values(rows, len(table.components))
        return table.transform(given)
    if table is None:
        return as_samples(given, dimension=card.weights.shape[2])
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
    vectors = as_samples(given, dimension=len(table.columns))
    return table.transform(dict(zip(table.names, vectors.T, strict=True)))


def columns_of(records: list[dict[str, Any]], table: Preparation) -> dict[str, list[Any]]:
    """Return rows by name as the columns that a preparation wants; what a row does not have is missing.

    Raises
    ------
    OverLimitError
        When that would become too many values: rows may leave out nearly all of them.
    """
    limits.check_values(len(records), len(table.components), field="records")
    known = set().union(*records)
    return {name: [record.get(name) for record in records] for name in table.names if name in known}
