"""Routes of the served model: short forms of the calls for any model."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import AppSettings, Deadline, HeavyWork, ModelsOfStore
from app.api.models import X, Y, card_answer, unit_answer
from app.api.predictions import DESCRIBED, predict, samples_for
from app.api.schemas.models import Prediction, UnitWeights, Vector
from app.api.schemas.tables import RowsQuery
from app.models import Card
from app.predictions import answers_of
from app.runtime import costs
from app.web import body
from app.web.responses import problems

__all__ = ["router"]

router = APIRouter(tags=["served model"])

_ONE: dict[str, Any] = {"one": {"summary": "A colour", "value": {"data": [0.2, 0.5, 0.8]}}}


@router.get(
    "/model-info",
    summary="The card of the served model",
    operation_id="model_info",
    response_model=Card,
    responses=problems(404, 500, 503),
)
def model_info(request: Request, models: ModelsOfStore, settings: AppSettings) -> Response:
    """Return the card of the served model, which the setting `SOM_SERVED_MODEL` selects."""
    return card_answer(request, None, models.resolve(settings.served_model))


@router.post(
    "/predict-bmu",
    summary="The best matching unit of one vector",
    operation_id="predict_bmu",
    response_model=Prediction,
    response_model_exclude_none=True,
    responses=problems(400, 404, 413, 415, 422, 500, 503),
    openapi_extra=body.describe(Vector, _ONE),
)
async def predict_bmu(
    request: Request, models: ModelsOfStore, settings: AppSettings, deadline: Deadline, gate: HeavyWork
) -> Prediction:
    """Find the best matching unit of a vector on the served model's map."""
    content = await body.read(request)

    def predict_one() -> Prediction:
        vector = body.parse(content, Vector).data
        card = models.resolve(settings.served_model)
        samples = samples_for(card, [vector], settings, deadline)
        with gate.admit("reading", costs.prediction(card.weights.shape, vectors=1)):
            answers = answers_of(models, card, None)
            found = next(answers.find(samples))
        about = found.about[found.units[0]]
        labels = answers.labels_in(about) or None
        return Prediction(bmu_x=about[0], bmu_y=about[1], distance=found.distances[0], labels=labels)

    return await run_in_threadpool(predict_one)


@router.post(
    "/predict-batch",
    summary="The best matching units of vectors",
    operation_id="predict_batch",
    **DESCRIBED,
)
async def predict_batch(
    request: Request,
    models: ModelsOfStore,
    settings: AppSettings,
    deadline: Deadline,
    query: Annotated[RowsQuery, Query()],
) -> Response:
    """Find the best matching unit of each vector on the served model's map."""
    return await predict(request, settings.served_model, models, settings, deadline, query)


@router.get(
    "/weights/{x}/{y}",
    summary="The weights of a unit of the served model",
    operation_id="served_unit_weights",
    response_model=UnitWeights,
    responses=problems(404, 422, 500, 503),
)
def served_unit_weights(
    request: Request, x: X, y: Y, models: ModelsOfStore, settings: AppSettings
) -> Response:
    """Return the weights of one unit; x runs to the right and y downwards, both from 0."""
    card = models.resolve(settings.served_model)
    return unit_answer(request, None, models, card, x, y)
