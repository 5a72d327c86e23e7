"""Continued training of stored models."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.animated import negotiate
from app.api.dependencies import AppSettings, Deadline, HeavyWork, ModelsOfStore, Service
from app.api.models import Ref
from app.api.schemas.continue_training import FitBody, FitFields
from app.api.schemas.tables import read_rows
from app.api.schemas.training_input import ACCEPTED, FieldsQuery, View
from app.api.training import ANSWERS, OFFERED, answer
from app.runtime import costs
from app.training import limits
from app.training.request import TrainingRequest
from app.web import body
from app.web.negotiation import choose
from app.web.responses import CSV, problems

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])

_EXAMPLES: dict[str, Any] = {
    "continue": {
        "summary": "A hundred more iterations of the same schedule on the same data",
        "value": {"schedule": "continue", "iterations": 100},
    },
    "restart": {
        "summary": "New colours, with a schedule that restarts with a small radius",
        "value": {
            "colours": ["#264653", "#2a9d8f", "#e9c46a"],
            "schedule": "restart",
            "iterations": 200,
            "sigma": 3,
        },
    },
}


class FitQuery(FieldsQuery):
    """The query of a request to continue a training."""

    view: View = "map"


@router.post(
    "/{ref}/fit",
    summary="Continue the training of a model, as a new model",
    operation_id="fit",
    status_code=201,
    response_class=Response,
    responses={**ANSWERS, **problems(400, 404, 406, 409, 413, 415, 422, 500, 503, 507)},
    openapi_extra=body.describe(FitBody, _EXAMPLES, csv="0.2,0.5,0.8\n1,0,0\n", fields=FitFields),
)
async def fit(
    request: Request,
    ref: Ref,
    models: ModelsOfStore,
    service: Service,
    deadline: Deadline,
    settings: AppSettings,
    gate: HeavyWork,
    query: Annotated[FitQuery, Query()],
) -> Response:
    """Train a new model that starts with the weights of this one, on the same data or on new data.

    The card of the new model names its parent, which does not change. The data may be CSV, as for a
    prediction; the other fields are then in the query.
    """
    accept = request.headers.get("accept")
    fields = query.fields(FitFields)
    choose(accept, OFFERED)
    content = await body.read(request, accepted=ACCEPTED)

    def asked() -> TrainingRequest:
        parent = models.resolve(ref)
        with body.turn(request, content):
            if body.media_type(request) == CSV:
                rows = read_rows(
                    content,
                    parent,
                    query.dialect(),
                    settings=settings,
                    most_rows=limits.most_rows(settings),
                    sample_weight=fields.get("sample_weight"),
                )
                data = {"data": rows.tolist()} if isinstance(rows, np.ndarray) else {"columns": rows}
                wanted = body.validated({**fields, **data}, FitBody)
            else:
                wanted = body.parse(content, FitBody, fields)
        # The weights of the parent are read before the training is admitted.
        shape = parent.weights.shape
        cost = costs.training(shape, samples=parent.data.samples + len(content) // (2 * shape[2]))
        with gate.admit("reading", cost) as place:
            place.keep(place.bytes)
            return wanted.training_request(models, parent)

    media_type, training = negotiate(accept, await run_in_threadpool(asked))
    outcome = await service.train(training, deadline=deadline)
    return await answer(request, training, outcome, settings, media_type=media_type, view=query.view)
