"""What can go wrong in the service, and how HTTP says it.

The tree::

    ServiceError
    ├── InvalidRequestError        values that do not fit the schema; ``errors`` says which
    │   └── OverLimitError         more than this deployment allows
    ├── MalformedBodyError         not JSON at all
    ├── BodyTooLargeError          more bytes than are read
    ├── UnsupportedMediaTypeError  a body of a media type that is not understood
    ├── NotAcceptableError         no representation that the client accepts
    ├── AnswerTooLargeError        an answer that this deployment cannot send
    ├── TooBusyError               as many trainings, jobs or bodies under way as there may be
    ├── OutOfTimeError             a training that was stopped at its deadline
    ├── ModelNotFoundError         no such model
    ├── UnitNotFoundError          no such unit of a model's map
    ├── DataNotKeptError           something that needs the data of a model that are not kept
    ├── DamagedModelError          a model whose bytes are not what was stored
    ├── JobNotFoundError           no such job
    ├── DamagedJobError            a job whose record or samples are not what was stored
    └── NoQueueError               nothing that would do a job

``PROBLEMS`` maps these and the errors of the library, the store and the queue to problem details (RFC
9457): the one place where an exception's type becomes a status.
"""

import http
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.allowed import allowed_methods
from app.jobs.port import QueueUnavailable
from app.storage.port import StoreUnavailable
from kohonen import InvalidColourError, InvalidDataError, InvalidParameterError, InvalidTableError

__all__ = [
    "PROBLEMS",
    "AnswerTooLargeError",
    "BodyTooLargeError",
    "DamagedJobError",
    "DamagedModelError",
    "DataNotKeptError",
    "FieldError",
    "InvalidRequestError",
    "JobNotFoundError",
    "MalformedBodyError",
    "ModelNotFoundError",
    "NoQueueError",
    "NotAcceptableError",
    "OutOfTimeError",
    "OverLimitError",
    "ProblemResponse",
    "ServiceError",
    "TooBusyError",
    "UnitNotFoundError",
    "UnsupportedMediaTypeError",
    "document",
    "document_of",
    "install",
    "pointer",
]

logger = logging.getLogger(__name__)

#: More errors than this in one request help nobody, nor longer texts: they repeat what the request holds.
MOST_ERRORS, LONGEST = 20, 400


class FieldError(NamedTuple):
    """One thing wrong with a request.

    Attributes
    ----------
    pointer : str
        Where: a JSON pointer (RFC 6901) into the body, or the name of a query parameter behind a slash.
    message : str
        What, and how to mend it.
    """

    pointer: str
    message: str


class ServiceError(Exception):
    """Base of every error that the service raises on purpose; its text is for the caller to read."""

    #: Seconds after which the same request may succeed, where it may.
    retry_after: int | None = None
    errors: Sequence[FieldError] = ()


class InvalidRequestError(ServiceError):
    """Values that do not fit the schema."""

    def __init__(self, errors: Sequence[FieldError], message: str | None = None) -> None:
        first = errors[0]
        super().__init__(message or f"{first.pointer or 'the request'}: {first.message}")
        self.errors = errors[:MOST_ERRORS]


class OverLimitError(InvalidRequestError):
    """More than this deployment allows."""


class MalformedBodyError(ServiceError):
    """A body that is not JSON."""


class BodyTooLargeError(ServiceError):
    """A body of more bytes than are read."""


class UnsupportedMediaTypeError(ServiceError):
    """A body of a media type that is not understood."""


class NotAcceptableError(ServiceError):
    """No representation that the client accepts."""


class AnswerTooLargeError(ServiceError):
    """An answer of more bytes than this deployment can send."""


