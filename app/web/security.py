"""The API key and the security headers of answers."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import document
from app.web.errors import ProblemResponse
from app.web.responses import PROBLEM

__all__ = ["HEADER", "ApiKey", "SecurityHeaders", "describe", "is_open"]

HEADER = "X-API-Key"
#: Paths that never need a key: the health check and the documentation.
OPEN = {"/health", "/docs", "/redoc", "/openapi.json"}
ASSETS = "/assets/"

#: Defaults; the documentation pages set their own.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OVER_TLS = "max-age=31536000"


def is_open(path: str) -> bool:
    """Return whether a path of the app needs no key even if one is set."""
    return path in OPEN or (path.startswith(ASSETS) and "/" not in path.removeprefix(ASSETS))


class ApiKey:
    """ASGI middleware that refuses requests without a key, except for open paths (`is_open`).

    Callers send one of the keys as ``X-API-Key``. It wraps all routes, so that routes added later need it as
    well.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[str]) -> None:
        self._app = app
        self._digests = [_digest(key.encode()) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http" or is_open(_path(scope)):
            await self._app(scope, receive, send)
        elif self._has_key(scope):

            async def private(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # Shared caches do not take this header into account.
                    headers = MutableHeaders(scope=message)
                    said = headers.get("Cache-Control")
                    headers["Cache-Control"] = "private" if said is None else f"private, {said}"
                await send(message)

            await self._app(scope, receive, private)
        else:
            content = document(401, f"this call needs the API key of the service in the header {HEADER}")
            headers = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}
            refused = ProblemResponse(content, status_code=401, headers=headers)
            await refused(scope, receive, send)

    def _has_key(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == HEADER.lower().encode()]
        # Digests have one length, so that the time of the comparison reveals nothing of the key.
        digest = _digest(given[0]) if len(given) == 1 else b""
        return any(hmac.compare_digest(digest, known) for known in self._digests)


class SecurityHeaders:
    """ASGI middleware that adds security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", _OVER_TLS)
            await send(message)

        await self._app(scope, receive, guarded)


def describe(described: dict[str, Any], *, required: bool) -> None:
    """Add the key to an OpenAPI document: required, or optional where none is set.

    A gateway in front of the service may require a key that the service does not know of.
    """
    scheme = {"type": "apiKey", "in": "header", "name": HEADER, "description": "The API key of the service."}
    described.setdefault("components", {})["securitySchemes"] = {"ApiKey": scheme}
    described["security"] = [{"ApiKey": []}] if required else [{}, {"ApiKey": []}]
    refused = {"description": "The API key is missing or wrong.", "content": PROBLEM}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            if is_open(path):
                operation["security"] = []
            else:
                operation["responses"]["401"] = refused


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _path(scope: Scope) -> str:
    """Return the path without the root path, as the router sees it."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
