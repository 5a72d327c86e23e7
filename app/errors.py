"""The service's exceptions.

The tree::

    ServiceError
    ├── InvalidRequestError        values that do not fit the schema; listed in ``errors``
    │   └── OverLimitError         more than this deployment allows
    ├── MalformedBodyError         a body that is not JSON
    ├── BodyTooLargeError          a body over the limit of bytes
    ├── SlowBodyError              a body that did not arrive in time
    ├── UnsupportedMediaTypeError  a body of an unsupported media type
    ├── NotAcceptableError         no representation that the client accepts
    ├── AnswerTooLargeError        an answer that this deployment cannot send
    ├── TooBusyError               too many trainings, jobs or bodies at the same time
    ├── StoreFullError             a model for which the store has no room
    ├── OutOfTimeError             a training stopped at its deadline
    ├── ModelNotFoundError         a model that does not exist
    ├── UnitNotFoundError          a unit outside a model's map
    ├── DataNotKeptError           data that a call needs are not stored
    ├── DamagedModelError          a model whose stored bytes have changed
    │   └── OutdatedModelError     a model of another version of the contract
    ├── JobNotFoundError           a job that does not exist
    ├── DamagedJobError            a job whose stored record or samples have changed
    └── NoQueueError               a job in a deployment without a queue

``QueueUnavailable`` is outside the tree, as are the errors of the store and of the library. `app.problems`
maps all of them to problem details.
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
    "OutdatedModelError",
    "OverLimitError",
    "QueueUnavailable",
    "ServiceError",
    "SlowBodyError",
    "StoreFullError",
    "TooBusyError",
    "UnitNotFoundError",
    "UnsupportedMediaTypeError",
]

#: Errors reported for one request, at most.
MOST_ERRORS = 20


class FieldError(NamedTuple):
    """An error in one field of a request, and how to fix it.

    `pointer` is a JSON pointer (RFC 6901) into the body, or a slash and the name of a query parameter.
    """

    pointer: str
    message: str


class ServiceError(Exception):
    """Base class of the errors of the service; their messages are sent to the caller."""

    #: Seconds after which the same request may succeed; None if it cannot.
    retry_after: int | None = None
    errors: Sequence[FieldError] = ()


class InvalidRequestError(ServiceError):
    """Values that do not fit the schema."""

    def __init__(self, errors: Sequence[FieldError], message: str | None = None) -> None:
        first = errors[0]
        super().__init__(message or f"{first.pointer or 'the request'}: {first.message}")
        self.errors = errors[:MOST_ERRORS]


class OverLimitError(InvalidRequestError):
    """A request for more than this deployment allows."""


class MalformedBodyError(ServiceError):
    """A body that is not JSON."""


class BodyTooLargeError(ServiceError):
    """A body over the limit of bytes."""


class SlowBodyError(ServiceError):
    """A body that did not arrive in time."""


class UnsupportedMediaTypeError(ServiceError):
    """A body of an unsupported media type."""


class NotAcceptableError(ServiceError):
    """No representation that the client accepts."""


class AnswerTooLargeError(ServiceError):
    """An answer of more bytes than this deployment can send."""


class TooBusyError(ServiceError):
    """The limit of trainings, unfinished jobs or request bodies at the same time has been reached."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreFullError(ServiceError):
    """A model for which there is no room within the limit of stored bytes."""


class OutOfTimeError(ServiceError):
    """A training was stopped at its deadline. Nothing was stored."""

    retry_after = 30


class ModelNotFoundError(ServiceError):
    """The model does not exist."""


class UnitNotFoundError(ServiceError):
    """The unit is outside the map."""


class DataNotKeptError(ServiceError):
    """The data that a call needs, such as the samples of a model, are not stored."""


class DamagedModelError(ServiceError):
    """The stored bytes of a model have changed since it was stored.

    `is_new` says that this was just found out, so that `latest` and `best` now name another model.
    """

    is_new = False


class OutdatedModelError(DamagedModelError):
    """The model was stored under another version of the contract."""


class JobNotFoundError(ServiceError):
    """The job does not exist."""


class DamagedJobError(ServiceError):
    """The stored record or samples of a job have changed since they were stored."""


class NoQueueError(ServiceError):
    """The deployment has no queue of jobs."""


class QueueUnavailable(Exception):  # noqa: N818
    """The queue cannot be reached, read or written.

    `retry_after` is the number of seconds after which the same call may succeed; None if somebody has to fix
    something first.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
