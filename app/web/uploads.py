"""Limits the bytes of request bodies held in memory, of all requests together."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooBusyError

__all__ = ["LARGEST_AT_A_TIME", "SMALL", "Uploads"]

#: Bodies of the largest size that are held at the same time; more of smaller ones.
LARGEST_AT_A_TIME = 8
#: Bodies of up to this number of bytes are always accepted, and not counted.
SMALL = 2**20
RETRY_AFTER = 5


class Uploads:
    """ASGI middleware that refuses a large body while others fill the memory reserved for bodies.

    A body is held until its request is answered. Without this limit, callers who send large bodies slowly
    could fill the memory, although each body has at most `largest` bytes.
    """

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self._app = app
        self._largest = largest
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; reading its body may raise `TooBusyError`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = held = 0

        async def received() -> Message:
            nonlocal size, held
            message = await receive()
            size += len(message.get("body", b""))
            if SMALL < size <= self._largest:  # larger ones are refused by their readers
                self._hold(size - held)
                held = size
            return message

        try:
            await self._app(scope, received, send)
        finally:
            self._held -= held

    def _hold(self, more: int) -> None:
        if self._held + more > LARGEST_AT_A_TIME * self._largest:
            raise TooBusyError(
                "the bodies of the current requests have reached their total limit: try again later",
                retry_after=RETRY_AFTER,
            )
        self._held += more
