"""Reports on stored models."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.api.dependencies import AppSettings, ModelsOfStore
from app.api.models import NOT_MODIFIED, Ref
from app.errors import DataNotKeptError
from app.runtime import costs
from app.web.caching import model_answer
from app.web.negotiation import choose
from app.web.responses import bounded, problems
from kohonen.report.page import report

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])

#: The page embeds all its pictures and styles, and has no scripts.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@router.get(
    "/{ref}/report",
    summary="A report on a model, as an HTML page",
    operation_id="model_report",
    response_class=HTMLResponse,
    responses={
        200: {"description": "A self-contained page."},
        **NOT_MODIFIED,
        **problems(404, 406, 422, 500, 503),
    },
)
def model_report(request: Request, ref: Ref, models: ModelsOfStore, settings: AppSettings) -> Response:
    """Report on a model: quality and its history, advice, all views, clusters and parameters."""
    choose(request.headers.get("accept"), ["text/html"])
    card = models.resolve(ref)

    def page() -> Response:
        try:
            samples = models.samples(card)
        except DataNotKeptError:
            samples = None
        annotations = models.annotations(card)
        content = report(card.to_dict(), models.weights(card), samples, annotations).encode()
        content = bounded(content, settings, remedy="use /image for single pictures instead")
        return Response(content, media_type="text/html", headers={"Content-Security-Policy": POLICY})

    cost = costs.report(card.weights.shape, samples=card.data.samples if card.data.kept else 0)
    return model_answer(request, ref, card, [card.created_at.isoformat(), "report"], page, cost)
