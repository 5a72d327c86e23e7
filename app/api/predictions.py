"""Predictions: the best matching units of vectors."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app.api.clusters import wanted_count
from app.api.dependencies import AppSettings, Deadline, ModelsOfStore
from app.api.models import Ref
from app.api.schemas.models import Vector, Vectors
from app.api.schemas.tables import CsvFields, RowsQuery, read_rows
from app.errors import AnswerTooLargeError, FieldError, InvalidRequestError
from app.models import Card
from app.predictions import Unknown, answers_of, columns_of, ids_of, notes_on, vectors_for
from app.runtime import costs
from app.runtime.gate import SMALL_BODY, Gate
from app.settings import Settings
from app.training import limits
from app.web import body
from app.web.negotiation import choose
from app.web.responses import CSV, JSON, headers, problems
from kohonen.inputs.arrays import FloatArray

__all__ = ["DESCRIBED", "predict", "router", "samples_for", "vectors_of"]

router = APIRouter(prefix="/models", tags=["models"])

#: Characters of the notes in a header.
MOST_NOTES = 1_000


class PredictionQuery(RowsQuery):
    """The query of a prediction."""

    clusters: str | None = Field(
        None, description="Add the cluster: the number of clusters, or `auto`, as in /clusters.", max_length=8
    )


_CSV_EXAMPLE = "id,bmu_x,bmu_y,distance,species_majority,species_share\nrex,15,20,0.0625,dog,0.8\n"

#: Description of the routes for many vectors in the OpenAPI document.
DESCRIBED: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "The best matching unit of each vector, the distance to it, and the labels of its "
            "rows.",
            "headers": headers(Kohonen_Notes="Categories that the model does not know, as JSON, if any."),
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Predictions"}},
                CSV: {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
            },
        },
        **problems(400, 404, 406, 413, 415, 422, 500, 503),
    },
    "openapi_extra": body.describe(
        Vectors,
        {
            "one": {"summary": "One vector", "value": {"data": [0.2, 0.5, 0.8]}},
            "two": {"summary": "Two vectors", "value": {"data": [[0.2, 0.5, 0.8], [1.0, 0.0, 0.0]]}},
            "columns": {
                "summary": "Rows of a table, for a model that was trained on a table",
                "value": {"columns": {"height": [30.5, None], "species": ["cat", "dog"]}},
            },
            "records": {
                "summary": "The same rows as records",
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
    """Find the best matching unit of each vector.

    Vectors are JSON, or CSV of numbers without a header. A model that was trained on a table takes rows of a
    table, in its original units: JSON, or CSV with a header. The answer is JSON or CSV, as `Accept` says,
    without the vectors. With each row come its id, if the table has the model's column of ids, and for each
    label of the model's data the majority of the unit's rows and its share.
    """
    return await predict(request, ref, models, settings, deadline, query, clusters=query.clusters)


async def predict(
    request: Request,
    ref: str,
    models: ModelsOfStore,
    settings: Settings,
    deadline: float,
    query: RowsQuery,
    *,
    clusters: str | None = None,
) -> Response:
    """Answer with the best matching units of the vectors of a request."""
    media_type = choose(request.headers.get("accept"), [JSON, CSV])
    content = await body.read(request, accepted=(JSON, CSV), samples=settings.max_vectors)

    def respond() -> Response:
        card = models.resolve(ref)
        with body.turn(request, content):
            given = vectors_of(content, body.media_type(request), card, query, settings)
            samples = samples_for(card, given, settings, deadline, unknown=query.unknown)
            ids, notes = ids_of(card, given), notes_on(card, given)
        most = settings.max_answer_bytes
        count = None if clusters is None else wanted_count(clusters, card, "/clusters")
        gate: Gate = request.app.state.gate
        with gate.admit("reading", costs.prediction(card.weights.shape, vectors=len(samples))) as place:
            place.keep(place.bytes)  # units are searched while the answer is sent
            answers = answers_of(models, card, count)
        each = answers.most_bytes(as_json=media_type == JSON, leading=ids)
        if most is not None and len(samples) * each > most:
            allowed = most // each
            raise AnswerTooLargeError(
                f"the answer for {len(samples):,} vectors may be over the limit of {most:,} bytes: send "
                f"{allowed:,} at a time" + ("" if media_type == CSV else ", or use Accept: text/csv")
            )
        written = (answers.as_csv if media_type == CSV else answers.as_json)(samples, ids)
        headers = {"Kohonen-Model-Id": card.id, "Vary": "Accept"}
        if notes:
            headers["Kohonen-Notes"] = json.dumps(notes)[:MOST_NOTES]
            written = _noted(written, notes) if media_type == JSON else written
        answer = written if len(content) <= SMALL_BODY else gate.in_turns(written)
        return StreamingResponse(answer, media_type=media_type, headers=headers)

    return await run_in_threadpool(respond)


def _noted(written: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Add notes to an answer in JSON, whose last piece closes the list of results."""
    for piece in written:
        yield piece if piece != b"]}" else b'], "notes": ' + json.dumps(notes).encode() + b"}"


def samples_for(
    card: Card, given: Any, settings: Settings, deadline: float, *, unknown: Unknown = "missing"
) -> FloatArray:
    """Return vectors or rows of a table as samples for a model's map, checked against the limits."""
    samples = vectors_for(card, given, unknown=unknown)
    limits.check_prediction(
        card.weights.shape,
        vectors=len(samples),
        limits=settings,
        seconds=deadline - time.monotonic(),
        masked=bool(np.isnan(samples).any()),
    )
    return samples


def vectors_of(content: bytes, media_type: str, card: Card, query: CsvFields, settings: Settings) -> Any:
    """Return the vectors or the table of a body; a single vector as a list of one."""
    if media_type == CSV:
        return read_rows(content, card, query.dialect(), settings=settings, most_rows=settings.max_vectors)
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
    # The first item is not a list, so it should be the first number of a single vector.
    return [body.parse(content, Vector).data]
