"""Entity tags and cache lifetimes of answers (RFC 9110, section 8.8; RFC 9111)."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Request, Response

from app.models import Card
from app.models.references import parse
from app.web.responses import root_path
from kohonen import __version__

__all__ = ["entity_tag", "is_current", "model_answer"]

#: For a model by its id or revision: it never changes.
IMMUTABLE = "max-age=31536000, immutable"
#: For a name, `latest` or `best`: it may refer to another model later.
NO_CACHE = "no-cache"


def model_answer(
    request: Request,
    ref: str | None,
    card: Card,
    determined_by: Sequence[Any],
    make: Callable[[], Response],
) -> Response:
    """Answer a GET about a model with the response of `make`, or with 304 if the client's copy is current.

    `ref` is the request's reference, or None for the served model, which a setting names. The answer depends
    on the model, the version of the service and `determined_by`.
    """
    tag = entity_tag(card.id, card.weights.sha256, *determined_by)
    reference = None if ref is None else parse(ref)
    moves = reference is None or reference.moves
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": NO_CACHE if moves else IMMUTABLE}
    if moves:
        headers["Kohonen-Model-Id"] = card.id
        headers["Link"] = f'<{root_path(request)}/models/{card.id}>; rel="canonical"'
    if is_current(request, tag):
        return Response(status_code=304, headers=headers)
    answer = make()
    if answer.status_code == 200:
        answer.headers.update(headers)
    return answer


def entity_tag(*determined_by: Any) -> str:
    """Return the entity tag of a representation: a hash of everything that determines it."""
    canonical = json.dumps([__version__, *determined_by], sort_keys=True)
    return f'"{hashlib.sha256(canonical.encode()).hexdigest()[:32]}"'


def is_current(request: Request, tag: str) -> bool:
    """Return whether the ``If-None-Match`` header of a request matches a tag, by weak comparison."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    tags = [part.strip().removeprefix("W/") for part in header.split(",")]
    return tag in tags or tags == ["*"]
