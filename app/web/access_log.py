"""The access log: one line per request, with the ids of the request and of its trace."""

import logging
import re
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.runtime.telemetry import task

__all__ = ["AccessLog"]

MOST_CHARACTERS = 200

#: Request ids accepted from callers; others could forge lines of the log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._=+/-]{1,128}")
#: Trace headers of X-Ray and W3C, with patterns whose group is the trace id.
_TRACES = {
    b"x-amzn-trace-id": re.compile(r"([A-Za-z0-9=;:-]{1,256})"),
    b"traceparent": re.compile(r"[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}"),
}


class AccessLog:
    """ASGI middleware that logs each request, and returns its id as ``X-Request-Id``.

    The id is the caller's ``X-Request-Id`` if it is valid, otherwise that of the server
    (``scope["state"]["request_id"]``), otherwise a new one. The trace id comes from the headers
    ``X-Amzn-Trace-Id`` or ``traceparent``. The fields of ``scope["state"]["log"]`` are logged with the
    request, and take precedence.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.get("state", {})
        request_id = _request_id(scope) or state.get("request_id") or uuid.uuid4().hex
        # Health checks are frequent.
        level = logging.DEBUG if scope["path"].endswith("/health") else logging.INFO
        path = scope["path"][:MOST_CHARACTERS]
        message = f"{scope['method']} {path}"
        fields = {"request_id": request_id, "method": scope["method"], "path": path}
        if (trace_id := _trace_id(scope)) is not None:
            fields["trace_id"] = trace_id
        fields |= state.get("log", {})
        with task(message, level=level, **fields) as said:

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    said["status"] = message["status"]
                    headers = [*message.get("headers", []), (b"x-request-id", request_id.encode("latin-1"))]
                    message = {**message, "headers": headers}
                await send(message)

            await self._app(scope, receive, answer)


def _trace_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name in _TRACES and (found := _TRACES[name].fullmatch(value.decode("latin-1"))):
            return str(found[1])
    return None


def _request_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(text := value.decode("latin-1")):
            return str(text)
    return None
