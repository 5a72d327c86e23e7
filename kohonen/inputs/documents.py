"""JSON documents of preparations, as models keep them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal, get_args

from kohonen.delimited.dialects import Dialect
from kohonen.errors import InvalidParameterError, InvalidTableError
from kohonen.inputs.arrays import Missing
from kohonen.inputs.columns import PreparedColumn
from kohonen.inputs.curves import CURVES
from kohonen.inputs.looks import ColumnLook

__all__ = ["VERSION", "columns", "read", "transformation"]

#: Version of the documents.
VERSION = 1

_FIELDS = tuple(each.name for each in fields(PreparedColumn))
_ROLE = ("name", "role", "reason", "missing")


def transformation(column: PreparedColumn) -> dict[str, Any]:
    """Return what determines the components that a column becomes; what it does not have is left out."""
    if column.categories is not None:
        return {"name": column.name, "categories": list(column.categories)}
    curve = column.normalisation if column.normalisation in CURVES else None
    given = {"curve": curve, **{name: getattr(column, name) for name in ("knots", "form", "start")}}
    return {
        "name": column.name,
        "offset": column.offset,
        "scale": column.scale,
        **{name: value for name, value in given.items() if value is not None},
    }


def columns(prepared: Sequence[PreparedColumn], roles: Sequence[ColumnLook]) -> list[dict[str, Any]]:
    """Return all columns of a table: their roles, and how those that take part are prepared."""
    empty = dict.fromkeys(_FIELDS)
    known = {
        column.name: {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(column).items()
        }
        for column in prepared
    }
    return [
        {**empty, **known.get(role.name, {}), **{name: getattr(role, name) for name in _ROLE}}
        for role in roles
    ]


def read(
    document: Mapping[str, Any],
) -> tuple[
    tuple[PreparedColumn, ...],
    Missing,
    Literal["none", "l2"],
    tuple[ColumnLook, ...],
    tuple[str, ...],
    Dialect,
]:
    """Return the attributes of a preparation from its document.

    Raises
    ------
    InvalidTableError
        If the document is invalid or of another version.
    """
    try:
        version, missing, rows = (document[name] for name in ("version", "missing", "rows"))
        roles = tuple(ColumnLook(*(column[name] for name in _ROLE)) for column in document["columns"])
        prepared = tuple(
            PreparedColumn(**{name: _hashable(column[name]) for name in _FIELDS})
            for column in document["columns"]
            if column["role"] in ("number", "category")
        )
        notes, dialect = tuple(document["notes"]), Dialect.of(document["dialect"])
        known = all(
            column.components and math.isfinite(column.offset) and 0.0 < column.scale < math.inf
            for column in prepared
        )
    except (KeyError, TypeError, AttributeError, OverflowError, InvalidParameterError) as error:
        raise InvalidTableError(f"this is not a preparation: {error!r}") from error
    if (
        version != VERSION
        or not (known and prepared)
        or missing not in get_args(Missing)
        or rows not in ("none", "l2")
    ):
        raise InvalidTableError(f"this is not a preparation of version {VERSION}")
    return prepared, missing, rows, roles, notes, dialect


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value
