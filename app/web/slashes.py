"""Trailing slashes of paths."""

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["TrailingSlashes"]


class TrailingSlashes:
    """ASGI middleware that removes the trailing slash of a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and len(scope["path"]) > 1 and scope["path"].endswith("/"):
            root_path = scope.get("root_path", "").rstrip("/")
            path = scope["path"].rstrip("/")
            scope = {**scope, "path": path + "/" if path == root_path else path}
        await self._app(scope, receive, send)
