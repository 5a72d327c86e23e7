"""JSON bodies: read up to a limit, parsed strictly, and described in the OpenAPI document."""

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

__all__ = ["describe", "parse", "read"]

Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request) -> bytes:
    """Return the bytes of a JSON body, counted while they arrive.

    Raises
    ------
    UnsupportedMediaTypeError
        When the body is not declared as JSON.
    BodyTooLargeError
        As soon as it is larger than the settings allow.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaTypeError(
            f"the body is {media_type or 'of no declared type'}: send JSON, with the header "
            "'content-type: application/json'"
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
    media_type = {"schema": model.model_json_schema(), "examples": examples}
    return {"requestBody": {"required": True, "content": {"application/json": media_type}}}
