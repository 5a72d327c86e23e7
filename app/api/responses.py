"""Answers: pictures with their figures as headers, model cards with their links."""

from typing import Any

from fastapi import Request

from app.errors import AnswerTooLargeError
from app.models import Card, Revision
from app.settings import Settings
from app.timings import Timings
from app.training import Outcome

__all__ = [
    "CSV",
    "EXPOSED_HEADERS",
    "JSON",
    "PNG",
    "bounded",
    "card_document",
    "outcome_document",
    "outcome_headers",
    "problems",
    "root_path",
    "server_timing",
]

PNG = "image/png"
JSON = "application/json"
CSV = "text/csv"

#: Headers that a page of another origin may read.
EXPOSED_HEADERS = [
    "Kohonen-Model-Id",
    "Kohonen-Model-Revision",
    "Kohonen-Quantization-Error",
    "Kohonen-Topographic-Error",
    "Kohonen-Random-State",
    "Kohonen-Frames",
    "Kohonen-Scale",
    "Kohonen-Scaled-Down",
    "Kohonen-Iteration",
    "Server-Timing",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "X-Request-Id",
]

_PROBLEMS = {
    400: "The body is not JSON.",
    404: "There is no such model, no such unit of its map, or no such job.",
    406: "Nothing that the client accepts.",
    409: "The data that this needs are not kept with the model.",
    413: "The body is too large.",
    415: "The body is not declared as a media type that is understood.",
    422: "The request is not valid, or asks for more than is allowed.",
    500: "What is stored is damaged, or something unexpected happened.",
    503: "Too busy, out of time, or the store or the queue cannot be used.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe problems in the OpenAPI document."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _PROBLEMS[status], "content": content} for status in statuses}


def bounded(content: bytes, settings: Settings, *, remedy: str) -> bytes:
    """Return the content of an answer, or refuse it when it has more bytes than an answer may have."""
    most = settings.max_answer_bytes
    if most is not None and len(content) > most:
        raise AnswerTooLargeError(f"the answer is {len(content):,} bytes, and may have {most:,}: {remedy}")
    return content


def root_path(request: Request) -> str:
    """Return the prefix that the outside world puts before the app's paths."""
    prefix: str = request.scope.get("root_path", "")
    return prefix.rstrip("/")


def card_document(
    card: Card, request: Request, *, stored: bool = True, revision: Revision | None = None
) -> dict[str, Any]:
    """Return a card as JSON, with the links of the model when there is one to go to."""
    document = card.model_dump(mode="json")
    if revision is not None:
        document["revision"] = str(revision)
    if stored:
        models = f"{root_path(request)}/models"
        place = f"{models}/{card.id}"
        document["links"] = {
            "self": place,
            "image": f"{place}/image",
            "report": f"{place}/report",
            "clusters": f"{place}/clusters",
            "download": f"{place}/download",
            "predict": f"{place}/predict",
            "fit": f"{place}/fit",
        }
        if card.lineage is not None:
            document["links"]["parent"] = f"{models}/{card.lineage.parent}"
    return document


def outcome_document(outcome: Outcome, request: Request) -> dict[str, Any]:
    """Return the card of a model that has been trained as JSON."""
    return card_document(outcome.card, request, stored=outcome.stored, revision=outcome.revision)


def outcome_headers(outcome: Outcome, request: Request) -> dict[str, str]:
    """Return the figures of a training as headers."""
    card = outcome.card
    headers = {
        "Kohonen-Model-Id": card.id,
        "Kohonen-Quantization-Error": repr(card.quality.quantization_error),
        "Kohonen-Topographic-Error": repr(card.quality.topographic_error),
        "Kohonen-Random-State": str(card.parameters.random_state),
        "Server-Timing": server_timing(outcome.timings),
        "Vary": "Accept",
    }
    if outcome.revision is not None:
        headers["Kohonen-Model-Revision"] = str(outcome.revision)
    if outcome.created:
        headers["Location"] = f"{root_path(request)}/models/{card.id}"
    return headers


def server_timing(timings: Timings) -> str:
    """Return timings as the value of a Server-Timing header."""
    return ", ".join(f"{part};dur={1000 * seconds:.1f}" for part, seconds in timings.seconds.items())
