"""Answers that are drawn or computed from a stored model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import Request, Response

from app.api.caching import conditional
from app.errors import AnswerTooLargeError
from app.models import Card, Models
from app.settings import Settings

__all__ = ["Drawing", "model_answer"]


class Drawing(NamedTuple):
    """What is to be drawn of a model.

    Attributes
    ----------
    draw : callable
        Returns the content; it is called only if the client has no copy.
    media_type : str
        The media type of that.
    determined_by : sequence
        What else than the model the content depends on.
    remedy : str
        How to ask for less, when the content is too large for an answer.
    headers : mapping
        Headers besides those of every answer about a model.
    """

    draw: Callable[[], bytes]
    media_type: str
    determined_by: Sequence[Any]
    remedy: str
    headers: Mapping[str, str] | None = None


def model_answer(
    request: Request, ref: str, models: Models, settings: Settings, plan: Callable[[Card], Drawing]
) -> Response:
    """Answer with what is drawn of the model that a reference means.

    The plan says of the model's card what is to be drawn, or refuses to.

    Raises
    ------
    ModelNotFoundError
        When there is no such model.
    AnswerTooLargeError
        When the content has more bytes than an answer may have.
    """
    card = models.resolve(ref)
    drawing = plan(card)

    def make() -> Response:
        content = drawing.draw()
        most = settings.max_answer_bytes
        if most is not None and len(content) > most:
            raise AnswerTooLargeError(
                f"the answer is {len(content):,} bytes, and may have {most:,}: {drawing.remedy}"
            )
        return Response(content, media_type=drawing.media_type, headers=drawing.headers)

    return conditional(request, ref, card, drawing.determined_by, make)
