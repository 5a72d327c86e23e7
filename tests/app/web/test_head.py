"""HEAD is answered like GET, without the content."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

TRAINING: dict[str, Any] = {"colours": ["red", "blue"], "width": 4, "height": 3, "iterations": 5}
#: What is another every time.
PASSING = {"x-request-id", "server-timing"}


@pytest.fixture
def trained(client: TestClient) -> TestClient:
    client.post("/train", json={**TRAINING, "random_state": 1, "name": "a"}).raise_for_status()
    client.post("/atrain", json={**TRAINING, "random_state": 1}).raise_for_status()
    return client


def paths(client: TestClient) -> list[str]:
    """Return every path of the document that GET is for."""
    job = client.get("/jobs").json()["jobs"][0]["id"]
    values = {"{ref}": "a", "{job_id}": job, "{x}": "1", "{y}": "2"}
    found = [
        path
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        if "get" in operations
    ]
    for name, value in values.items():
        found = [path.replace(name, value) for path in found]
    return [
        *found,
        "/docs",
        "/redoc",
        "/openapi.json",
        "/models/",
        "/nothing",
        "/models/b",
        "/models/a/weights/9/9",
    ]


def test_wherever_there_is_get(trained: TestClient) -> None:
    asked = [path for path in paths(trained) if path not in ("/", "/kohonen")]
    assert len(asked) > 20
    for path in asked:
        whole, head = trained.get(path), trained.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        told = {name: value for name, value in whole.headers.items() if name not in PASSING}
        assert {name: value for name, value in head.headers.items() if name not in PASSING} == told, path


def test_what_has_not_been_modified(trained: TestClient) -> None:
    tag = trained.head("/models/a/image").headers["etag"]
    assert trained.head("/models/a/image", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/", "/kohonen"])
def test_nothing_is_trained_for_it(client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = client.get(f"{path}?width=3&height=2&iterations=2")

    def train(*_: Any, **__: Any) -> None:
        raise AssertionError("nobody sees the picture")

    monkeypatch.setattr("app.training.service.train", train)
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-disposition", "vary"):
        assert head.headers[name] == whole.headers[name]
    assert "content-length" not in head.headers
    for query in (
        "width=0",
        "width=9999",
        "input_size=1000000000",
        "iterations=1000000&input_size=9999",
        "x=1",
    ):
        assert client.head(f"{path}?{query}").status_code == 422


def test_where_there_is_no_get(client: TestClient) -> None:
    answer = client.head("/train")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")
    assert client.put("/models/a").headers["allow"] == "DELETE, GET, HEAD"
    assert client.put("/docs").headers["allow"] == "GET, HEAD"
