from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from kohonen import __version__
from kohonen.engines import describe_engine


@pytest.mark.parametrize("path", ["/health", "/health/", "/health//"])
def test_health(client: TestClient, path: str) -> None:
    expected = {"status": "ok", "version": __version__, "engine": describe_engine()}
    assert client.get(path).json() == expected


def test_limits_are_those_in_force(make_client: Callable[..., TestClient]) -> None:
    limits = make_client(max_side=7).get("/limits").json()
    assert limits["max_side"] == 7
    assert limits["engine"] == describe_engine()
    assert limits["max_units"] == 1_000_000
    assert limits["cost"]["online"]["per_step"] > 0


def test_other_origins_are_not_served_unless_allowed(make_client: Callable[..., TestClient]) -> None:
    origin = {"Origin": "https://maps.example"}
    assert "access-control-allow-origin" not in make_client().get("/health", headers=origin).headers
    answer = make_client(allowed_origins="https://maps.example, https://b.example").get(
        "/health", headers=origin
    )
    assert answer.headers["access-control-allow-origin"] == "https://maps.example"
    told = {
        header
        for operations in make_client().get("/openapi.json").json()["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for header in response.get("headers", {})
    }
    assert "Kohonen-Model-Id" in told
    assert told <= {header.strip() for header in answer.headers["access-control-expose-headers"].split(",")}


def test_every_operation_is_described(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["responses"]
    body = document["paths"]["/train"]["post"]["requestBody"]["content"]["application/json"]
    assert "colours" in body["examples"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
