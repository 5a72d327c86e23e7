"""Tables with named columns in requests, as JSON or CSV."""

import io
import math
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.errors import FieldError, InvalidRequestError, OverLimitError
from app.models import Card
from app.schema import QuerySchema
from app.settings import Settings
from app.training import limits
from kohonen import Preparation, read_csv
from kohonen.inputs.arrays import FloatArray, Missing
from kohonen.inputs.columns import Normalisation
from kohonen.inputs.tables import LONGEST_TEXT, Table

__all__ = [
    "RECORD_SCHEMA",
    "CsvFields",
    "NamedColumns",
    "Normalisations",
    "fit_preparation",
    "read_rows",
    "read_table",
]

#: Lines of CSV that are always accepted.
SOME_LINES = 1_000

_VALUE = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
#: Schema of a row of values by name.
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
                message = "column '{name}' must hold finite numbers: use null for the value in row {row}"
                raise PydanticCustomError("finite", message, place)
    return columns


NamedColumns: TypeAlias = Annotated[
    dict[str, Any], AfterValidator(_columns), Field(json_schema_extra=_SCHEMA)
]
_NORMALISATION = {"enum": list(get_args(Normalisation)), "type": "string"}


def _from_query(value: Any, info: ValidationInfo) -> Any:
    """Convert the normalisations of a query (``z-score``, or ``name:none``) to the form of a JSON body."""
    if info.mode == "json" or not isinstance(value, list):
        return value
    if len(value) == 1 and ":" not in value[0]:
        return value[0]
    parts = [text.rpartition(":") for text in value]
    if not all(name for name, _, _ in parts):
        message = "give one for all columns, or one per column with its name, such as name:none"
        raise PydanticCustomError("normalisation", message)
    return {name: kind for name, _, kind in parts}


#: The kinds are checked where they are used, with a better message.
Normalisations: TypeAlias = Annotated[
    str | dict[str, str],
    BeforeValidator(_from_query),
    WithJsonSchema({"anyOf": [_NORMALISATION, {"additionalProperties": _NORMALISATION, "type": "object"}]}),
]


class CsvFields(QuerySchema):
    """Options for reading a table from CSV."""

    delimiter: Literal["comma", "semicolon", "tab"] | None = Field(
        None, description="CSV: the separator of values; detected by default."
    )
    absent: list[str] = Field(
        [], description="CSV: texts that mean a missing value, such as `NA`; empty values are always missing."
    )
    categorical: list[str] = Field([], description="CSV: columns read as texts, even if they hold numbers.")
    ignore: list[str] = Field([], description="CSV: columns to leave out, such as a label.")


def read_table(content: bytes, fields: CsvFields, *, settings: Settings, most_rows: int) -> Table:
    """Return the table of a CSV body.

    Raises
    ------
    InvalidTableError
        When it is not a valid table; names the line and the error.
    OverLimitError
        For far too many rows.
    """
    lines = max(content.count(b"\n"), content.count(b"\r"))  # lines end with either, or with both
    if lines > 2 * most_rows + SOME_LINES:  # values may hold line breaks; the exact check follows
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
    """Return the rows of a CSV body for an existing model.

    For a model that was trained on a table they are a table with a header, whose categorical columns are read
    as texts; otherwise vectors: comma-separated numbers without a header.

    Raises
    ------
    InvalidRequestError, InvalidTableError
        When the body is not valid.
    OverLimitError
        For too many rows.
    """
    if card.table is not None:
        texts = [*fields.categorical, *card.table.categorical]
        known = fields.model_copy(update={"categorical": texts})
        return read_table(content, known, settings=settings, most_rows=most_rows)
    if content.count(b"\n") > most_rows:
        raise OverLimitError([FieldError("", f"the body has more vectors than the limit of {most_rows:,}")])
    content = content.removeprefix(BOM_UTF8)  # spreadsheets write it
    if not content.strip():
        raise InvalidRequestError([FieldError("", "the table is empty")])
    try:
        return np.loadtxt(io.BytesIO(content), delimiter=",", ndmin=2, comments=None, encoding="utf-8")
    except ValueError as error:
        message = f"the body must be comma-separated numbers without a header: {error}"
        raise InvalidRequestError([FieldError("", message[:300])]) from error


def fit_preparation(
    columns: Mapping[str, Any],
    normalisation: Normalisations | None,
    missing: Missing | None,
    settings: Settings,
    *,
    most_rows: int,
) -> tuple[FloatArray, Preparation]:
    """Return the samples of a table, and the preparation fitted to it.

    Raises
    ------
    InvalidTableError, InvalidParameterError
        When the table or an option is not valid.
    OverLimitError
        For too many or too large samples.
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
