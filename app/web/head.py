"""HEAD for every GET: the same answer without its content (RFC 9110, section 9.3.2)."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Head", "wants_no_content"]

_IS_HEAD = "head"


class Head:
    """ASGI middleware that handles HEAD as GET, and drops the content.

    Routes and the OpenAPI document need not mention HEAD. A route with expensive content may call
    `wants_no_content`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", _IS_HEAD: True}, receive, without_content)


def wants_no_content(request: Request) -> bool:
    """Return whether the request is a HEAD request, which needs the headers only."""
    return _IS_HEAD in request.scope
