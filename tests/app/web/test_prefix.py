"""The service behind a prefix, which the proxy removes or leaves."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.app import create_app
from app.aws.api import create_handler
from app.commands.server import ForwardedHeaders
from app.settings import Settings

BODY = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}


def check(client: TestClient, seen: str, prefix: str, **headers: str) -> None:
    """Check pages, links and assets, where `seen` is the prefix that the service sees in paths."""
    assert client.get(f"{seen}/health", headers=headers).status_code == 200
    page = client.get(f"{seen}/docs", headers=headers).text
    assert f"{prefix}/openapi.json" in page
    assert f'"{prefix}/assets/swagger-ui.css' in page
    assert client.get(f"{seen}/assets/swagger-ui.css", headers=headers).status_code == 200
    made = client.post(f"{seen}/train", json=BODY, headers={**headers, "accept": "application/json"}).json()
    assert made["links"]["self"] == f"{prefix}/models/{made['id']}"
    image = client.get(f"{seen}/models/latest/image/", headers=headers)
    assert image.headers["Link"].startswith(f"<{prefix}/models/{made['id']}>")
    assert client.get(f"{seen}/nothing", headers=headers).status_code == 404


@pytest.mark.parametrize("seen", ["", "/som/maps"])
@pytest.mark.parametrize("key", [None, "a-key-of-16-chars"])
def test_the_prefix_of_the_settings(
    make_client: Callable[..., TestClient], seen: str, key: str | None
) -> None:
    client = make_client(root_path="/som/maps", api_key=key)
    check(client, seen, "/som/maps", **({} if key is None else {"X-API-Key": key}))
    if key is not None:
        assert client.get(f"{seen}/docs").status_code == 200
        assert client.get(f"{seen}/models").status_code == 401


@pytest.mark.parametrize("prefix", ["som", "/som/", "/a b", "https://x", '/"><script>'])
def test_what_is_no_prefix(prefix: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Settings(root_path=prefix)


def behind(client: str, **settings: Any) -> TestClient:
    """Return a client at an address, of a server that trusts 10.0.0.1."""
    app: Any = create_app(Settings(store="memory:", **settings))
    return TestClient(ForwardedHeaders(app, "10.0.0.1"), client=(client, 1234))


@pytest.mark.parametrize("seen", ["", "/som"])
def test_the_prefix_of_a_trusted_proxy(seen: str) -> None:
    check(behind("10.0.0.1"), seen, "/som", **{"X-Forwarded-Prefix": "/som/"})
    check(behind("10.0.0.1", root_path="/other"), seen, "/som", **{"X-Forwarded-Prefix": "/som, /x"})


@pytest.mark.parametrize(
    ("client", "prefix"),
    [("10.0.0.2", "/som"), ("10.0.0.1", "//evil.example"), ("10.0.0.1", '/"><script>'), ("10.0.0.1", "som")],
)
def test_of_others_and_other_prefixes_nothing_is_taken(client: str, prefix: str) -> None:
    check(behind(client), "", "", **{"X-Forwarded-Prefix": prefix})


@pytest.mark.parametrize("seen", ["", "/som"])
def test_on_lambda_behind_a_proxy(seen: str) -> None:
    handler = create_handler(create_app(Settings(store="memory:", root_path="/som")))
    http = {"method": "GET", "path": f"{seen}/docs", "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"}
    event = {
        "version": "2.0",
        "rawPath": f"{seen}/docs",
        "rawQueryString": "",
        "headers": {"host": "abc.lambda-url.eu-west-1.on.aws"},
        "requestContext": {"stage": "$default", "http": http},
    }
    answer = handler(event, None)
    assert answer["statusCode"] == 200
    assert "/som/openapi.json" in answer["body"]