class TooBusyError(ServiceError):
    """As many trainings under way and waiting, jobs unfinished or bodies held as there may be."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutOfTimeError(ServiceError):
    """A training was stopped at its deadline, and nothing was stored."""

    retry_after = 30


class ModelNotFoundError(ServiceError):
    """There is no such model."""


class UnitNotFoundError(ServiceError):
    """The map has no such unit."""


class DataNotKeptError(ServiceError):
    """The data that a model was trained on are needed, and are not kept."""


class DamagedModelError(ServiceError):
    """The stored bytes of a model are not what was stored."""


class JobNotFoundError(ServiceError):
    """There is no such job."""


class DamagedJobError(ServiceError):
    """The record or the samples of a job are not what was stored."""


class NoQueueError(ServiceError):
    """There is nothing that would do a job."""


#: Exception types and the status, slug and title of the problems that they become.
PROBLEMS: Mapping[type[Exception], tuple[int, str, str]] = {
    InvalidRequestError: (422, "invalid-request", "The request is not valid"),
    OverLimitError: (422, "over-limit", "The request asks for more than is allowed"),
    InvalidDataError: (422, "invalid-request", "The request is not valid"),
    InvalidParameterError: (422, "invalid-request", "The request is not valid"),
    MalformedBodyError: (400, "malformed-json", "The body is not JSON"),
    BodyTooLargeError: (413, "body-too-large", "The body is too large"),
    UnsupportedMediaTypeError: (415, "unsupported-media-type", "The body is of another media type"),
    NotAcceptableError: (406, "not-acceptable", "No acceptable representation"),
    AnswerTooLargeError: (422, "answer-too-large", "The answer is too large to send"),
    TooBusyError: (503, "too-busy", "Too much at once"),
    OutOfTimeError: (503, "out-of-time", "The training ran out of time"),
    ModelNotFoundError: (404, "model-not-found", "There is no such model"),
    UnitNotFoundError: (404, "unit-not-found", "There is no such unit"),
    DataNotKeptError: (409, "data-not-kept", "The data that this needs are not kept"),
    DamagedModelError: (500, "damaged-model", "The stored model is damaged"),
    JobNotFoundError: (404, "job-not-found", "There is no such job"),
    DamagedJobError: (500, "damaged-job", "The stored job is damaged"),
    NoQueueError: (503, "no-queue", "There is no queue for jobs"),
    QueueUnavailable: (503, "queue-unavailable", "The queue cannot be used"),
    StoreUnavailable: (503, "store-unavailable", "The store cannot be used"),
}


class ProblemResponse(JSONResponse):
    """A problem detail."""

    media_type = "application/problem+json"


def document(
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    title: str | None = None,
    errors: Sequence[FieldError] = (),
) -> dict[str, Any]:
    """Make a problem detail; without a slug it is one that the status says all about."""
    content: dict[str, Any] = {
        "type": f"urn:kohonen:problem:{slug}" if slug else "about:blank",
        "title": title or http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail[:LONGEST],
    }
    if errors:
        content["errors"] = [{name: text[:LONGEST] for name, text in one._asdict().items()} for one in errors]
    return content


def document_of(error: Exception) -> dict[str, Any]:
    """Return the problem detail that an error becomes.

    Raises
    ------
    LookupError
        For an error that nobody has foreseen.
    """
    known = [PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS]
    status, slug, title = known[0]
    return document(status, str(error), slug=slug, title=title, errors=_field_errors(error))


def pointer(location: Sequence[str | int]) -> str:
    """Return the JSON pointer of a path into a document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def install(app: FastAPI) -> None:
    """Make every error of the app a problem detail."""
    for kind in PROBLEMS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)


def _known(request: Request, error: Exception) -> ProblemResponse:
    content = document_of(error)
    if content["status"] >= 500:
        logger.warning("%s %s: %s", request.method, request.url.path, error)
    retry_after = getattr(error, "retry_after", None)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ProblemResponse(content, status_code=content["status"], headers=headers)


def _field_errors(error: Exception) -> Sequence[FieldError]:
    """Say where in the request an error lies."""
    match error:
        case ServiceError():
            return error.errors
        case InvalidColourError():
            return [FieldError(pointer(["colours", error.index]), str(error))]
        case InvalidTableError():
            place = [part for part in (error.column, error.row) if part is not None]
            return [FieldError(pointer(["columns", *place]), str(error))]
        case InvalidDataError():
            return [FieldError("/data", str(error))]
        case InvalidParameterError():
            return [FieldError(pointer([error.parameter]), str(error))]
        case _:
            return ()


def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    details = {
        404: f"there is nothing at {request.url.path}; /docs lists what there is",
        405: f"{request.method} is not a thing to do with {request.url.path}",
    }
    detail = details.get(error.status_code, str(error.detail))
    headers = {"Allow": allowed_methods(request)} if error.status_code == 405 else dict(error.headers or {})
    return ProblemResponse(document(error.status_code, detail), error.status_code, headers)


def _validation(request: Request, error: Exception) -> ProblemResponse:
    """Tell what is wrong with a query or a path; bodies are validated elsewhere."""
    assert isinstance(error, RequestValidationError)
    errors = [FieldError(pointer(wrong["loc"][1:]), wrong["msg"]) for wrong in error.errors()]
    return _known(request, InvalidRequestError(errors))


def _unexpected(request: Request, error: Exception) -> ProblemResponse:
    # The server logs the traceback: the error is raised again once this answer is sent.
    return ProblemResponse(document(500, "something went wrong on our side; it has been logged"), 500)
