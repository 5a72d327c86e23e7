"""The service's exceptions.

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

``QueueUnavailable`` stands apart, as the errors of the store and of the library do. `app.problems` maps all
of them to problem details.
"""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
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
    "QueueUnavailable",
    "ServiceError",
    "TooBusyError",
    "UnitNotFoundError",
    "UnsupportedMediaTypeError",
]

#: More errors than this in one request help nobody.
MOST_ERRORS = 20


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


class QueueUnavailable(Exception):  # noqa: N818
    """The queue cannot be reached, read or written.

    Attributes
    ----------
    retry_after : int or None
        Seconds after which the same call may well succeed; None where a person has to do something first.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
