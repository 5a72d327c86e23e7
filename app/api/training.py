"""Training in a request."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from app.api import body
from app.api.animation import ANIMATIONS, CONTENT, TOLD, animated, negotiate
from app.api.dependencies import AppSettings, Deadline, Service
from app.api.examples import TRAINING
from app.api.negotiation import choose
from app.api.responses import outcome_document, outcome_headers
from app.api.training_requests import (
    CSV_EXAMPLE,
    IdempotencyKey,
    View,
    ViewedTrainingQuery,
    read_training,
)
from app.api.training_schemas import TrainingBody, TrainingFields
from app.drawing import Picture
from app.settings import Settings
from app.training import Outcome, TrainingRequest
from app.web.responses import JSON, PNG, problems

__all__ = ["ANSWERS", "OFFERED", "answer", "router"]

router = APIRouter(tags=["training"])

_FIGURES = {
    name: {"description": description, "schema": {"type": "string"}}
    for name, description in {
        "Kohonen-Model-Id": "The id of the model.",
        "Kohonen-Model-Revision": "The revision of the name that was asked for, such as sunset@3.",
        "Kohonen-Quantization-Error": "Mean distance of the samples to their best matching unit.",
        "Kohonen-Topographic-Error": "Share of the samples whose two best units are not neighbours.",
        "Kohonen-Random-State": "The seed that was used.",
        "Server-Timing": "How long the parts of the request took, in milliseconds.",
        **TOLD,
    }.items()
}
_CONTENT: dict[str, Any] = {
    PNG: {"schema": {"type": "string", "format": "binary"}},
    JSON: {"schema": {"$ref": "#/components/schemas/Card"}},
    **CONTENT,
}
#: The media types of that.
OFFERED = [*_CONTENT]
#: What a training answers with.
ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "The model, made by this request.", "headers": _FIGURES, "content": _CONTENT},
    200: {
        "description": "The model, which was there already or is not to be stored.",
        "headers": _FIGURES,
        "content": _CONTENT,
    },
}


@router.post(
    "/train",
    summary="Train a map; answers with its picture or its card",
    operation_id="train",
    status_code=201,
    response_class=Response,
    responses={**ANSWERS, **problems(400, 406, 413, 415, 422, 500, 503)},
    openapi_extra=body.describe(TrainingBody, TRAINING, csv=CSV_EXAMPLE, fields=TrainingFields),
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

    The same request again is the same model, answered from the store. With `Accept: application/json` the
    answer is the model card; otherwise it is the picture of the map, or, where the vectors are no colours,
    its U-matrix: dark where neighbouring units are far apart. With `Accept: image/gif` (or image/apng, or
    image/webp) it is an animation of the training, in as many `frames` as the body asks for.

    A table may come as JSON (`columns`), or as CSV: a header, then numbers or texts, and nothing where a
    value is missing. The parameters are in the query then.
    """
    accept = request.headers.get("accept")
    choose(accept, OFFERED)
    training = await read_training(
        request, query, settings, idempotency_key, most_samples=settings.max_samples
    )
    media_type, training = negotiate(accept, training)
    outcome = await service.train(training, deadline=deadline)
    return await answer(request, training, outcome, settings, media_type=media_type, view=query.view)


async def answer(
    request: Request,
    training: TrainingRequest,
    outcome: Outcome,
    settings: Settings,
    *,
    media_type: str,
    view: View,
) -> Response:
    """Answer with what has been trained: its card, its picture or its animation."""
    status = 201 if outcome.created else 200
    if media_type == JSON:
        document = outcome_document(outcome, request)
        return JSONResponse(document, status_code=status, headers=outcome_headers(outcome, request))
    geometry = training.parameters.geometry
    with outcome.timings.measure("draw"):
        if media_type in ANIMATIONS:
            content, told = await run_in_threadpool(animated, outcome.frames, geometry, media_type, settings)
        else:
            picture = Picture(view)
            content = await run_in_threadpool(picture.draw, outcome.weights, training.samples, geometry)
            told = {}
    headers = {**outcome_headers(outcome, request), **told}
    return Response(content, status_code=status, media_type=media_type, headers=headers)
