"""What a training is asked for by: a body of JSON, or one of CSV with the parameters in the query."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from app.api import body
from app.api.tables import CSV, CsvFields, read_table
from app.api.training_schemas import MapFields, ModelFields, TrainingBody
from app.errors import FieldError, InvalidRequestError
from app.settings import Settings
from app.training import TrainingRequest
from app.turns import turn_for
from app.web.responses import JSON
from kohonen.tables import refuse_commas

__all__ = ["ACCEPTED", "TrainingQuery", "ViewedTrainingQuery", "described", "training_request"]

#: The media types of bodies.
ACCEPTED = (JSON, CSV)

_CSV_EXAMPLE = "height,weight,species\n31.5,4.2,cat\n48,,dog\n29,3.9,cat\n"


class TrainingQuery(CsvFields, MapFields, ModelFields):
    """The parameters of a training whose body is CSV; what a body of JSON says counts before the query."""

    model_config = ConfigDict(strict=False, extra="forbid", allow_inf_nan=False, defer_build=False)

    normalisation: list[str] = Field(
        [],
        description="Of a table: how columns of numbers are brought to scale: `none`, `z-score` (by "
        "default), `min-max` or `robust`; for one column, `name:none`.",
    )

    @property
    def given(self) -> dict[str, Any]:
        """The fields of a training that the query has."""
        names = self.model_fields_set & set(TrainingBody.model_fields)
        found = {name: getattr(self, name) for name in names}
        if "normalisation" in found:
            found["normalisation"] = _normalisations(self.normalisation)
        return found


class ViewedTrainingQuery(TrainingQuery):
    """The same, of a training that is answered with a picture."""

    view: Literal["map", "input-output"] = Field(
        "map", description="The map alone, or with the colours as a strip above it."
    )


def training_request(
    content: bytes,
    media_type: str,
    query: TrainingQuery,
    *,
    settings: Settings,
    most_rows: int,
    idempotency_key: str | None,
) -> TrainingRequest:
    """Return the training that a body and a query ask for.

    Raises
    ------
    MalformedBodyError, InvalidRequestError, InvalidDataError, InvalidParameterError
        When they ask for none.
    OverLimitError
        For a table that is over the limits.
    """
    with turn_for(len(content)):
        if media_type == CSV:
            table = read_table(content, query, settings=settings, most_rows=most_rows)
            refuse_commas(table, categorical=query.categorical)
            wanted = body.validated({**query.given, "columns": table}, TrainingBody)
        else:
            wanted = body.parse(content, TrainingBody)
            if query.given:
                own = {name: getattr(wanted, name) for name in wanted.model_fields_set}
                wanted = body.validated({**query.given, **own}, TrainingBody)
        return wanted.training_request(
            idempotency_key=idempotency_key, settings=settings, most_rows=most_rows
        )


def described(examples: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of the body, with examples of JSON."""
    made = body.describe(TrainingBody, examples)
    made["requestBody"]["content"][CSV] = {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}
    return made


def _normalisations(texts: list[str]) -> str | dict[str, str]:
    """Return one normalisation for all columns, or those of columns by name; they are checked later."""
    if len(texts) == 1 and ":" not in texts[0]:
        return texts[0]
    parts = [text.rpartition(":") for text in texts]
    for name, _, _ in parts:
        if not name:
            message = "give one for all columns, or each with the name of its column: name:none"
            raise InvalidRequestError([FieldError("/normalisation", message)])
    return {name: kind for name, _, kind in parts}
