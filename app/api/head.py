"""HEAD, wherever there is GET: the same answer without its content (RFC 9110, section 9.3.2)."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Head", "wants_no_content"]

_WANTED = "head"


class Head:
    """ASGI middleware that answers HEAD as GET is answered, and drops the content.

    Routes need not know, and the OpenAPI document need not say so for each of them. One whose content costs
    much may ask `wants_no_content`.
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

        await self._app({**scope, "method": "GET", _WANTED: True}, receive, without_content)


def wants_no_content(request: Request) -> bool:
    """Say whether only the headers of an answer are wanted."""
    return _WANTED in request.scope
