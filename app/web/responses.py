"""Parts of answers: media types, documented problems and the prefix of links."""

from typing import Any

from fastapi import Request

from app.errors import AnswerTooLargeError
from app.settings import Settings

__all__ = ["CSV", "JSON", "PNG", "bounded", "problems", "root_path"]

PNG = "image/png"
JSON = "application/json"
CSV = "text/csv"

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
    """Return the content of an answer, or refuse it when it is larger than an answer may be.

    Raises
    ------
    AnswerTooLargeError
        When it has more bytes than the setting `max_answer_bytes` allows.
    """
    most = settings.max_answer_bytes
    if most is not None and len(content) > most:
        raise AnswerTooLargeError(f"the answer is {len(content):,} bytes, and may have {most:,}: {remedy}")
    return content


def root_path(request: Request) -> str:
    """Return the prefix that the outside world puts before the app's paths."""
    prefix: str = request.scope.get("root_path", "")
    return prefix.rstrip("/")
