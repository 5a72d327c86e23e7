"""The deadline of a request, after which its caller or the gateway no longer waits."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import SlowBodyError
from app.storage.deadline import Deadline, seconds_left, until

__all__ = ["STORING_SECONDS", "RequestDeadline", "training_ends"]

#: Seconds of a request's time reserved for storing the model after the training.
STORING_SECONDS = 1.5
#: Seconds in which a body must arrive, and the bytes for each of which it has a second more.
BODY_SECONDS, LEAST_RATE = 20.0, 2**16


class RequestDeadline:
    """ASGI middleware that sets the deadline of each request, and of the arrival of its body.

    It bounds everything that a request waits for: its turn, stores and queues. A server may set an earlier
    deadline (``scope["state"]["deadline"]``, as `time.monotonic`). Otherwise the time starts when the last
    part of the body has arrived, since the upload depends on the caller. The request has the `seconds` of a
    training, and `STORING_SECONDS`.
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
        began, size, arriving = time.monotonic(), 0, True

        async def received() -> Message:
            nonlocal size, arriving
            if arriving:
                left = began + BODY_SECONDS + size / LEAST_RATE - time.monotonic()
                try:
                    async with asyncio.timeout(max(0.0, left)):
                        message = await receive()
                except TimeoutError:
                    raise SlowBodyError(
                        "the body arrives too slowly: it has "
                        f"{BODY_SECONDS:g} seconds, and one more for each {LEAST_RATE:,} bytes"
                    ) from None
                size += len(message.get("body", b""))
                arriving = bool(message.get("more_body", False))
            else:
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
    """Return the `time.monotonic` by which a training in the current request must end."""
    left = seconds_left()
    assert left is not None, "the request has no deadline"
    return time.monotonic() + left - STORING_SECONDS
