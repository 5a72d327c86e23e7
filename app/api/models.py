"""Stored models."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import AppSettings, ModelsOfStore
from app.api.examples import EXAMPLE_ID
from app.api.responses import card_document, problems
from app.errors import AnswerTooLargeError
from app.models import Card, weights_filename

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])

ModelId = Annotated[
    str,
    Path(
        description="The model's id, as `POST /train` told it.",
        openapi_examples={"first": {"value": EXAMPLE_ID}},
    ),
]

NPY = "application/octet-stream"
#: How long a link to the store is good for.
LINK_SECONDS = 300


@router.get(
    "/{model_id}",
    summary="The card of a model",
    operation_id="get_model",
    response_model=Card,
    responses=problems(404, 500, 503),
)
def get_model(request: Request, model_id: ModelId, models: ModelsOfStore) -> Response:
    """Tell what there is to say about a model: parameters, quality, data, timing and links."""
    return JSONResponse(card_document(models.card(model_id), request))


@router.get(
    "/{model_id}/download",
    summary="The weights of a model",
    operation_id="download_model",
    response_class=Response,
    responses={
        200: {
            "description": "The weights as .npy: float64 of shape (width, height, dimension).",
            "content": {NPY: {"schema": {"type": "string", "format": "binary"}}},
        },
        303: {"description": "Where the weights are, since they are too large for this answer."},
        **problems(404, 422, 500, 503),
    },
)
async def download_model(model_id: ModelId, models: ModelsOfStore, settings: AppSettings) -> Response:
    """Send the weights as a file for `numpy.load`."""
    return await run_in_threadpool(_download, model_id, models, settings)


def _download(model_id: str, models: ModelsOfStore, settings: AppSettings) -> Response:
    card = models.card(model_id)
    limit = settings.max_answer_bytes
    if limit is not None and card.weights.bytes > limit:
        link = models.weights_link(card, seconds=LINK_SECONDS)
        if link is None:
            raise AnswerTooLargeError(
                f"the weights are {card.weights.bytes:,} bytes, and an answer has {limit:,} at most; "
                "the store has no links to hand out"
            )
        return RedirectResponse(link, status_code=303)
    headers = {"Content-Disposition": f'attachment; filename="{weights_filename(card)}"'}
    return Response(models.weights_file(card), media_type=NPY, headers=headers)
