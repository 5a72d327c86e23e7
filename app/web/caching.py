"""Entity tags, kept answers and cache lifetimes (RFC 9110, section 8.8; RFC 9111)."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from app.models import Card
from app.models.references import parse
from app.runtime import costs
from app.runtime.gate import Cost, Gate
from app.web.responses import root_path
from kohonen import __version__

__all__ = ["KeptAnswers", "entity_tag", "is_current", "model_answer"]

#: For a model by its id or revision: it never changes.
IMMUTABLE = "max-age=31536000, immutable"
#: For a name, `latest` or `best`: it may refer to another model later.
NO_CACHE = "no-cache"


class KeptAnswers:
    """Answers that took heavy work, by entity tag: the last ones, up to a number of bytes together."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[bytes, dict[str, str]]] = OrderedDict()

    def get(self, tag: str) -> Response | None:
        """Return a copy of an answer, if it is kept."""
        with self._lock:
            if tag not in self._answers:
                return None
            self._answers.move_to_end(tag)
            content, headers = self._answers[tag]
        return Response(content, headers=headers)

    def add(self, tag: str, answer: Response) -> None:
        """Keep an answer, unless it is a large part of all that may be kept."""
        content = bytes(answer.body)
        if len(content) > self._most // 4:
            return
        with self._lock:
            if tag not in self._answers:
                self._answers[tag] = content, dict(answer.headers)
                self._bytes += len(content)
            while self._bytes > self._most:
                _, (old, _) = self._answers.popitem(last=False)
                self._bytes -= len(old)


def model_answer(
    request: Request,
    ref: str | None,
    card: Card,
    determined_by: Sequence[Any],
    make: Callable[[], Response],
    cost: Cost | None = None,
) -> Response:
    """Answer a GET about a model with the response of `make`, or with 304 if the client's copy is current.

    `ref` is the request's reference, or None for the served model, which a setting names. The answer depends
    on the model, the version of the service and `determined_by`. Its `cost` is that of reading the weights by
    default; an answer that takes heavy work waits for admission, and is kept for a while.
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
    answer = _admitted(request, tag, make, cost or costs.answer(card.weights.shape))
    if answer.status_code == 200:
        answer.headers.update(headers)
    return answer


def _admitted(request: Request, tag: str, make: Callable[[], Response], cost: Cost) -> Response:
    """Return the response of `make`, or a kept one: others may have made it while this request waited."""
    if cost.is_small:
        return make()
    gate: Gate = request.app.state.gate
    kept: KeptAnswers = request.app.state.answers
    if (answer := kept.get(tag)) is not None:
        return answer
    with gate.admit("reading", cost) as place:
        if (answer := kept.get(tag)) is not None:
            return answer
        answer = make()
        if isinstance(answer, StreamingResponse):
            place.keep(place.bytes)
        else:
            place.keep(len(answer.body))
            if answer.status_code == 200:
                kept.add(tag, answer)
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
