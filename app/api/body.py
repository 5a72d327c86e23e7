"""JSON bodies: read up to a limit, parsed strictly, and described in the OpenAPI document."""

from collections.abc import Sequence
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
from app.settings import Settings
from app.web.responses import CSV, JSON

__all__ = ["check_size", "describe", "given", "media_type", "parse", "read", "reference", "validated"]

#: So many arrays, objects and values do no harm.
MANY = 200_000
#: From so many bytes on a body is looked at in a thread.
LARGE = 2**16

Model = TypeVar("Model", bound=BaseModel)


def media_type(request: Request) -> str:
    """Return the media type that a body is declared as."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read(request: Request, *, accepted: Sequence[str] = (JSON,), samples: int | None = None) -> bytes:
    """Return the bytes of a body, counted while they arrive.

    Parameters
    ----------
    request : Request
        The request.
    accepted : sequence of str
        Media types of which it may be; JSON alone by default.
    samples : int, optional
        How many samples it may hold; those of a training in a request by default.

    Raises
    ------
    UnsupportedMediaTypeError
        When the body is not declared as one of the media types that are accepted.
    BodyTooLargeError
        As soon as it is larger than the settings allow.
    MalformedBodyError
        When the caller hangs up in the middle of it.
    OverLimitError
        When it holds far more than it may.
    """
    declared = media_type(request)
    if declared not in accepted:
        raise UnsupportedMediaTypeError(
            f"the body is {declared or 'of no declared type'}: send JSON, with the header "
            "'content-type: application/json'" + "".join(f", or {other}" for other in accepted[1:])
        )
    settings: Settings = request.app.state.settings
    limit = settings.max_body_bytes
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BodyTooLargeError(f"the body has more than {limit:,} bytes, which is the limit")
    except ClientDisconnect as gone:  # nobody hears this, but the log has it
        raise MalformedBodyError("the caller hung up before the body was there") from gone

    def whole() -> bytes:
        content = bytes(body)
        if declared == JSON:
            check_size(content, settings, samples=settings.max_samples if samples is None else samples)
        return content

    # To copy and to count what is large takes longer than the event loop may be kept.
    return await run_in_threadpool(whole) if len(body) > LARGE else whole()


def check_size(content: bytes, settings: Settings, *, samples: int) -> None:
    """Refuse JSON that must be over the limits: parsed it would take a hundred times its size in memory.

    What is a little over them passes here, and is told exactly what is wrong later.

    Parameters
    ----------
    content : bytes
        The JSON.
    settings : Settings
        The limits.
    samples : int
        How many samples a request may have.

    Raises
    ------
    OverLimitError
        When it has far more arrays, objects or values.
    """
    most = 2 * samples + MANY
    arrays = content.count(b"[")
    objects = content.count(b"{")
    # An array is a row or a column, and an object may be a row.
    values = most + arrays * max(settings.max_dimension, samples) + objects * settings.max_dimension
    for what, there, allowed in (
        ("arrays", arrays, most),
        ("objects", objects, MANY),
        ("values", content.count(b","), values),
    ):
        if there > allowed:
            message = f"{there:,} {what} are far more than {samples:,} samples may have"
            raise OverLimitError([FieldError("", message)])


def parse(body: bytes, model: type[Model], query: dict[str, Any] | None = None) -> Model:
    """Return the value that a body of JSON holds; the query has fields that the body leaves out.

    Raises
    ------
    MalformedBodyError
        When it is not JSON.
    InvalidRequestError
        When it does not fit the model; says where, and why.
    """
    try:
        value = model.model_validate_json(body)
    except ValidationError as error:
        raise _told(error) from error
    return validated({**query, **given(value)}, model) if query else value


def given(value: BaseModel) -> dict[str, Any]:
    """Return the fields of a value that were given, without defaults."""
    return {name: getattr(value, name) for name in value.model_fields_set}


def validated(values: dict[str, Any], model: type[Model], *, strict: bool | None = None) -> Model:
    """Return the value that fields make; ``strict=False`` reads numbers and booleans from texts.

    Raises
    ------
    InvalidRequestError
        When they do not fit the model; says where, and why.
    """
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        raise _told(error) from error


def _told(error: ValidationError) -> MalformedBodyError | InvalidRequestError:
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    if wrong[0]["type"] == "json_invalid":
        return MalformedBodyError(wrong[0]["msg"])
    return InvalidRequestError([FieldError(pointer(one["loc"]), one["msg"]) for one in wrong])


def describe(
    model: type[BaseModel],
    examples: dict[str, Any],
    *,
    csv: str | None = None,
    fields: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """Return the OpenAPI description of a body, for a route that reads it by itself.

    Schemas are only named: to make them takes long, and `openapi` does so when the document is asked for.
    Where the body may be CSV, `csv` is an example, and `fields` the model of the fields in the query. These
    are described as one exploded object: they are sent each by its name, but a page shows one place for them
    all, and fills in no defaults.
    """
    content: dict[str, Any] = {JSON: {"schema": {"$ref": reference(model)}, "examples": examples}}
    if csv is not None:
        content[CSV] = {"schema": {"type": "string"}, "example": csv}
    described: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    if fields is not None:
        described["parameters"] = [
            {
                "name": "fields",
                "in": "query",
                "style": "form",
                "explode": True,
                "description": "With a body of CSV: the fields of the training, each by its name "
                "(`?width=30&height=20`). What a body of JSON says counts before these.",
                "schema": {"$ref": reference(fields)},
                "example": {},
            }
        ]
    return described


def reference(model: type[BaseModel]) -> str:
    """Return where the OpenAPI document has the schema of a model."""
    return f"#/components/schemas/{model.__name__}"
