"""Reports on stored models."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from app.api.caching import conditional, entity_tag
from app.api.dependencies import AppSettings, ModelsOfStore
from app.api.models import NOT_MODIFIED, Ref, moves
from app.api.negotiation import choose
from app.errors import AnswerTooLargeError, DataNotKeptError
from app.models import Card, Models
from app.settings import Settings
from app.web.responses import problems
from kohonen.report import report

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])

#: The page holds all that it shows, and no script.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@router.get(
    "/{ref}/report",
    summary="A report on a model, as a page",
    operation_id="model_report",
    response_class=HTMLResponse,
    responses={
        200: {"description": "One page that needs nothing else."},
        **NOT_MODIFIED,
        **problems(404, 406, 422, 500, 503),
    },
)
async def model_report(request: Request, ref: Ref, models: ModelsOfStore, settings: AppSettings) -> Response:
    """Tell all of a model on one page: quality and its history, advice, every view, clusters, parameters."""
    choose(request.headers.get("accept"), ["text/html"])

    def work() -> Response:
        card = models.resolve(ref)
        tag = entity_tag(card.id, card.weights.sha256, card.created_at.isoformat(), "report")
        return conditional(request, tag, card, lambda: _page(models, card, settings), moves=moves(ref))

    return await run_in_threadpool(work)


def _page(models: Models, card: Card, settings: Settings) -> Response:
    try:
        samples = models.samples(card)
    except DataNotKeptError:
        samples = None
    content = report(card.model_dump(mode="json"), models.weights(card), samples).encode()
    most = settings.max_answer_bytes
    if most is not None and len(content) > most:
        raise AnswerTooLargeError(
            f"the report is {len(content):,} bytes, and an answer has {most:,} at most: ask for the pictures "
            "one by one"
        )
    return Response(content, media_type="text/html", headers={"Content-Security-Policy": POLICY})
