"""An app that does nothing: what it takes to answer on a machine under load is the machine's share."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

__all__ = ["app"]


async def health(request: Request) -> JSONResponse:
    """Answer at once."""
    return JSONResponse({"status": "ok"})


app = Starlette(routes=[Route("/health", health)])
