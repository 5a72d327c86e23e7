"""Unknown parameters of queries are errors: a misspelt one would silently have its default."""

from collections.abc import Collection, Iterator

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import FieldError, InvalidRequestError
from app.problems import pointer
from app.web.responses import problems

__all__ = ["StrictQuery", "unknown"]

#: Monitors add what they like to these.
LENIENT = {"/health"}
#: Known names that are listed where none is near.
MOST_NAMES = 8


class StrictQuery:
    """ASGI application of a GET route that refuses unknown parameters with `InvalidRequestError`."""

    def __init__(self, route: APIRoute) -> None:
        self._app: ASGIApp = route.app
        self._known = [*_parameters(route)]

    @classmethod
    def install(cls, route: object) -> None:
        """Make a route strict, if it answers GET. It is shared by all applications of the process."""
        if not isinstance(route, APIRoute) or isinstance(route.app, cls) or route.path in LENIENT:
            return
        if "GET" in (route.methods or ()):
            route.app = cls(route)
            route.responses = {**problems(422), **route.responses}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        given = [] if not scope["query_string"] else Request(scope).query_params.keys()
        errors = [
            FieldError(pointer([name]), unknown(name, self._known, "parameter"))
            for name in given
            if name not in self._known
        ]
        if errors:
            raise InvalidRequestError(errors)
        await self._app(scope, receive, send)


def unknown(name: str, known: Collection[str], what: str) -> str:
    """Return the message for an unknown name, with the nearest known name or with all."""
    import difflib  # seldom needed

    if near := difflib.get_close_matches(name[:100], known, n=1):
        return f"there is no such {what}: did you mean {near[0]}?"
    return f"there is no such {what}" + (f": use {', '.join(known)}" if 0 < len(known) <= MOST_NAMES else "")


def _parameters(route: APIRoute) -> Iterator[str]:
    for field in route.dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (one.alias or name for name, one in annotation.model_fields.items())
        else:
            yield field.alias
