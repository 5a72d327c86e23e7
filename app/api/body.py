"""JSON bodies: read up to a limit, parsed strictly, and described in the OpenAPI document."""

from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.errors import (
    BodyTooLargeError,
    FieldError,
    InvalidRequestError,
    MalformedBodyError,
    UnsupportedMediaTypeError,
    pointer,
)

__all__ = ["describe", "media_type", "parse", "read"]

JSON = "application/json"

Model = TypeVar("Model", bound=BaseModel)


def media_type(request: Request) -> str:
    """Return the media type that a body is declared as."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read(request: Request, *, accepted: Sequence[str] = (JSON,)) -> bytes:
    """Return the bytes of a body, counted while they arrive.

    Raises
    ------
    UnsupportedMediaTypeError
        When the body is not declared as one of the media types that are accepted.
    BodyTooLargeError
        As soon as it is larger than the settings allow.
    """
    declared = media_type(request)
    if declared not in accepted:
        raise UnsupportedMediaTypeError(
            f"the body is {declared or 'of no declared type'}: send JSON, with the header "
            "'content-type: application/json'" + "".join(f", or {other}" for other in accepted[1:])
        )
    limit: int = request.app.state.settings.max_body_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLargeError(f"the body has more than {limit:,} bytes, which is the limit")
    return bytes(body)


def parse(body: bytes, model: type[Model]) -> Model:
    """Return the value that a body holds.

    Raises
    ------
    MalformedBodyError
        When it is not JSON.
    InvalidRequestError
        When it does not fit the model; says where, and why.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
    if wrong[0]["type"] == "json_invalid":
        raise MalformedBodyError(wrong[0]["msg"])
    raise InvalidRequestError([FieldError(pointer(one["loc"]), one["msg"]) for one in wrong])


def describe(model: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a body, for a route that reads it by itself."""
    content = {JSON: {"schema": model.model_json_schema(), "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}
