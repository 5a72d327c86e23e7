"""What may be done with a path."""

from starlette.requests import Request
from starlette.routing import Match

__all__ = ["allowed_methods"]

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """Return the value of the Allow header. Starlette's own names the first of the path's routes only."""
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    found = [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] == Match.FULL for route in routes)
    ]
    if "GET" in found:  # see app.api.head
        found.append("HEAD")
    return ", ".join(sorted(found))
