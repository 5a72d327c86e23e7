"""How many bytes of bodies are held at a time, of all requests together."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooBusyError

__all__ = ["LARGEST_AT_A_TIME", "SMALL", "Uploads"]

#: So many bodies of the largest size are held at a time, or more of smaller ones.
LARGEST_AT_A_TIME = 8
#: Bodies of up to so many bytes are always taken, and not counted.
SMALL = 2**20
RETRY_AFTER = 5


class Uploads:
    """ASGI middleware that refuses a large body where too much is held of others.

    A body is held until its request is answered. Without this, callers who send large ones slowly would fill
    the memory with bodies each of which is within its own limit.

    Parameters
    ----------
    app : ASGIApp
        What is behind it.
    largest : int
        Bytes of the largest body that is taken.
    """

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self._app = app
        self._largest = largest
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; `TooBusyError` is raised where its body is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = held = 0

        async def received() -> Message:
            nonlocal size, held
            message = await receive()
            size += len(message.get("body", b""))
            if SMALL < size <= self._largest:  # whoever reads it refuses a larger one
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
                "the bodies of the requests under way are as large as they may be together: try again later",
                retry_after=RETRY_AFTER,
            )
        self._held += more
