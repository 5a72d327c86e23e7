"""Requests to train: a JSON body, or CSV or a picture with the fields in the query."""

from typing import Annotated, Any, Literal

from fastapi import Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api.schemas.tables import CsvFields, RoleFields, read_table
from app.api.schemas.training import TrainingBody, TrainingFields
from app.errors import FieldError, InvalidRequestError
from app.settings import Settings
from app.training.request import TrainingRequest
from app.web import body
from app.web.responses import CSV, JSON, PICTURES
from kohonen.colour.cells import training_data
from kohonen.colour.images import read_picture

__all__ = [
    "ACCEPTED",
    "CSV_EXAMPLE",
    "FieldsQuery",
    "IdempotencyKey",
    "TrainingQuery",
    "View",
    "ViewedTrainingQuery",
    "read_training",
]

#: Media types of bodies.
ACCEPTED = (JSON, CSV, *PICTURES)
#: Defaults for a picture: weights of samples need batch training, which takes few iterations.
_OF_A_PICTURE: dict[str, Any] = {"algorithm": "batch", "iterations": 100}
CSV_EXAMPLE = "height,weight,species\n31.5,4.2,cat\n48,,dog\n29,3.9,cat\n"

View = Annotated[
    Literal["map", "input-output"],
    Field(description="The map alone, or with the colours as a strip above it."),
]


IdempotencyKey = Annotated[
    str | None, Header(description="Determines the seed if the body has none.", max_length=255)
]


class FieldsQuery(CsvFields):
    """The query of a request with a body: options for CSV, and fields of the body's model."""

    model_config = ConfigDict(extra="allow")

    def fields(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return the fields of the query, validated by the model of a JSON body.

        `InvalidRequestError` is raised for an unknown field, or a value that does not fit it.
        """
        own = self.model_fields_set & type(self).model_fields.keys() & model.model_fields.keys()
        given = {name: getattr(self, name) for name in own}
        for name, value in (self.model_extra or {}).items():
            given[name] = value[-1] if isinstance(value, list) else value  # the last of a repeated field
        return body.given(body.validated(given, model, strict=False)) if given else {}


class TrainingQuery(FieldsQuery, RoleFields):
    """The query of a training."""

    normalisation: list[str] = Field(
        [],
        description="Table: the normalisation of numeric columns: `none`, `z-score` (default), `min-max`, "
        "`robust`, `log`, `asinh`, `rank`, or `l2` for rows of length 1; for one column, `name:none`.",
    )


class ViewedTrainingQuery(TrainingQuery):
    """The query of a training that may be answered with a picture."""

    view: View = "map"
    dry_run: bool = Field(
        False, description="Train nothing, and report how the table is read, and what a training would cost."
    )


async def read_training(
    request: Request, query: TrainingQuery, settings: Settings, key: str | None, *, most_samples: int
) -> TrainingRequest:
    """Return the training of a request; an idempotency key determines the seed if the body has none."""
    fields = query.fields(TrainingFields)
    content = await body.read(request, accepted=ACCEPTED, samples=most_samples)

    def training() -> TrainingRequest:
        with body.turn(request, content):
            table = None
            if body.media_type(request) in PICTURES:
                if "sample_weight" in fields:
                    message = "the colours of a picture are weighted by their pixels: leave this out"
                    raise InvalidRequestError([FieldError("/sample_weight", message)])
                data = training_data(read_picture(content, most_pixels=settings.max_picture_pixels))
                own = {"data": data.samples.tolist(), "sample_weight": data.table[:, -1].tolist()}
                wanted = body.validated({**_OF_A_PICTURE, **fields, **own}, TrainingBody)
            elif body.media_type(request) == CSV:
                dialect = {**body.charset(request), **query.dialect()}
                roles = {**query.roles(), "sample_weight": fields.get("sample_weight")}
                table = read_table(content, dialect, roles, settings=settings)
                wanted = body.validated({**fields, "columns": table}, TrainingBody)
            else:
                wanted = body.parse(content, TrainingBody, fields)
            return wanted.training_request(settings, idempotency_key=key, table=table)

    return await run_in_threadpool(training)
