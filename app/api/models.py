"""Routes of stored models: list, card, download, weights and deletion."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from app.api.dependencies import AppSettings, HeavyWork, ModelsOfStore
from app.api.downloads import download
from app.api.responses import card_document
from app.api.schemas.examples import EXAMPLE_ID
from app.api.schemas.models import ModelList, UnitWeights
from app.api.schemas.training import Name
from app.errors import FieldError, InvalidRequestError, UnitNotFoundError
from app.models import Card, Models, StoredCard
from app.models.downloads import Format
from app.models.references import FORMS
from app.runtime import costs
from app.web.caching import model_answer
from app.web.responses import BINARY, problems
from kohonen.analysis.metrics import METRICS

__all__ = ["NOT_MODIFIED", "Ref", "X", "Y", "card_answer", "router", "unit_answer"]

router = APIRouter(prefix="/models", tags=["models"])

Ref = Annotated[
    str,
    Path(description=f"The model: {FORMS}.", openapi_examples={"first": {"value": EXAMPLE_ID}}),
]
X = Annotated[int, Path(description="The unit's column, from 0.", examples=[15])]
Y = Annotated[int, Path(description="The unit's row, from 0.", examples=[10])]

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The client's copy is current."}}


@router.get(
    "",
    summary="List models",
    operation_id="list_models",
    response_model=ModelList,
    responses=problems(422, 503),
)
def list_models(
    request: Request,
    models: ModelsOfStore,
    max_results: Annotated[int, Query(ge=1, le=100, description="Maximum number of models of a page.")] = 10,
    cursor: Annotated[
        str | None, Query(max_length=300, description="`next_cursor` of the previous page.")
    ] = None,
    name: Annotated[Name | None, Query(description="List only the revisions of this name.")] = None,
    sort: Annotated[
        Literal["quantization_error", "topographic_error", "explained_variance", "unused_units"] | None,
        Query(description="Metric to sort by, the best first; by default the newest come first."),
    ] = None,
    order: Annotated[
        Literal["ascending", "descending"] | None,
        Query(description="The order of the values of `sort`; by default the best come first."),
    ] = None,
) -> ModelList:
    """List models: the newest first, or by a metric."""
    if sort is None and order is not None:
        raise InvalidRequestError([FieldError("/order", "'order' needs 'sort', which names the metric")])
    metric = None if sort is None else METRICS[sort]
    if metric is not None and order is not None:
        metric = metric._replace(ascending=order == "ascending")
    try:
        page = models.listing.page(size=max_results, cursor=cursor, name=name, order=metric)
    except ValueError as error:
        raise InvalidRequestError([FieldError("/cursor", str(error))]) from error
    return ModelList.of(page, request, name)


@router.get(
    "/{ref}",
    summary="The card of a model",
    operation_id="get_model",
    response_model=Card,
    responses={**NOT_MODIFIED, **problems(404, 500, 503)},
)
def get_model(request: Request, ref: Ref, models: ModelsOfStore) -> Response:
    """Return the card of a model: parameters, quality, data, timing and links."""
    return card_answer(request, ref, models.resolve(ref))


def card_answer(request: Request, ref: str | None, card: Card) -> Response:
    """Answer with a model's card."""
    document = card_document(card, request)
    return model_answer(request, ref, card, [document], lambda: JSONResponse(document))


@router.delete(
    "/{ref}",
    summary="Delete a model",
    operation_id="delete_model",
    status_code=204,
    response_class=Response,
    responses=problems(404, 422, 503),
)
def delete_model(ref: Ref, models: ModelsOfStore) -> Response:
    """Delete a model and its revisions. `ref` is an id or a revision such as `name@3`."""
    try:
        models.delete(models.removable_id(ref))
    except ValueError as error:
        raise InvalidRequestError([FieldError("/ref", str(error))]) from error
    return Response(status_code=204)


@router.get(
    "/{ref}/download",
    summary="The weights of a model",
    operation_id="download_model",
    response_class=Response,
    responses={
        200: {
            "description": "The weights: float64 of shape (width, height, dimension).",
            "content": {
                "application/octet-stream": BINARY,
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        },
        303: {"description": "A redirect to the store, for weights that are too large for an answer."},
        **NOT_MODIFIED,
        **problems(404, 422, 500, 503),
    },
)
def download_model(
    request: Request,
    ref: Ref,
    models: ModelsOfStore,
    settings: AppSettings,
    gate: HeavyWork,
    form: Annotated[
        Format,
        Query(
            alias="format",
            description="npy or npz (with the card) for `numpy.load`, json, or csv: one row per unit.",
        ),
    ] = "npy",
) -> Response:
    """Return the weights as a file."""
    card = models.resolve(ref)
    return model_answer(
        request,
        ref,
        card,
        [card.created_at.isoformat(), form],
        lambda: download(models, card, form, most_bytes=settings.max_answer_bytes, gate=gate),
        costs.download(card.weights.shape, form, streamed=settings.max_answer_bytes is None),
    )


@router.get(
    "/{ref}/weights/{x}/{y}",
    summary="The weights of a unit",
    operation_id="unit_weights",
    response_model=UnitWeights,
    responses={**NOT_MODIFIED, **problems(404, 422, 500, 503)},
)
def unit_weights(request: Request, ref: Ref, x: X, y: Y, models: ModelsOfStore) -> Response:
    """Return the weights of one unit; x runs to the right and y downwards, both from 0."""
    return unit_answer(request, ref, models, models.resolve(ref), x, y)


def unit_answer(
    request: Request, ref: str | None, models: Models, card: StoredCard, x: int, y: int
) -> Response:
    """Answer with the weights of a unit."""
    width, height, _ = card.weights.shape
    if not (0 <= x < width and 0 <= y < height):
        raise UnitNotFoundError(
            f"there is no unit at x={x}, y={y}: the map of model {card.id} has x from 0 to "
            f"{width - 1} and y from 0 to {height - 1}"
        )

    def answer() -> Response:
        weights = models.weights(card)[x, y].tolist()
        return JSONResponse({"coordinates": {"x": x, "y": y}, "weights": weights})

    return model_answer(request, ref, card, [x, y], answer)
