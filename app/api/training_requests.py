"""Requests to train: a JSON body, or CSV with the fields in the query."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api import body
from app.api.responses import CSV, JSON
from app.api.tables import CsvFields, read_table
from app.api.training_schemas import TrainingBody
from app.settings import Settings
from app.training import TrainingRequest
from app.turns import turn_for
from kohonen.tables import refuse_commas

__all__ = [
    "ACCEPTED",
    "CSV_EXAMPLE",
    "FieldsQuery",
    "TrainingQuery",
    "View",
    "ViewedTrainingQuery",
    "training_request",
]

#: The media types of bodies.
ACCEPTED = (JSON, CSV)
CSV_EXAMPLE = "height,weight,species\n31.5,4.2,cat\n48,,dog\n29,3.9,cat\n"

View = Annotated[
    Literal["map", "input-output"],
    Field(description="The map alone, or with the colours as a strip above it."),
]


class FieldsQuery(CsvFields):
    """A query beside a body: how CSV is read, and fields of the body's model."""

    model_config = ConfigDict(extra="allow")

    def fields(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return the fields that are given, checked by the model of a JSON body.

        Raises
        ------
        InvalidRequestError
            For a field that the model does not have, or a value that does not fit it.
        """
        own = self.model_fields_set & type(self).model_fields.keys() & model.model_fields.keys()
        given = {name: getattr(self, name) for name in own}
        for name, value in (self.model_extra or {}).items():
            given[name] = value[-1] if isinstance(value, list) else value  # of a repeated one the last counts
        return body.given(body.validated(given, model, strict=False)) if given else {}


class TrainingQuery(FieldsQuery):
    """The query of a training."""

    normalisation: list[str] = Field(
        [],
        description="Of a table: how columns of numbers are brought to scale: `none`, `z-score` (by "
        "default), `min-max` or `robust`; for one column, `name:none`.",
    )


class ViewedTrainingQuery(TrainingQuery):
    """The query of a training that may be answered with a picture."""

    view: View = "map"


def training_request(
    content: bytes,
    media_type: str,
    query: TrainingQuery,
    fields: dict[str, Any],
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
            wanted = body.validated({**fields, "columns": table}, TrainingBody)
        else:
            wanted = body.parse(content, TrainingBody, fields)
        return wanted.training_request(
            idempotency_key=idempotency_key, settings=settings, most_rows=most_rows
        )
