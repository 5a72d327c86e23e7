"""Problem details (RFC 9457) of exceptions, for answers and for the records of jobs.

``PROBLEMS`` maps the exception types of the service, the library, the store and the queue to statuses. No
other module does.
"""

import http
from collections.abc import Mapping, Sequence
from typing import Any

from app import errors
from app.storage.port import StoreUnavailable
from kohonen.errors import (
    InvalidColourError,
    InvalidDataError,
    InvalidParameterError,
    InvalidPictureError,
    InvalidTableError,
)

__all__ = ["PROBLEMS", "document", "document_of", "pointer"]

#: Characters of a text, at most: longer ones quote the request.
LONGEST = 400

#: Exception types and the status, slug and title of their problem details.
PROBLEMS: Mapping[type[Exception], tuple[int, str, str]] = {
    errors.InvalidRequestError: (422, "invalid-request", "The request is not valid"),
    errors.OverLimitError: (422, "over-limit", "The request asks for more than is allowed"),
    InvalidDataError: (422, "invalid-request", "The request is not valid"),
    InvalidParameterError: (422, "invalid-request", "The request is not valid"),
    errors.MalformedBodyError: (400, "malformed-json", "The body is not JSON"),
    errors.BodyTooLargeError: (413, "body-too-large", "The body is too large"),
    errors.SlowBodyError: (408, "slow-body", "The body did not arrive in time"),
    errors.UnsupportedMediaTypeError: (
        415,
        "unsupported-media-type",
        "The media type of the body is not supported",
    ),
    errors.NotAcceptableError: (406, "not-acceptable", "No acceptable representation"),
    errors.AnswerTooLargeError: (422, "answer-too-large", "The answer is too large to send"),
    errors.TooBusyError: (503, "too-busy", "The service is too busy"),
    errors.StoreFullError: (507, "store-full", "The store is full"),
    errors.OutOfTimeError: (503, "out-of-time", "The training ran out of time"),
    errors.ModelNotFoundError: (404, "model-not-found", "The model does not exist"),
    errors.UnitNotFoundError: (404, "unit-not-found", "The unit does not exist"),
    errors.DataNotKeptError: (409, "data-not-kept", "The data that this call needs are not stored"),
    errors.OutdatedModelError: (409, "outdated-model", "The model was stored by another version"),
    errors.DamagedModelError: (500, "damaged-model", "The stored model is damaged"),
    errors.JobNotFoundError: (404, "job-not-found", "The job does not exist"),
    errors.DamagedJobError: (500, "damaged-job", "The stored job is damaged"),
    errors.NoQueueError: (503, "no-queue", "The deployment has no queue for jobs"),
    errors.QueueUnavailable: (503, "queue-unavailable", "The queue cannot be used"),
    StoreUnavailable: (503, "store-unavailable", "The store cannot be used"),
}


def document(
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    title: str | None = None,
    errors: Sequence[errors.FieldError] = (),
) -> dict[str, Any]:
    """Return a problem detail; without a slug, its type is ``about:blank``."""
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
    """Return the problem detail of an error; raise `LookupError` if it is not in `PROBLEMS`."""
    known = [PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS]
    status, slug, title = known[0]
    return document(status, str(error), slug=slug, title=title, errors=_field_errors(error))


def pointer(location: Sequence[str | int]) -> str:
    """Return the JSON pointer of a path into a document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _field_errors(error: Exception) -> Sequence[errors.FieldError]:
    """Return the fields of the request that an error is about."""
    match error:
        case errors.ServiceError():
            return error.errors
        case InvalidColourError():
            return [errors.FieldError(pointer(["colours", error.index]), str(error))]
        case InvalidTableError():
            place = [part for part in (error.column, error.row) if part is not None]
            return [errors.FieldError(pointer(["columns", *place]), str(error))]
        case InvalidPictureError():
            return [errors.FieldError("", str(error))]
        case InvalidDataError():
            return [errors.FieldError("/data", str(error))]
        case InvalidParameterError():
            return [errors.FieldError(pointer([error.parameter]), str(error))]
        case _:
            return ()
