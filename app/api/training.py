"""Routes that train in the request."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from app.api.animated import ANIMATION_HEADERS, ANIMATIONS, CONTENT, animated, negotiate
from app.api.dependencies import AppSettings, Deadline, Service
from app.api.responses import card_document, outcome_headers
from app.api.schemas.examples import TRAINING
from app.api.schemas.training import TrainingBody, TrainingFields
from app.api.schemas.training_input import (
    CSV_EXAMPLE,
    IdempotencyKey,
    View,
    ViewedTrainingQuery,
    read_training,
)
from app.errors import OverLimitError
from app.pictures import Picture
from app.settings import Settings
from app.training import limits
from app.training.request import TrainingRequest
from app.training.service import Outcome
from app.web import body
from app.web.negotiation import choose
from app.web.responses import BINARY, JSON, PNG, headers, problems
from kohonen.plan import plan

__all__ = ["ANSWERS", "OFFERED", "answer", "router"]

router = APIRouter(tags=["training"])

_HEADERS = (
    headers(
        Kohonen_Model_Id="The id of the model.",
        Kohonen_Model_Revision="The revision of the requested name, such as sunset@3.",
        Kohonen_Quantization_Error="Mean distance of the samples to their best matching unit.",
        Kohonen_Topographic_Error="Share of the samples whose two best matching units are not neighbours.",
        Kohonen_Random_State="The seed of the training.",
        Server_Timing="Durations of the parts of the request, in milliseconds.",
    )
    | ANIMATION_HEADERS
)
_CONTENT: dict[str, Any] = {
    PNG: BINARY,
    JSON: {"schema": {"$ref": "#/components/schemas/Card"}},
    **CONTENT,
}
#: Media types of the answers.
OFFERED = [*_CONTENT]
#: Answers of a training, for the OpenAPI document.
ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "The model, created by this request.", "headers": _HEADERS, "content": _CONTENT},
    200: {
        "description": "The model, which existed already or is not stored.",
        "headers": _HEADERS,
        "content": _CONTENT,
    },
}

_PLAN = {
    "description": "With `dry_run`: what the training would do.",
    "type": "object",
    "properties": {
        "rows": {"type": "integer"},
        "columns": {"type": "array", "items": {"type": "object"}},
        "notes": {"type": "array", "items": {"type": "string"}},
        "seconds": {"type": "number"},
        "bytes": {"type": "integer"},
        "refused": {"type": "array", "items": {"type": "string"}},
        "call": {"type": "string"},
    },
    "required": ["rows", "columns", "notes", "seconds", "bytes", "refused", "call"],
}
_OR_PLAN = {
    **ANSWERS[200],
    "content": {**_CONTENT, JSON: {"schema": {"anyOf": [_CONTENT[JSON]["schema"], _PLAN]}}},
}


@router.post(
    "/train",
    summary="Train a map; answers with its picture or its card",
    operation_id="train",
    status_code=201,
    response_class=Response,
    responses={**ANSWERS, 200: _OR_PLAN, **problems(400, 406, 413, 415, 422, 500, 503, 507)},
    openapi_extra=body.describe(
        TrainingBody, TRAINING, csv=CSV_EXAMPLE, fields=TrainingFields, pictures=True
    ),
)
async def train(
    request: Request,
    service: Service,
    deadline: Deadline,
    settings: AppSettings,
    query: Annotated[ViewedTrainingQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Train a map on colours, on vectors of any dimension or on a table, and store it.

    The same request again returns the same model from the store. With `Accept: application/json` the answer
    is the model card. Otherwise it is a picture of the map or, if the vectors are not colours, its U-matrix:
    dark where neighbouring units are far apart. With `Accept: image/gif` (or image/apng, or image/webp) it is
    an animation of the training, with the number of `frames` in the body.

    A table is JSON (`columns`), or CSV: a header, then numbers or texts; empty values are missing. With CSV
    the parameters are in the query. A picture (PNG, JPEG, WebP) is trained on its colours, weighted by their
    pixels, in batch and in 100 iterations by default. With `dry_run` nothing is trained, and the answer
    reports what each column is, and why, what a training would cost, and whether it would be refused.
    """
    accept = request.headers.get("accept")
    choose(accept, OFFERED)
    training = await read_training(
        request, query, settings, idempotency_key, most_samples=settings.max_samples
    )
    if query.dry_run:
        return JSONResponse(planned(training, settings))
    media_type, training = negotiate(accept, training)
    outcome = await service.train(training, deadline=deadline)
    return await answer(request, training, outcome, settings, media_type=media_type, view=query.view)


def planned(training: TrainingRequest, settings: Settings) -> dict[str, Any]:
    """Return what a training would do, and why it would be refused; see :mod:`kohonen.plan`."""
    refused: list[str] = []
    try:
        limits.check(training, limits=settings, seconds=settings.max_training_seconds)
    except OverLimitError as error:
        refused = [each.message for each in error.errors]
    kinds = {}
    if training.preparation is not None:
        kinds = {
            "normalisation": {
                column.name: column.normalisation
                for column in training.preparation.columns
                if column.categories is None
            },
            "missing": training.preparation.missing,
        }
    rows, dimension = training.samples.shape
    return plan(training.look or (rows, dimension), training.parameters, options=kinds, refused=refused)


async def answer(
    request: Request,
    training: TrainingRequest,
    outcome: Outcome,
    settings: Settings,
    *,
    media_type: str,
    view: View,
) -> Response:
    """Answer with the card, the picture or the animation of a training."""
    status = 201 if outcome.created else 200
    if media_type == JSON:
        document = card_document(outcome.card, request, stored=outcome.stored, revision=outcome.revision)
        return JSONResponse(document, status_code=status, headers=outcome_headers(outcome, request))
    geometry = training.parameters.geometry
    with outcome.timings.measure("draw"):
        if media_type in ANIMATIONS:
            content, details = await run_in_threadpool(
                animated, outcome.frames, geometry, media_type, settings
            )
        else:
            picture = Picture(view)
            content = await run_in_threadpool(picture.draw, outcome.weights, training.samples, geometry)
            details = {}
    details |= outcome_headers(outcome, request)
    return Response(content, status_code=status, media_type=media_type, headers=details)
