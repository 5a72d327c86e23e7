"""The documentation pages and the files that they load, in a separate application."""

import hashlib
import io
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.web import documentation
from app.web.assets import refresh

ASSETS = Path(documentation.__file__).parent / "assets"
MANIFEST: dict[str, dict[str, str]] = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
PAGES = ["/docs", "/redoc"]
OWN = {"__init__.py", ".gitattributes", "__pycache__", "manifest.json", "refresh.py"}


def client(root_path: str = "") -> TestClient:
    app = FastAPI(title="A title", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    documentation.install(app)
    return TestClient(app, root_path=root_path)


def addresses(page: str) -> list[str]:
    """Return every address that a page names, in attributes and in its script."""
    return re.findall(r"""(?:href|src|spec-url)="([^"]*)\"""", page) + re.findall(r"url: '([^']*)'", page)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("root", ["", "/Prod", "/a/b"])
def test_all_that_a_page_names_is_here(path: str, root: str) -> None:
    http = client(root)
    page = http.get(root + path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>A title</title>" in page.text
    found = addresses(page.text)
    assert root + "/openapi.json" in found
    assert len(found) == (4 if path == "/docs" else 3)
    for address in found:
        parts = urlsplit(address)
        assert not parts.scheme
        assert not parts.netloc
        assert address.startswith(f"{root}/")
        assert http.get(address).status_code == 200
    assert "://" not in page.text


def test_a_prefix_that_was_taken_off_the_path_is_put_before_the_addresses() -> None:
    assert all(address.startswith("/Prod/") for address in addresses(client("/Prod/").get("/docs").text))


def test_a_prefix_cannot_leave_its_place_in_the_page() -> None:
    page = client("/a'b\"c<d>").get("/docs").text
    assert "/a%27b%22c%3Cd%3E/openapi.json" in page
    assert "a'b" not in page


def test_swagger_ui_is_ready_to_try_and_asks_no_validator() -> None:
    page = client().get("/docs").text
    assert '"tryItOutEnabled": true' in page
    assert '"validatorUrl": null' in page


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_nothing_from_elsewhere(path: str) -> None:
    page = client().get(path)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    scripts = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    digests = [b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert policy["script-src"] == " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)])
    assert not any("://" in sources for sources in policy.values())
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [*PAGES, "/assets/swagger-ui.css"])
def test_the_methods_of_a_page(path: str) -> None:
    http = client()
    assert http.head(path).status_code == 200
    assert http.post(path).status_code == 405


def test_the_pages_are_no_part_of_the_api() -> None:
    assert client().get("/openapi.json").json()["paths"] == {}


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("redoc.standalone.js", "text/javascript; charset=utf-8"),
        ("favicon.png", "image/png"),
        ("redoc.LICENSE.txt", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_is_answered_as_what_it_is(name: str, media_type: str) -> None:
    answer = client().get(f"/assets/{name}")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert hashlib.sha256(answer.content).hexdigest() == MANIFEST[name]["sha256"]


def test_only_the_address_with_the_current_version_is_kept_for_good() -> None:
    http = client()
    versioned = next(
        address for address in addresses(http.get("/redoc").text) if "redoc.standalone" in address
    )
    assert http.get(versioned).headers["cache-control"] == "public, max-age=31536000, immutable"
    for other in ("/assets/redoc.standalone.js", "/assets/redoc.standalone.js?v=2.0.0"):
        assert http.get(other).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/none.js",
        "/assets/manifest.json",
        "/assets/refresh.py",
        "/assets/..",
        "/assets/%2e%2e%2fdocumentation.py",
        "/assets/..%2fdocumentation.py",
        "/assets/..%5cdocumentation.py",
        "/assets/%2fetc%2fpasswd",
        "/assets/swagger-ui.css%00",
    ],
)
def test_nothing_else_can_be_read(path: str) -> None:
    assert client().get(path).status_code == 404


def test_the_manifest_holds_every_file() -> None:
    assert {path.name for path in ASSETS.iterdir()} - OWN == set(MANIFEST)
    for name, entry in MANIFEST.items():
        assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == entry["sha256"]
    for files in refresh.PACKAGES.values():
        assert set(files) <= set(MANIFEST)


@pytest.mark.parametrize("package", ["swagger-ui-dist", "redoc"])
def test_every_package_has_its_licence_beside_it(package: str) -> None:
    files = [name for name, entry in MANIFEST.items() if entry["package"] == package]
    assert any(MANIFEST[name]["path"] == "LICENSE" for name in files)
    for script in (name for name in files if name.endswith(".js")):
        assert f"{script}.LICENSE.txt" in files


def test_redoc_is_the_original_but_for_its_logo() -> None:
    content = (ASSETS / "redoc.standalone.js").read_bytes()
    assert refresh.LOGO not in content
    original = content.replace(refresh.NO_LOGO, refresh.LOGO)
    assert hashlib.sha256(original).hexdigest() == MANIFEST["redoc.standalone.js"]["original_sha256"]
    assert refresh.without_logo(original) == content
    with pytest.raises(ValueError, match="logo has moved"):
        refresh.without_logo(content)


def test_the_icon_is_drawn_by_the_library() -> None:
    def pixels(png: bytes) -> Any:
        with Image.open(io.BytesIO(png)) as image:
            return np.asarray(image)

    icon = pixels((ASSETS / "favicon.png").read_bytes())
    assert icon.shape == (32, 32, 3)
    assert (icon == pixels(refresh.favicon())).all()
