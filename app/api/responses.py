"""Parts of answers about models: headers with metrics, and cards with links."""

from typing import Any

from fastapi import Request

from app.models import Card, Revision
from app.training.service import Outcome
from app.web.responses import root_path

__all__ = ["EXPOSED_HEADERS", "card_document", "outcome_headers"]

#: Headers that pages of other origins may read (CORS).
EXPOSED_HEADERS = [
    "Kohonen-Model-Id",
    "Kohonen-Model-Revision",
    "Kohonen-Notes",
    "Kohonen-Quantization-Error",
    "Kohonen-Topographic-Error",
    "Kohonen-Random-State",
    "Kohonen-Frames",
    "Kohonen-Scale",
    "Kohonen-Scaled-Down",
    "Kohonen-Iteration",
    "Kohonen-Psnr",
    "Kohonen-Colour-Difference",
    "Kohonen-Colours",
    "Kohonen-Bytes-Before",
    "Kohonen-Bytes-After",
    "Kohonen-Larger",
    "Kohonen-Notes",
    "Server-Timing",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "X-Request-Id",
]


def card_document(
    card: Card, request: Request, *, stored: bool = True, revision: Revision | None = None
) -> dict[str, Any]:
    """Return a card as JSON, with the links of the model if it is stored."""
    document = card.to_dict()
    if revision is not None:
        document["revision"] = str(revision)
    if stored:
        models = f"{root_path(request)}/models"
        place = f"{models}/{card.id}"
        calls = ("image", "report", "clusters", "download", "predict", "fit")
        document["links"] = {"self": place, **{call: f"{place}/{call}" for call in calls}}
        if card.lineage is not None:
            document["links"]["parent"] = f"{models}/{card.lineage.parent}"
    return document


def outcome_headers(outcome: Outcome, request: Request) -> dict[str, str]:
    """Return the id, metrics, seed and timings of a training as headers."""
    card = outcome.card
    headers = {
        "Kohonen-Model-Id": card.id,
        "Kohonen-Quantization-Error": repr(card.quality.quantization_error),
        "Kohonen-Topographic-Error": repr(card.quality.topographic_error),
        "Kohonen-Random-State": str(card.parameters.random_state),
        "Server-Timing": outcome.timings.header,
        "Vary": "Accept",
    }
    if outcome.revision is not None:
        headers["Kohonen-Model-Revision"] = str(outcome.revision)
    if outcome.created:
        headers["Location"] = f"{root_path(request)}/models/{card.id}"
    return headers
