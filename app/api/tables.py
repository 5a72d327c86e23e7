"""Tables with named columns in requests: as JSON, or as CSV."""

import io
import math
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from app import limits
from app.errors import FieldError, InvalidRequestError, OverLimitError
from app.models import Card
from app.schema import QuerySchema
from app.settings import Settings
from kohonen import Preparation, read_csv
from kohonen.columns import Normalisation
from kohonen.data import FloatArray, Missing
from kohonen.tables import LONGEST_TEXT, Table

__all__ = [
    "RECORD_SCHEMA",
    "CsvFields",
    "NamedColumns",
    "Normalisations",
    "learn",
    "read_rows",
    "read_table",
]

#: Lines of CSV that may always be read.
SOME_LINES = 1_000

_VALUE = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
#: What a row by name may be.
RECORD_SCHEMA: dict[str, Any] = {"additionalProperties": _VALUE, "type": "object"}
_SCHEMA: dict[str, Any] = {
    "additionalProperties": {
        "type": "array",
        "items": _VALUE,
        "minItems": 1,
    },
    "minProperties": 1,
    "propertyNames": {"minLength": 1, "maxLength": LONGEST_TEXT},
}
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


def _columns(columns: dict[str, Any]) -> dict[str, Any]:
    for name, values in columns.items():
        if isinstance(values, np.ndarray):  # from CSV
            continue
        if not isinstance(values, list):
            raise PydanticCustomError(
                "column", "column '{name}' must be an array", {"name": name[:LONGEST_TEXT]}
            )
        for row, value in enumerate(values):
            if isinstance(value, float) and not math.isfinite(value):
                place = {"name": name[:LONGEST_TEXT], "row": row + 1}
                message = "column '{name}' must hold finite numbers, but not in row {row}; null is for none"
                raise PydanticCustomError("finite", message, place)
    return columns


NamedColumns: TypeAlias = Annotated[
    dict[str, Any], AfterValidator(_columns), Field(json_schema_extra=_SCHEMA)
]
_NORMALISATION = {"enum": list(get_args(Normalisation)), "type": "string"}


def _from_query(value: Any, info: ValidationInfo) -> Any:
    """Return the normalisations of a query, ``z-score`` or ``name:none``, as a JSON body has them."""
    if info.mode == "json" or not isinstance(value, list):
        return value
    if len(value) == 1 and ":" not in value[0]:
        return value[0]
    parts = [text.rpartition(":") for text in value]
    if not all(name for name, _, _ in parts):
        message = "give one for all columns, or each with the name of its column: name:none"
        raise PydanticCustomError("normalisation", message)
    return {name: kind for name, _, kind in parts}


#: Which normalisations there are is checked where they are used, with a better message.
Normalisations: TypeAlias = Annotated[
    str | dict[str, str],
    BeforeValidator(_from_query),
    WithJsonSchema({"anyOf": [_NORMALISATION, {"additionalProperties": _NORMALISATION, "type": "object"}]}),
]


class CsvFields(QuerySchema):
    """How a table is to be read from CSV."""

    delimiter: Literal["comma", "semicolon", "tab"] | None = Field(
        None, description="Of CSV: what stands between values; found out by default."
    )
    absent: list[str] = Field(
        [], description="Of CSV: texts that stand for a missing value, such as `NA`, besides nothing at all."
    )
    categorical: list[str] = Field(
        [], description="Of CSV: columns that are texts even where they look like numbers."
    )
    ignore: list[str] = Field([], description="Of CSV: columns to leave out, such as a label.")


def read_table(content: bytes, fields: CsvFields, *, settings: Settings, most_rows: int) -> Table:
    """Return the table that a body of CSV holds.

    Raises
    ------
    InvalidTableError
        When it is none; says in which line, and what of it.
    OverLimitError
        When it has far too many rows.
    """
    lines = max(content.count(b"\n"), content.count(b"\r"))  # either ends a line, or both together
    if lines > 2 * most_rows + SOME_LINES:  # values may hold some; what is over by less is told later
        message = f"{lines:,} lines are far more than {most_rows:,} rows may have"
        raise OverLimitError([FieldError("", message)])
    return read_csv(
        content,
        delimiter=None if fields.delimiter is None else _DELIMITERS[fields.delimiter],
        absent=fields.absent,
        categorical=fields.categorical,
        ignore=fields.ignore,
        most_columns=settings.max_dimension,
    )


def read_rows(
    content: bytes, card: Card, fields: CsvFields, *, settings: Settings, most_rows: int
) -> Table | FloatArray:
    """Return what a body of CSV holds for a model that there is.

    For a model that was trained on a table it is a table, with a header, whose texts are texts again;
    otherwise it is vectors: numbers between commas, without a header.

    Raises
    ------
    InvalidRequestError, InvalidTableError
        When it holds none.
    OverLimitError
        When it has too many rows.
    """
    if card.table is not None:
        texts = [*fields.categorical, *card.table.categorical]
        known = fields.model_copy(update={"categorical": texts})
        return read_table(content, known, settings=settings, most_rows=most_rows)
    if content.count(b"\n") > most_rows:
        raise OverLimitError([FieldError("", f"there are more vectors than the limit of {most_rows:,}")])
    content = content.removeprefix(BOM_UTF8)  # which spreadsheets put there
    if not content.strip():
        raise InvalidRequestError([FieldError("", "the table is empty")])
    try:
        return np.loadtxt(io.BytesIO(content), delimiter=",", ndmin=2, comments=None, encoding="utf-8")
    except ValueError as error:
        message = f"this is no table of numbers, without a header, between commas: {error}"
        raise InvalidRequestError([FieldError("", message[:300])]) from error


def learn(
    columns: Mapping[str, Any],
    normalisation: Normalisations | None,
    missing: Missing | None,
    settings: Settings,
    *,
    most_rows: int,
) -> tuple[FloatArray, Preparation]:
    """Return the samples that a table becomes, and how.

    Raises
    ------
    InvalidTableError, InvalidParameterError
        When it is no table of which that can be learnt.
    OverLimitError
        When it would become too many or too large samples.
    """
    rows = max((len(values) for values in columns.values()), default=0)
    limits.check_table(rows, len(columns), limits=settings, most_rows=most_rows)
    preparation = Preparation.fit(
        columns,
        normalisation=cast(Any, "z-score" if normalisation is None else normalisation),
        missing=missing or "mask",
    )
    limits.check_table(rows, len(preparation.components), limits=settings, most_rows=most_rows)
    return preparation.transform(columns), preparation
