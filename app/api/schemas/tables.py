"""Tables with named columns in requests, as JSON or CSV."""

import io
import math
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.errors import FieldError, InvalidRequestError, OverLimitError
from app.models import Card
from app.predictions import Unknown
from app.schema import QuerySchema
from app.settings import Settings
from app.training import limits
from kohonen import Preparation, read_csv
from kohonen.inputs.arrays import FloatArray, Missing
from kohonen.inputs.columns import Normalisation
from kohonen.inputs.tables import LONGEST_TEXT, Table

__all__ = [
    "CsvFields",
    "NamedColumns",
    "Normalisations",
    "Records",
    "RoleFields",
    "RowsQuery",
    "columns_of_records",
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


def _records(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row, record in enumerate(records, start=1):
        if any(isinstance(value, float) and not math.isfinite(value) for value in record.values()):
            raise PydanticCustomError("finite", "record {row} must hold finite numbers", {"row": row})
    return records


#: Rows of values by name.
Records: TypeAlias = Annotated[
    list[dict[str, Any]],
    Field(min_length=1),
    AfterValidator(_records),
    WithJsonSchema({"type": "array", "minItems": 1, "items": RECORD_SCHEMA}),
]


def columns_of_records(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return records as columns; what a record leaves out is missing.

    `OverLimitError` is raised for too many values, since short records may expand to many.
    """
    names = dict.fromkeys(name for record in records for name in record)
    limits.check_values(len(records), len(names), field="records")
    return {name: [record.get(name) for record in records] for name in names}


_NORMALISATION = {"enum": list(get_args(Normalisation)), "type": "string"}
_FOR_ALL = {"enum": [*get_args(Normalisation), "l2"], "type": "string"}


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
    WithJsonSchema({"anyOf": [_FOR_ALL, {"additionalProperties": _NORMALISATION, "type": "object"}]}),
]


def _listed(value: Any) -> Any:
    """Return a single name as a list."""
    return [value] if isinstance(value, str) else value


_NAME = {"type": "string"}
#: Names or positions of columns: one, or several.
ColumnNames: TypeAlias = Annotated[
    list[str],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME}], "default": []}),
]


class CsvFields(QuerySchema):
    """The dialect of a CSV body; fields that are not given are detected."""

    delimiter: Literal["comma", "semicolon", "tab", "pipe", "space"] | None = Field(
        None, description="CSV: the separator of values; by default the one that divides all lines evenly."
    )
    absent: list[str] = Field(
        [],
        description="CSV: texts or numbers that mean a missing value, such as `-9999`. Empty values, `NA`, "
        "`null`, `-` and the like always do.",
    )
    decimal: Literal["point", "comma"] | None = Field(None, description="CSV: the decimal sign.")
    thousands: Literal["comma", "point", "space", "apostrophe"] | None = Field(
        None, description="CSV: the sign between thousands."
    )
    header: bool | None = Field(
        None, description="CSV: whether the first line names the columns; if not they are `c1`, `c2`, ..."
    )
    encoding: str | None = Field(
        None, description="CSV: the encoding, such as `windows-1250`; also the charset of the content type."
    )

    def dialect(self) -> dict[str, Any]:
        """Return the options that are given."""
        return {
            name: getattr(self, name)
            for name in CsvFields.model_fields
            if getattr(self, name) not in (None, [])
        }


class RowsQuery(CsvFields):
    """The query of a prediction."""

    unknown: Unknown = Field(
        "missing",
        description="Table: whether a category that the model does not know counts as missing, which is "
        "reported, or is refused.",
    )


class RoleFields(BaseModel):
    """The roles of the columns of a table, by name or by position from 1."""

    label: ColumnNames = Field(
        [], description="Table: columns of labels, which take no part in the training."
    )
    id: ColumnNames = Field([], description="Table: columns that name the rows, and take no part.")
    only: ColumnNames = Field([], description="Table: the only columns that take part.")
    ignore: ColumnNames = Field([], description="Table: columns to leave out.")
    categorical: ColumnNames = Field(
        [], description="Table: columns read as texts, even if they hold numbers."
    )
    date: ColumnNames = Field([], description="Table: dates that take part, as days since the first.")

    def roles(self) -> dict[str, list[str]]:
        """Return the roles that are given."""
        return {name: getattr(self, name) for name in RoleFields.model_fields}


def read_table(
    content: bytes,
    dialect: Mapping[str, Any],
    roles: Mapping[str, Any],
    *,
    settings: Settings,
) -> Table:
    """Return the table of a CSV body.

    Raises
    ------
    InvalidTableError
        When it is not a valid table; names the line and the error.
    OverLimitError
        For far too many rows.
    """
    _check_lines(content, limits.most_rows(settings))
    return read_csv(content, most_columns=settings.max_dimension, **dialect, **roles)


def _check_lines(content: bytes, most_rows: int) -> None:
    lines = max(content.count(b"\n"), content.count(b"\r"))  # lines end with either, or with both
    if lines > 2 * most_rows + SOME_LINES:  # values may hold line breaks; the exact check follows
        message = f"{lines:,} lines are far more than {most_rows:,} rows may have"
        raise OverLimitError([FieldError("", message)])


def read_rows(
    content: bytes,
    card: Card,
    dialect: Mapping[str, Any],
    *,
    settings: Settings,
    most_rows: int,
    sample_weight: str | None = None,
) -> dict[str, Any] | FloatArray:
    """Return the rows of a CSV body for an existing model.

    For a model that was trained on a table they are a table with a header, read as that was; otherwise
    vectors: comma-separated numbers without a header. A table has the column of the sample weights, too.

    Raises
    ------
    InvalidRequestError, InvalidTableError
        When the body is not valid.
    OverLimitError
        For too many rows.
    """
    if card.table is not None:
        _check_lines(content, most_rows)
        return card.table.read_rows(
            content, sample_weight=sample_weight, most_columns=settings.max_dimension, **dialect
        )
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
    columns: Table,
    normalisation: Normalisations | None,
    missing: Missing | None,
    settings: Settings,
) -> tuple[FloatArray, Preparation]:
    """Return the samples of a table, and the preparation fitted to it.

    Raises
    ------
    InvalidTableError, InvalidParameterError
        When the table or an option is not valid.
    OverLimitError
        For too many or too large samples.
    """
    rows = len(columns.rows)
    limits.check_table(rows, len(columns), limits=settings)
    preparation = Preparation.fit(
        columns,
        normalisation=cast(Any, "z-score" if normalisation is None else normalisation),
        missing=missing or "mask",
    )
    limits.check_table(rows, len(preparation.components), limits=settings)
    return preparation.transform(columns), preparation
