"""The API key and the security headers of answers."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.aws.api import create_handler
from app.web import security

KEY = "correct-horse-battery"

MakeClient = Callable[..., TestClient]


@pytest.fixture
def locked(make_client: MakeClient) -> TestClient:
    return make_client(api_key=KEY, allowed_origins="https://maps.example")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/kohonen"), ("POST", "/train"), ("GET", "/limits"), ("GET", "/models/x"),
        ("GET", "/nothing"), ("GET", "/health/x"), ("GET", "/assets/a/b"), ("GET", "//health"),
        ("GET", "/docs/../limits"), ("GET", "/%2Flimits"), ("OPTIONS", "/limits"), ("HEAD", "/limits"),
    ],
)  # fmt: skip
def test_what_is_not_open_needs_the_key(locked: TestClient, method: str, path: str) -> None:
    answer = locked.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "X-API-Key" in answer.headers["www-authenticate"]
    assert KEY not in answer.text


def test_every_operation_but_health_needs_the_key(locked: TestClient) -> None:
    paths: dict[str, Any] = locked.get("/openapi.json").json()["paths"]
    calls = [(path, method) for path, operations in paths.items() for method in operations]
    answers = {
        call: locked.request(call[1].upper(), call[0].replace("{", "").replace("}", "")) for call in calls
    }
    assert [call for call, answer in answers.items() if answer.status_code != 401] == [("/health", "get")]


@pytest.mark.parametrize(
    "path", ["/health", "/health/", "/docs", "/redoc", "/openapi.json", "/assets/favicon.png"]
)
def test_what_is_open_needs_none(locked: TestClient, path: str) -> None:
    assert locked.get(path).status_code == 200


@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], KEY + "x", KEY.upper(), f" {KEY}x"])
def test_a_wrong_key_is_none(locked: TestClient, key: str) -> None:
    assert locked.get("/limits", headers={"X-API-Key": key}).status_code == 401


def test_two_keys_are_none(locked: TestClient) -> None:
    headers = [("X-API-Key", KEY), ("X-API-Key", "another")]
    assert locked.get("/limits", headers=headers).status_code == 401


def test_the_key_opens(locked: TestClient) -> None:
    answer = locked.get("/limits", headers={"x-api-key": KEY})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private"


def test_no_cache_between_keeps_a_model_for_others(locked: TestClient) -> None:
    key = {"X-API-Key": KEY}
    body = {"colours": ["red"], "width": 2, "height": 2, "iterations": 1}
    accept = {"Accept": "application/json"}
    made = locked.post("/train", json=body, headers={**key, **accept}).json()["id"]
    fixed = locked.get(f"/models/{made}", headers=key)
    assert fixed.headers["cache-control"] == "private, max-age=31536000, immutable"
    tag = {"If-None-Match": fixed.headers["etag"]}
    again = locked.get(f"/models/{made}", headers={**key, **tag})
    assert (again.status_code, again.headers["cache-control"]) == (304, fixed.headers["cache-control"])
    assert locked.get("/models/latest", headers=key).headers["cache-control"] == "private, no-cache"


def test_preflights_need_none_and_refusals_can_be_read(locked: TestClient) -> None:
    origin = {"Origin": "https://maps.example"}
    asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-api-key"}
    assert locked.options("/limits", headers=asked).status_code == 200
    refused = locked.get("/limits", headers=origin)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin["Origin"])


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, locked: TestClient) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr("app.web.security.hmac.compare_digest", compare)
    assert locked.get("/limits", headers={"X-API-Key": "a"}).status_code == 200
    assert [len(side) for side in compared[0]] == [32, 32]


def test_the_stage_changes_nothing(locked: TestClient) -> None:
    def event(path: str) -> dict[str, Any]:
        return {
            "resource": "/{proxy+}", "path": path, "httpMethod": "GET", "headers": {},
            "requestContext": {"stage": "Prod", "path": f"/Prod{path}"},
        }  # fmt: skip

    handler = create_handler(locked.app)
    assert handler(event("/health"), None)["statusCode"] == 200
    assert handler(event("/limits"), None)["statusCode"] == 401


def test_the_document_says_what_needs_the_key(locked: TestClient, client: TestClient) -> None:
    document = locked.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    assert document["security"] == [{"ApiKey": []}]
    assert document["paths"]["/health"]["get"]["security"] == []
    assert "401" in document["paths"]["/train"]["post"]["responses"]
    assert client.get("/openapi.json").json()["security"] == [{}, {"ApiKey": []}]


def test_the_key_is_in_no_text(locked: TestClient) -> None:
    assert isinstance(locked.app, FastAPI)
    assert KEY not in repr(locked.app.state.settings)
    assert KEY not in locked.get("/limits", headers={"X-API-Key": KEY}).text


@pytest.mark.parametrize("path", ["/health", "/nothing", "/?width=0", "/docs", "/assets/favicon.png"])
def test_every_answer_tells_browsers_what_to_refuse(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers.get_list("content-security-policy")) == 1
    assert "strict-transport-security" not in headers


def test_over_tls_it_stays_with_tls(client: TestClient) -> None:
    secure = TestClient(client.app, base_url="https://testserver")
    assert "max-age" in secure.get("/health").headers["strict-transport-security"]


def test_so_does_the_answer_to_an_unexpected_error() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    answer = TestClient(security.SecurityHeaders(failing)).get("/")
    assert answer.headers["x-content-type-options"] == "nosniff"
