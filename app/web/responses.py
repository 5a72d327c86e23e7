"""Parts of answers: media types, documented problems, size limits and the prefix of links."""

from typing import Any

from fastapi import Request

from app.errors import AnswerTooLargeError
from app.settings import Settings

__all__ = [
    "BINARY",
    "CSV",
    "JSON",
    "PICTURES",
    "PNG",
    "PROBLEM",
    "bounded",
    "headers",
    "problems",
    "root_path",
]

PNG = "image/png"
JSON = "application/json"
CSV = "text/csv"
#: Media types of pictures in requests.
PICTURES = (PNG, "image/jpeg", "image/webp")
#: The descriptions of a problem detail and of a binary answer in the OpenAPI document.
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

_PROBLEMS = {
    400: "The body is not JSON.",
    404: "The model, the unit of its map, or the job does not exist.",
    408: "The body did not arrive in time.",
    406: "No representation matches the Accept header.",
    409: "The data that this call needs are not stored.",
    413: "The body is too large.",
    415: "The media type of the body is missing or not supported.",
    422: "The request is not valid, or is over a limit.",
    500: "A stored object is damaged, or an unexpected error occurred.",
    507: "The store is full.",
    503: "The service is too busy or ran out of time, or the store or the queue cannot be used.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of problems for the OpenAPI document; with 413, 408 is one."""
    if 413 in statuses:
        statuses = tuple(sorted((*statuses, 408)))
    return {status: {"description": _PROBLEMS[status], "content": PROBLEM} for status in statuses}


def headers(kind: str = "string", **descriptions: str) -> dict[str, Any]:
    """Return the descriptions of headers of a type for the OpenAPI document."""
    return {
        name.replace("_", "-"): {"description": description, "schema": {"type": kind}}
        for name, description in descriptions.items()
    }


def bounded(content: bytes, settings: Settings, *, remedy: str) -> bytes:
    """Return the content of an answer; raise `AnswerTooLargeError` if it is over the size limit."""
    most = settings.max_answer_bytes
    if most is not None and len(content) > most:
        raise AnswerTooLargeError(
            f"the answer has {len(content):,} bytes, over the limit of {most:,}: {remedy}"
        )
    return content


def root_path(request: Request) -> str:
    """Return the prefix of the app's paths in public URLs."""
    prefix: str = request.scope.get("root_path", "")
    return prefix.rstrip("/")
