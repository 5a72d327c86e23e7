"""The demo: a map of random or of given colours from one GET request."""

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
from app.web.caching import entity_tag, is_current
from app.web.head import wants_no_content
from app.web.responses import BINARY, PNG, problems
from kohonen import Parameters
from kohonen.colour.spaces import Space, TrainingSpace
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.colours import parse_colours, split_colours
from kohonen.parameters import draw_seed
from kohonen.pictures.maps import draw_input_output, encode_png

__all__ = ["router"]

router = APIRouter(tags=["demo"])

FILENAME = "kohonen_som_input_output.png"
_DISPOSITION = {"Content-Disposition": f'inline; filename="{FILENAME}"'}

_CACHED = "max-age=86400"
#: Moves grey to the middle of the random initial weights.
_CENTRE = np.array([0.0, 0.5, 0.5])

_ANSWER: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "The colours as a strip, with the map below: 400 by 420 pixels by default.",
            "content": {PNG: BINARY},
        },
        304: {"description": "The client's copy is current."},
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
    """Train a map on random or on given colours, and draw it below a strip of them. Nothing is stored.

    The address of a picture with a `random_state` is that picture for ever: it may stand in a page, and be
    cached.
    """
    # Before the colours are generated, since they could fill the memory.
    check_samples(query.input_size, limits=settings, field="input_size")
    training = demo_request(query)
    headers = {**_DISPOSITION, "Vary": "Accept", "ETag": entity_tag(training.id, query.space)}
    if query.random_state is not None:
        headers["Cache-Control"] = _CACHED if settings.api_keys else f"public, {_CACHED}"
    if is_current(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if wants_no_content(request):
        return _headers_only(training, settings, deadline, headers)
    outcome = await service.train(training, deadline=deadline)
    with outcome.timings.measure("draw"):
        content = await run_in_threadpool(_draw, training.samples, outcome.weights, query.space)
    return Response(content, media_type=PNG, headers={**outcome_headers(outcome, request), **headers})


def _headers_only(
    training: TrainingRequest, settings: Settings, deadline: float, headers: dict[str, str]
) -> Response:
    """Answer HEAD without training: no picture, and none of the headers that need a trained map."""
    check(training, limits=settings, seconds=deadline - time.monotonic())
    answer = Response(media_type=PNG, headers=headers)
    del answer.headers["Content-Length"]  # that of GET is the size of the picture
    return answer


def _draw(samples: FloatArray, weights: FloatArray, space: Space) -> bytes:
    """Draw colours and their map as a PNG, given in the space of the training."""
    if space == "oklab":
        samples, weights = (
            TrainingSpace(space).to_srgb((values - _CENTRE).reshape(-1, 3)).reshape(values.shape)
            for values in (samples, weights)
        )
    return encode_png(draw_input_output(samples, weights))


def demo_request(query: DemoQuery) -> TrainingRequest:
    """Return the training request of the demo; the seed determines its random colours as well."""
    seed = draw_seed() if query.random_state is None else query.random_state
    if query.colours is None:
        colours, field = np.random.default_rng([seed, 1]).random((query.input_size, 3)), "input_size"
    else:
        colours, field = parse_colours(split_colours(query.colours)), "colours"
    if query.space == "oklab":
        colours = TrainingSpace(query.space).of_srgb(colours) + _CENTRE
    parameters = Parameters(
        width=query.width, height=query.height, iterations=query.iterations, random_state=seed
    )
    return TrainingRequest(colours, parameters, persist=False, field=field)
