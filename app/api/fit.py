"""Going on from a stored model: a child of it."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api import body
from app.api.animation import negotiate
from app.api.dependencies import AppSettings, Deadline, ModelsOfStore, Service
from app.api.fit_schemas import FitBody, FitFields
from app.api.models import Ref
from app.api.negotiation import choose
from app.api.tables import CSV, CsvFields, read_rows
from app.api.training import ANSWERS, OFFERED, View, answer
from app.api.training_requests import ACCEPTED
from app.api.training_schemas import ModelFields
from app.models import Card
from app.settings import Settings
from app.training import TrainingRequest
from app.turns import turn_for
from app.web.responses import problems

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])

_EXAMPLES: dict[str, Any] = {
    "continue": {
        "summary": "A hundred iterations more, of the same schedule on the same data",
        "value": {"schedule": "continue", "iterations": 100},
    },
    "restart": {
        "summary": "New colours, with a schedule that starts again with a small radius",
        "value": {
            "colours": ["#264653", "#2a9d8f", "#e9c46a"],
            "schedule": "restart",
            "iterations": 200,
            "sigma": 3,
        },
    },
}


def _described() -> dict[str, Any]:
    """Return the OpenAPI description of the body."""
    made = body.describe(FitBody, _EXAMPLES)
    made["requestBody"]["content"][CSV] = {"schema": {"type": "string"}, "example": "0.2,0.5,0.8\n1,0,0\n"}
    return made


class FitQuery(CsvFields, FitFields, ModelFields):
    """How to go on, where the body is CSV; what a body of JSON says counts before the query."""

    model_config = ConfigDict(strict=False, extra="forbid", allow_inf_nan=False, defer_build=False)

    view: View = Field("map", description="The map alone, or with the colours as a strip above it.")

    def with_json(self, content: bytes) -> FitBody:
        """Return what is asked for with a body of JSON."""
        wanted = body.parse(content, FitBody)
        own = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        return body.validated({**self._given, **own}, FitBody) if self._given else wanted

    def with_csv(self, content: bytes, parent: Card, settings: Settings) -> FitBody:
        """Return what is asked for with a body of CSV: rows of the table that the model was trained on."""
        rows = read_rows(content, parent, self, settings=settings, most_rows=settings.max_samples)
        data = {"data": rows.tolist()} if isinstance(rows, np.ndarray) else {"columns": rows}
        return body.validated({**self._given, **data}, FitBody)

    @property
    def _given(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set & set(FitBody.model_fields)}


@router.post(
    "/{ref}/fit",
    summary="Go on training a model, as a child of it",
    operation_id="fit",
    status_code=201,
    response_class=Response,
    responses={**ANSWERS, **problems(400, 404, 406, 409, 413, 415, 422, 500, 503)},
    openapi_extra=_described(),
)
async def fit(
    request: Request,
    ref: Ref,
    models: ModelsOfStore,
    service: Service,
    deadline: Deadline,
    settings: AppSettings,
    query: Annotated[FitQuery, Query()],
) -> Response:
    """Train a new model that begins with the weights of this one, on its data or on others.

    Its card says which model it comes from. The model itself stays as it is. The data may come as CSV, as
    they do for a prediction; how to go on is in the query then.
    """
    accept = request.headers.get("accept")
    choose(accept, OFFERED)
    content = await body.read(request, accepted=ACCEPTED)

    def asked() -> TrainingRequest:
        parent = models.resolve(ref)
        with turn_for(len(content)):
            if body.media_type(request) == CSV:
                wanted = query.with_csv(content, parent, settings)
            else:
                wanted = query.with_json(content)
        return wanted.training_request(models, parent)

    media_type, training = negotiate(accept, await run_in_threadpool(asked))
    outcome = await service.train(training, deadline=deadline)
    return await answer(request, training, outcome, settings, media_type=media_type, view=query.view)
