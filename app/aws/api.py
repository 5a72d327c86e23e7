"""The API as an AWS Lambda function: ``app.aws.api.handler``. Importing this module sets the process up.

Mangum turns an event of API Gateway (REST and HTTP APIs) or of a Function URL into an ASGI call and the
answer back. What it leaves to us is said here: which prefix of the path is the API's stage, until when the
function may run, and which media types are text.
"""

from app.runtime.startup import starting

with starting():
    import asyncio
    import os
    import time
    from collections.abc import Callable
    from functools import cache
    from typing import Any
    from urllib.parse import unquote

    from mangum import Mangum
    from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.app import app
    from app.observability import configure

__all__ = ["ANSWER_SECONDS", "create_handler", "handler"]

ANSWER_SECONDS = 2.0
"""What is kept of an invocation's time for drawing, storing and sending the answer, in seconds."""

TEXT_MIME_TYPES = [*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"]

Event = dict[str, Any]


def create_handler(app: ASGIApp) -> Callable[[Event, Any], dict[str, Any]]:
    """Make the function that Lambda calls.

    Parameters
    ----------
    app
        The ASGI application. For every request it finds the stage's prefix in ``scope["root_path"]`` and, in
        ``scope["state"]``, the ``request_id`` and the ``deadline``: the `time.monotonic` by which it should
        have its result.

    Returns
    -------
    Callable
        ``handler(event, context)``, which returns the answer in the form that the event's source expects.
    """

    async def in_lambda(scope: Scope, receive: Receive, send: Send) -> None:
        await app(_placed(_identified(_timed(scope))), receive, send)

    def handler(event: Event, context: Any) -> dict[str, Any]:
        # Mangum runs the app in the thread's current event loop. It is set here and not when this module is
        # imported, because whoever imports it may have a loop of its own.
        asyncio.set_event_loop(_event_loop())
        # The lifespan would run around every single invocation.
        return Mangum(in_lambda, lifespan="off", text_mime_types=TEXT_MIME_TYPES)(event, context)

    return handler


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that all invocations of this process share: what the app binds to it stays valid."""
    return asyncio.new_event_loop()


def _timed(scope: Scope) -> Scope:
    """Add the deadline, where the context tells how long the function may still run."""
    remaining = getattr(scope["aws.context"], "get_remaining_time_in_millis", None)
    if remaining is None:
        return scope
    deadline = time.monotonic() + remaining() / 1000 - ANSWER_SECONDS
    return {**scope, "state": {**scope.get("state", {}), "deadline": deadline}}


def _identified(scope: Scope) -> Scope:
    """Add what the gateway and Lambda call the request, by which their own logs and traces are found."""
    invocation = getattr(scope["aws.context"], "aws_request_id", None)
    request_id = scope["aws.event"]["requestContext"].get("requestId") or invocation
    log = {"aws_request_id": invocation, "trace_id": os.environ.get("_X_AMZN_TRACE_ID")}
    told = {name: value for name, value in log.items() if value}
    return {**scope, "state": {**scope.get("state", {}), "request_id": request_id, "log": told}}


def _placed(scope: Scope) -> Scope:
    """Add the stage's prefix as the root path; as ASGI has it, the path begins with it then."""
    event = scope["aws.event"]
    context = event["requestContext"]
    stage = context.get("stage")
    if not stage:
        return scope
    prefix, path = f"/{stage}", scope["path"]
    if "version" in event:  # HTTP APIs and Function URLs: a stage other than $default starts the path
        if not f"{path}/".startswith(f"{prefix}/"):
            return scope
        # A domain of one's own maps to a stage that its callers never see.
        seen = ".execute-api." in context.get("domainName", ".execute-api.")
        return {**scope, "root_path": prefix} if seen else {**scope, "path": path[len(prefix) :] or "/"}
    # REST APIs: `path` goes without the stage. `requestContext.path` is what the caller asked for: with the
    # stage, or without it on a domain of one's own and under `sam local`.
    asked = unquote(context.get("path") or "")
    if asked.rstrip("/") == f"{prefix}{path}".rstrip("/"):
        return {**scope, "root_path": prefix, "path": f"{prefix}{path}"}
    return scope


configure(app.state.settings.log_format, app.state.settings.log_level)
handler = create_handler(app)
