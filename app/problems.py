"""Problem details (RFC 9457): the documents that errors become, in answers and in the records of jobs.

``PROBLEMS`` maps the errors of the service, the library, the store and the queue to problem details: it is
the one place where an exception's type becomes a status.
"""

import http
from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import (
    AnswerTooLargeError,
    BodyTooLargeError,
    DamagedJobError,
    DamagedModelError,
    DataNotKeptError,
    FieldError,
    InvalidRequestError,
    JobNotFoundError,
    MalformedBodyError,
    ModelNotFoundError,
    NoQueueError,
    NotAcceptableError,
    OutOfTimeError,
    OverLimitError,
    QueueUnavailable,
    ServiceError,
    TooBusyError,
    UnitNotFoundError,
    UnsupportedMediaTypeError,
)
from app.storage.port import StoreUnavailable
from kohonen.errors import InvalidColourError, InvalidDataError, InvalidParameterError, InvalidTableError

__all__ = ["PROBLEMS", "document", "document_of", "pointer"]

#: Longer texts help nobody: they repeat what the request holds.
LONGEST = 400

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
