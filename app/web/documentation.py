"""The documentation pages, Swagger UI and ReDoc, with all their files: they load nothing from other hosts."""

import functools
import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse

__all__ = ["install"]

_ASSETS = Path(__file__).parent / "assets"

_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".txt": "text/plain",
}

#: Content security policy of the pages. Both use inline styles; Swagger UI shows pictures of answers as
#: blobs; ReDoc runs its search in a worker from a blob.
_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Add /docs (Swagger UI), /redoc (ReDoc) and the files that they load under /assets.

    All URLs in the pages start with the request's ``root_path``, so that they work behind a prefix.
    """
    app.add_route("/docs", _swagger_ui, include_in_schema=False)
    app.add_route("/redoc", _redoc, include_in_schema=False)
    app.add_route("/assets/{name}", _asset, include_in_schema=False)


async def _swagger_ui(request: Request) -> HTMLResponse:
    page = get_swagger_ui_html(
        openapi_url=_root(request) + request.app.openapi_url,
        title=request.app.title,
        swagger_js_url=_url(request, "swagger-ui-bundle.js"),
        swagger_css_url=_url(request, "swagger-ui.css"),
        swagger_favicon_url=_url(request, "favicon.png"),
        swagger_ui_parameters={"tryItOutEnabled": True, "validatorUrl": None, "displayRequestDuration": True},
    )
    return _guarded(page)


async def _redoc(request: Request) -> HTMLResponse:
    page = get_redoc_html(
        openapi_url=_root(request) + request.app.openapi_url,
        title=request.app.title,
        redoc_js_url=_url(request, "redoc.standalone.js"),
        redoc_favicon_url=_url(request, "favicon.png"),
        with_google_fonts=False,
    )
    return _guarded(page)


async def _asset(request: Request) -> FileResponse:
    name = request.path_params["name"]
    # Only names in the manifest become paths.
    if name not in _versions():
        raise HTTPException(404, "The asset does not exist.")
    current = request.query_params.get("v") == _versions()[name]
    return FileResponse(
        _ASSETS / name,
        media_type=_MEDIA_TYPES[Path(name).suffix],
        headers={
            "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _guarded(page: HTMLResponse) -> HTMLResponse:
    """Set the content security policy of a page; its inline scripts are allowed by their checksums."""
    scripts = re.findall(rb"<script>(.*?)</script>", bytes(page.body), re.DOTALL)
    digests = [b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
    page.headers["Content-Security-Policy"] = _POLICY.format(
        scripts="".join(f" 'sha256-{digest}'" for digest in digests)
    )
    page.headers["X-Content-Type-Options"] = "nosniff"
    page.headers["Cache-Control"] = "no-cache"
    return page


def _root(request: Request) -> str:
    # Quoted, since the page inserts it unescaped into attributes and a script.
    return quote(request.scope.get("root_path", "").rstrip("/"))


def _url(request: Request, name: str) -> str:
    return f"{_root(request)}/assets/{name}?v={_versions()[name]}"


@functools.cache
def _versions() -> dict[str, str]:
    """Return a version of each file, derived from its checksum."""
    manifest = json.loads((_ASSETS / "manifest.json").read_text(encoding="utf-8"))
    return {name: entry["sha256"][:12] for name, entry in manifest.items()}
