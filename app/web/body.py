"""Request bodies: read up to a limit, parsed strictly, and described in the OpenAPI document."""

import json
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.errors import (
    BodyTooLargeError,
    FieldError,
    InvalidRequestError,
    MalformedBodyError,
    OverLimitError,
    UnsupportedMediaTypeError,
)
from app.problems import pointer
from app.runtime import costs
from app.runtime.gate import SMALL_BODY, Gate
from app.settings import Settings
from app.web.queries import unknown
from app.web.responses import BINARY, CSV, JSON, PICTURES

__all__ = [
    "charset",
    "check_size",
    "describe",
    "given",
    "media_type",
    "parse",
    "read",
    "reference",
    "turn",
    "validated",
]

#: Arrays, objects or values that are always accepted.
MANY = 200_000
_SEND_JSON = "JSON, with the header 'content-type: application/json'"
#: Bodies of more bytes are processed in a thread.
LARGE = 2**16

#: A text, with the colon after it if it is a key, or a brace.
_TOKENS = re.compile(rb'("(?:[^"\\]|\\.)*+")\s*(:)?|([{}])')

Model = TypeVar("Model", bound=BaseModel)


def media_type(request: Request) -> str:
    """Return the declared media type of a body."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def charset(request: Request) -> dict[str, str]:
    """Return the declared encoding of a body, as an option for reading CSV."""
    parameters = request.headers.get("content-type", "").split(";")[1:]
    named = (part.partition("=") for part in parameters)
    found = [value.strip(" \"'") for name, _, value in named if name.strip().lower() == "charset"]
    return {"encoding": found[0]} if found else {}


async def read(request: Request, *, accepted: Sequence[str] = (JSON,), samples: int | None = None) -> bytes:
    """Return the bytes of a body, counted as they arrive.

    `samples` is the number of samples that it may hold; by default the limit of a training in a request.

    Raises
    ------
    UnsupportedMediaTypeError
        When the declared media type is not accepted.
    BodyTooLargeError
        As soon as the body is over the limit of the settings.
    MalformedBodyError
        When the caller disconnects before the end of the body.
    OverLimitError
        When it holds far more than is allowed.
    """
    declared = media_type(request)
    if declared not in accepted:
        raise UnsupportedMediaTypeError(
            f"the media type of the body is {declared or 'missing'}: send "
            + (
                "JSON, with the header 'content-type: application/json'"
                if accepted[0] == JSON
                else accepted[0]
            )
            + "".join(f", or {other}" for other in accepted[1:])
        )
    settings: Settings = request.app.state.settings
    limit = settings.max_body_bytes
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BodyTooLargeError(f"the body has more than {limit:,} bytes, which is the limit")
    except ClientDisconnect as gone:  # for the log: the caller is gone
        raise MalformedBodyError("the caller disconnected before the end of the body") from gone

    def whole() -> bytes:
        content = bytes(body)
        if declared == JSON:
            check_size(content, settings, samples=settings.max_samples if samples is None else samples)
        return content

    # Copying and counting a large body would block the event loop.
    return await run_in_threadpool(whole) if len(body) > LARGE else whole()


def turn(request: Request, content: bytes) -> AbstractContextManager[object]:
    """Return the context manager for parsing a body: a large one waits its turn (`Gate.admit`)."""
    if len(content) <= SMALL_BODY:
        return nullcontext()
    gate: Gate = request.app.state.gate
    return gate.admit("parsing", costs.body(content, json=media_type(request) == JSON))


def check_size(content: bytes, settings: Settings, *, samples: int) -> None:
    """Refuse JSON that is far over the limits: parsing it would take a hundred times its size in memory.

    JSON slightly over the limits passes here, and is refused with an exact message later.
    """
    most = 2 * samples + MANY
    arrays = content.count(b"[")
    objects = content.count(b"{")
    # An array is a row or a column, and an object may be a row.
    longest = max(settings.max_dimension, samples, settings.max_job_samples)
    values = most + arrays * longest + objects * settings.max_dimension
    for what, there, allowed in (
        ("arrays", arrays, most),
        ("objects", objects, MANY),
        ("values", content.count(b","), values),
    ):
        if there > allowed:
            message = f"{there:,} {what} are over the limit for {samples:,} samples"
            raise OverLimitError([FieldError("", message)])


def parse(body: bytes, model: type[Model], query: dict[str, Any] | None = None) -> Model:
    """Return the value of a JSON body; the query provides fields that the body leaves out.

    `MalformedBodyError` is raised when the body is not JSON, otherwise errors as by `validated`.
    """
    try:
        value = model.model_validate_json(body)
    except ValidationError as error:
        raise _error_of(error, model) from error
    _check_keys(body)
    return validated({**query, **given(value)}, model) if query else value


def given(value: BaseModel) -> dict[str, Any]:
    """Return the fields of a value that were set, without defaults."""
    return {name: getattr(value, name) for name in value.model_fields_set}


def validated(values: dict[str, Any], model: type[Model], *, strict: bool | None = None) -> Model:
    """Return the value of a model with these fields; ``strict=False`` parses numbers and booleans from texts.

    `InvalidRequestError` lists the fields that do not fit the model, and the reasons.
    """
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        raise _error_of(error, model) from error


def _error_of(error: ValidationError, model: type[BaseModel]) -> MalformedBodyError | InvalidRequestError:
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    if wrong[0]["type"] == "json_invalid":
        return MalformedBodyError(wrong[0]["msg"])
    errors = []
    for one in wrong:
        message = one["msg"]
        if one["type"] == "extra_forbidden" and len(one["loc"]) == 1:
            message = unknown(str(one["loc"][0]), [*model.model_fields], "field")
        errors.append(FieldError(pointer(one["loc"]), message))
    return InvalidRequestError(errors)


def _check_keys(body: bytes) -> None:
    """Refuse JSON in which an object has a key twice: readers differ in which value they take."""
    objects: list[set[bytes]] = []
    for token in _TOKENS.finditer(body):
        text, colon, brace = token.groups()
        if brace == b"{":
            objects.append(set())
        elif brace:
            objects.pop()
        elif colon:
            key = json.dumps(json.loads(text)).encode() if b"\\" in text else text
            if key in objects[-1]:
                raise MalformedBodyError(f"the key {text.decode()[:100]} is repeated in an object")
            objects[-1].add(key)


def describe(
    model: type[BaseModel],
    examples: dict[str, Any],
    *,
    csv: str | None = None,
    fields: type[BaseModel] | None = None,
    pictures: bool = False,
) -> dict[str, Any]:
    """Return the OpenAPI description of a body, for a route that reads its body itself.

    Schemas are only referenced: building them is slow, and `openapi` does so when the document is requested.
    If the body may be CSV, `csv` is an example, and `fields` is the model of the fields in the query. These
    are described as one exploded object: each is sent by its name, but Swagger UI shows one input for all of
    them, and fills in no defaults. With `pictures`, the body may be a picture.
    """
    content: dict[str, Any] = {JSON: {"schema": {"$ref": reference(model)}, "examples": examples}}
    if csv is not None:
        content[CSV] = {"schema": {"type": "string"}, "example": csv}
    if pictures:
        content |= dict.fromkeys(PICTURES, BINARY)
    described: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    if fields is not None:
        described["parameters"] = [
            {
                "name": "fields",
                "in": "query",
                "style": "form",
                "explode": True,
                "description": "For CSV or a picture: the fields of the training, each by its name "
                "(`?width=30&height=20`). The fields of a JSON body take precedence.",
                "schema": {"$ref": reference(fields)},
                "example": {},
            }
        ]
    return described


def reference(model: type[BaseModel]) -> str:
    """Return the reference to the schema of a model in the OpenAPI document."""
    return f"#/components/schemas/{model.__name__}"
