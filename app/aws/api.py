"""The API as an AWS Lambda function, ``app.aws.api.handler``. Importing this module configures the process.

Mangum converts an event of API Gateway (REST and HTTP APIs) or of a Function URL to an ASGI call, and the
response back. This module adds the prefix of the API's stage, the deadline of the function, and the media
types that are text.
"""

from app.runtime.startup import starting

with starting():
    import asyncio
    import os
    import re
    import time
    from collections.abc import Callable
    from functools import cache
    from typing import Any
    from urllib.parse import unquote

    from mangum import Mangum
    from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.app import app
    from app.aws.events import Event, ignore, is_request
    from app.runtime.telemetry import configure

__all__ = ["ANSWER_SECONDS", "create_handler", "handler"]

ANSWER_SECONDS = 2.0
"""Seconds of an invocation that are reserved for drawing, storing and sending the response."""

TEXT_MIME_TYPES = [*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"]


def create_handler(app: ASGIApp) -> Callable[[Event, Any], Event]:
    """Make the function that Lambda calls.

    Parameters
    ----------
    app
        The ASGI application. The scope of a request has the stage's prefix as ``root_path`` and, in
        ``state``, the ``request_id`` and the ``deadline``: the `time.monotonic` by which the application
        should have its result.

    Returns
    -------
    Callable
        ``handler(event, context)``, which returns the response in the format of the event's source. Events
        that are not requests are logged and ignored.
    """

    async def in_lambda(scope: Scope, receive: Receive, send: Send) -> None:
        await app(_placed(_identified(_timed(scope))), receive, send)

    def handler(event: Event, context: Any) -> Event:
        if not is_request(event):
            return ignore(event)
        # Mangum runs the app in the thread's current event loop. It is not set on import, since the importing
        # process may have its own loop.
        asyncio.set_event_loop(_event_loop())
        # The lifespan would run in every invocation.
        return Mangum(in_lambda, lifespan="off", text_mime_types=TEXT_MIME_TYPES)(event, context)

    return handler


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of all invocations of this process, so that objects bound to it stay valid."""
    return asyncio.new_event_loop()


def _timed(scope: Scope) -> Scope:
    """Add the deadline, if the context contains the remaining time of the function."""
    remaining = getattr(scope["aws.context"], "get_remaining_time_in_millis", None)
    if remaining is None:
        return scope
    deadline = time.monotonic() + remaining() / 1000 - ANSWER_SECONDS
    return {**scope, "state": {**scope.get("state", {}), "deadline": deadline}}


def _identified(scope: Scope) -> Scope:
    """Add the ids of the request in the logs and traces of the gateway and of Lambda."""
    invocation = getattr(scope["aws.context"], "aws_request_id", None)
    request_id = scope["aws.event"]["requestContext"].get("requestId") or invocation
    log = {"aws_request_id": invocation, "trace_id": os.environ.get("_X_AMZN_TRACE_ID")}
    known = {name: value for name, value in log.items() if value}
    return {**scope, "state": {**scope.get("state", {}), "request_id": request_id, "log": known}}


def _placed(scope: Scope) -> Scope:
    """Add the prefix of the stage or the base path as the root path, with which ASGI's path begins."""
    event = scope["aws.event"]
    context = event["requestContext"]
    stage = context.get("stage")
    if not stage:
        return scope
    prefix, path = f"/{stage}", scope["path"]
    if "version" in event:  # HTTP APIs and Function URLs: a stage other than $default starts the path
        if not f"{path}/".startswith(f"{prefix}/"):
            return {**scope, "root_path": _base_path(event, path)}
        # The URLs of a custom domain do not contain the stage.
        if ".execute-api." in context.get("domainName", ".execute-api."):
            return {**scope, "root_path": prefix}
        path = path[len(prefix) :] or "/"
        return {**scope, "path": path, "root_path": _base_path(event, path)}
    # REST APIs: `path` does not contain the stage. `requestContext.path` is the requested path: with the
    # stage, or without it on a custom domain and under `sam local`.
    asked = unquote(context.get("path") or "")
    if asked.rstrip("/") == f"{prefix}{path}".rstrip("/"):
        return {**scope, "root_path": prefix, "path": f"{prefix}{path}"}
    return {**scope, "root_path": _base_path(event, path)}


def _base_path(event: Event, path: str) -> str:
    """Return the base path of a custom domain: what precedes the resource, or the route, in the path."""
    values = event.get("pathParameters") or {}
    resource = event.get("resource") or event.get("routeKey", "").partition(" ")[2] or "{}"
    resource = re.sub(r"\{(\w+)\+?\}", lambda name: values.get(name[1], "{}"), resource)
    resource = unquote(resource).rstrip("/")
    return path.rstrip("/").removesuffix(resource) if path.rstrip("/").endswith(resource) else ""


configure(app.state.settings.log_format, app.state.settings.log_level)
handler = create_handler(app)
if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    from app.aws.snapshot import register

    register(app, handler, create_handler)
