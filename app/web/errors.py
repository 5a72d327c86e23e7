"""Error handlers: every exception is answered with problem details."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from app.errors import DamagedModelError, FieldError, InvalidRequestError
from app.models.references import RESERVED, parse
from app.problems import PROBLEMS, document, document_of, pointer

__all__ = ["ProblemResponse", "install"]

logger = logging.getLogger(__name__)

#: Damaged models that one request passes over.
MOST_DAMAGED = 1
_ATTEMPT = "attempt"
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class ProblemResponse(JSONResponse):
    """A response that holds a problem detail."""

    media_type = "application/problem+json"


def install(app: FastAPI) -> None:
    """Register handlers that answer every error of the app with a problem detail."""
    for kind in PROBLEMS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(DamagedModelError, _damaged)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)


def _damaged(request: Request, error: Exception) -> Any:
    """Answer a GET again whose reference moves: now that the damage is known, it names another model."""
    assert isinstance(error, DamagedModelError)
    attempt = request.scope.get(_ATTEMPT, 1)
    reference = parse(request.path_params.get("ref", RESERVED[0]))
    moves = reference is not None and reference.moves
    if request.method != "GET" or not moves or not error.is_new or attempt > MOST_DAMAGED:
        return _known(request, error)
    scope = {**request.scope, _ATTEMPT: attempt + 1}

    async def again(_: Scope, receive: Receive, send: Send) -> None:
        await request.app.router(scope, receive, send)

    return again


def _known(request: Request, error: Exception) -> ProblemResponse:
    content = document_of(error)
    if content["status"] >= 500:
        logger.warning("%s %s: %s", request.method, request.url.path, error)
    retry_after = getattr(error, "retry_after", None)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ProblemResponse(content, status_code=content["status"], headers=headers)


def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    details = {
        404: f"{request.url.path} does not exist: /docs lists all calls",
        405: f"{request.url.path} does not support {request.method}: use a method of the header Allow",
    }
    detail = details.get(error.status_code, str(error.detail))
    headers = {"Allow": _allowed_methods(request)} if error.status_code == 405 else dict(error.headers or {})
    return ProblemResponse(document(error.status_code, detail), error.status_code, headers)


def _allowed_methods(request: Request) -> str:
    """Return the value of the Allow header. Starlette's covers only the first route of the path."""
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    found = [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] == Match.FULL for route in routes)
    ]
    if "GET" in found:  # see app.web.head
        found.append("HEAD")
    return ", ".join(sorted(found))


def _validation(request: Request, error: Exception) -> ProblemResponse:
    """Report what is wrong with a query or a path; bodies are validated in `app.web.body`."""
    assert isinstance(error, RequestValidationError)
    errors = [FieldError(pointer(wrong["loc"][1:]), wrong["msg"]) for wrong in error.errors()]
    return _known(request, InvalidRequestError(errors))


def _unexpected(request: Request, error: Exception) -> ProblemResponse:
    # The server logs the traceback: Starlette raises the error again after this answer.
    return ProblemResponse(
        document(500, "an unexpected error occurred in the service; it has been logged"), 500
    )
