"""The deadline of a request: its caller, or the gateway in front of the service, waits no longer."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.storage.deadline import Deadline, seconds_left, until

__all__ = ["STORING_SECONDS", "RequestDeadline", "training_ends"]

#: Seconds of a request's time that are kept for storing the model when the training has ended.
STORING_SECONDS = 1.5


class RequestDeadline:
    """ASGI middleware that sets the deadline of each request.

    It bounds everything that a request waits for: its turn, stores and queues. Where the app runs may have a
    deadline of its own (``scope["state"]["deadline"]``, a `time.monotonic`). Without one the time starts
    when the last part of the body has arrived: how long a body takes is up to the caller.

    Parameters
    ----------
    app : ASGIApp
        The application.
    seconds : float
        The time of a training; `STORING_SECONDS` come on top.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = scope.get("state", {}).get("deadline")
        deadline = Deadline(self._end(given))

        async def received() -> Message:
            message = await receive()
            if given is None:
                deadline.at = self._end(None)
            return message

        with until(deadline):
            await self._app(scope, received, send)

    def _end(self, given: float | None) -> float:
        own = time.monotonic() + self._seconds
        return (own if given is None else min(own, given)) + STORING_SECONDS


def training_ends() -> float:
    """Return the `time.monotonic` by which a training in the current request must be over."""
    left = seconds_left()
    assert left is not None, "the request has no deadline"
    return time.monotonic() + left - STORING_SECONDS
