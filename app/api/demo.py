"""The demo: a map of random colours from one GET request."""

import time
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import AppSettings, Deadline, Service
from app.api.responses import outcome_headers
from app.api.schemas.health import DemoQuery
from app.settings import Settings
from app.training.limits import check, check_samples
from app.training.request import TrainingRequest
from app.web.head import wants_no_content
from app.web.responses import BINARY, PNG, problems
from kohonen import Parameters
from kohonen.parameters import draw_seed
from kohonen.pictures.maps import draw_input_output, encode_png

__all__ = ["router"]

router = APIRouter(tags=["demo"])

FILENAME = "kohonen_som_input_output.png"
_DISPOSITION = {"Content-Disposition": f'inline; filename="{FILENAME}"'}

_ANSWER: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "The colours as a strip, with the map below: 400 by 420 pixels by default.",
            "content": {PNG: BINARY},
        },
        **problems(422, 503),
    },
}


# Decorators run from the last to the first.
@router.get("/kohonen", summary="The same demo", operation_id="demo_kohonen", **_ANSWER)
@router.get("/", summary="Demo: a map of random colours", operation_id="demo", **_ANSWER)
async def demo(
    request: Request,
    query: Annotated[DemoQuery, Query()],
    service: Service,
    settings: AppSettings,
    deadline: Deadline,
) -> Response:
    """Train a map on random colours, and draw it below a strip of the colours. Nothing is stored."""
    # Before the colours are generated, since they could fill the memory.
    check_samples(query.input_size, limits=settings, field="input_size")
    training = demo_request(query)
    if wants_no_content(request):
        return _headers_only(training, settings, deadline)
    outcome = await service.train(training, deadline=deadline)
    with outcome.timings.measure("draw"):
        content = await run_in_threadpool(
            lambda: encode_png(draw_input_output(training.samples, outcome.weights))
        )
    return Response(content, media_type=PNG, headers={**outcome_headers(outcome, request), **_DISPOSITION})


def _headers_only(training: TrainingRequest, settings: Settings, deadline: float) -> Response:
    """Answer HEAD without training: no picture, and none of the headers that need a trained map."""
    check(training, limits=settings, seconds=deadline - time.monotonic())
    answer = Response(media_type=PNG, headers={**_DISPOSITION, "Vary": "Accept"})
    del answer.headers["Content-Length"]  # that of GET is the size of the picture
    return answer


def demo_request(query: DemoQuery) -> TrainingRequest:
    """Return the training request of the demo; the seed determines its colours as well."""
    seed = draw_seed() if query.random_state is None else query.random_state
    colours = np.random.default_rng([seed, 1]).random((query.input_size, 3))
    parameters = Parameters(
        width=query.width, height=query.height, iterations=query.iterations, random_state=seed
    )
    return TrainingRequest(colours, parameters, persist=False, field="input_size")
