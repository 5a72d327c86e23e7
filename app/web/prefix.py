"""The prefix of the service's paths in public URLs, behind a proxy."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["PREFIX", "RootPath", "under"]

#: The pattern of a prefix.
PREFIX = r"(/[A-Za-z0-9._~-]+)*"


class RootPath:
    """ASGI middleware that sets the root path of requests, unless the server has set one."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and not scope.get("root_path"):
            scope = under(scope, self._prefix)
        await self._app(scope, receive, send)


def under(scope: Scope, prefix: str) -> Scope:
    """Return the scope of a request below a prefix, whether or not the proxy has removed it from the path.

    What is not a prefix is ignored.
    """
    prefix, path = prefix.rstrip("/"), scope["path"]
    if not prefix or not re.fullmatch(PREFIX, prefix):
        return scope
    if not f"{path}/".startswith(f"{prefix}/"):
        path = prefix + path
    return {**scope, "root_path": prefix, "path": path}
