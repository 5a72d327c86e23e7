"""Which unit of a map vectors fall on."""

import time
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app import limits
from app.api import body
from app.api.clusters import wanted_count
from app.api.dependencies import AppSettings, Deadline, ModelsOfStore
from app.api.model_schemas import Vector, Vectors
from app.api.models import Ref
from app.api.negotiation import choose
from app.api.tables import CsvFields, read_rows
from app.errors import AnswerTooLargeError, FieldError, InvalidRequestError
from app.models import Card
from app.predictions import as_csv, as_json, find, most_bytes
from app.settings import Settings
from app.turns import cpu_slot_for, in_cpu_slots
from app.vectors import columns_of, vectors_for
from app.web.responses import CSV, JSON, problems
from kohonen.clusters import cluster_units
from kohonen.data import FloatArray

__all__ = ["DESCRIBED", "located", "predict", "router", "vectors_of"]

router = APIRouter(prefix="/models", tags=["models"])


class PredictionQuery(CsvFields):
    """What is said of a prediction beside its body."""

    clusters: str | None = Field(
        None, description="Say the cluster too, of so many or `auto`, as /clusters does.", max_length=8
    )


#: What the routes that take many vectors say of themselves in the OpenAPI document.
DESCRIBED: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "For each vector its best matching unit and the distance to that.",
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Predictions"}},
                CSV: {"schema": {"type": "string"}, "example": "bmu_x,bmu_y,distance\n15,20,0.0625\n"},
            },
        },
        **problems(400, 404, 406, 413, 415, 422, 500, 503),
    },
    "openapi_extra": body.describe(
        Vectors,
        {
            "one": {"summary": "One vector", "value": {"data": [0.2, 0.5, 0.8]}},
            "two": {"summary": "Two", "value": {"data": [[0.2, 0.5, 0.8], [1.0, 0.0, 0.0]]}},
            "columns": {
                "summary": "Rows of a table, of a model that was trained on one",
                "value": {"columns": {"height": [30.5, None], "species": ["cat", "dog"]}},
            },
            "records": {
                "summary": "The same, row by row",
                "value": {"records": [{"height": 30.5, "species": "cat"}, {"species": "dog"}]},
            },
        },
        csv="0.2,0.5,0.8\n1.0,0.0,0.0\n",
    ),
}


@router.post(
    "/{ref}/predict",
    summary="The best matching units of vectors",
    operation_id="predict",
    **DESCRIBED,
)
async def predict_on_model(
    request: Request,
    ref: Ref,
    models: ModelsOfStore,
    settings: AppSettings,
    deadline: Deadline,
    query: Annotated[PredictionQuery, Query()],
) -> Response:
    """Find the unit of the map that is nearest to each vector.

    Vectors are JSON, or CSV of numbers without a header. For a model that was trained on a table they are
    rows of one, in its own units: JSON, or CSV with a header. The answers are JSON or CSV, as `Accept` asks
    for, and repeat nothing of what was sent.
    """
    return await predict(request, ref, models, settings, deadline, query, clusters=query.clusters)


async def predict(
    request: Request,
    ref: str,
    models: ModelsOfStore,
    settings: Settings,
    deadline: float,
    query: CsvFields,
    *,
    clusters: str | None = None,
) -> Response:
    """Answer with the best matching units of the vectors that a request holds."""
    media_type = choose(request.headers.get("accept"), [JSON, CSV])
    content = await body.read(request, accepted=(JSON, CSV), samples=settings.max_vectors)

    def respond() -> Response:
        card = models.resolve(ref)
        with cpu_slot_for(len(content)):
            given = vectors_of(content, body.media_type(request), card, query, settings)
            samples = located(card, given, settings, deadline)
        most = settings.max_answer_bytes
        told = clusters is not None
        if most is not None and most_bytes(media_type, len(samples), clusters=told) > most:
            allowed = most // most_bytes(media_type, 1, clusters=told)
            raise AnswerTooLargeError(
                f"the answer for {len(samples):,} vectors may be over the {most:,} bytes that an answer may "
                f"have: send {allowed:,} at a time" + ("" if media_type == CSV else ", or accept text/csv")
            )
        count = None if clusters is None else wanted_count(clusters, card, "/clusters")
        weights = models.weights(card)
        labels = None if count is None else cluster_units(weights, count).labels
        results = find(weights, samples, labels)
        written = as_csv(results) if media_type == CSV else as_json(results)
        headers = {"Kohonen-Model-Id": card.id, "Vary": "Accept"}
        answer = in_cpu_slots(written, size=len(content))
        return StreamingResponse(answer, media_type=media_type, headers=headers)

    return await run_in_threadpool(respond)


def located(card: Card, given: Any, settings: Settings, deadline: float) -> FloatArray:
    """Return vectors or the rows of a table as samples for a model's map, if they are that and not too many.

    Raises
    ------
    InvalidDataError, InvalidRequestError
        When they do not suit the model.
    OverLimitError
        When there are too many.
    """
    samples = vectors_for(card, given)
    limits.check_prediction(
        card.weights.shape,
        vectors=len(samples),
        limits=settings,
        seconds=deadline - time.monotonic(),
        masked=bool(np.isnan(samples).any()),
    )
    return samples


def vectors_of(content: bytes, media_type: str, card: Card, query: CsvFields, settings: Settings) -> Any:
    """Return what a body holds: many vectors, or one as a list of one; or a table.

    Raises
    ------
    MalformedBodyError, InvalidRequestError, InvalidTableError
        When it holds none.
    OverLimitError
        When it holds more than are allowed.
    """
    if media_type == CSV:
        return read_rows(content, card, query, settings=settings, most_rows=settings.max_vectors)
    try:
        rows = body.parse(content, Vectors)
        if rows.records is None:
            return rows.columns if rows.data is None else rows.data
        if card.table is None:
            message = "this model was trained on vectors without names: send 'data'"
            raise InvalidRequestError([FieldError("/records", message)])
        return columns_of(rows.records, card.table)
    except InvalidRequestError as error:
        if [wrong.pointer for wrong in error.errors] != ["/data/0"]:
            raise
    # The first item is no list: then it should be the first number of the only vector.
    return [body.parse(content, Vector).data]
