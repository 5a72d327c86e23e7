"""Invalid requests: the answers report what is wrong, and how to fix it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

MakeClient = Callable[..., TestClient]


def problem(answer: Any, status: int) -> Any:
    """Check that an answer is a problem detail of a status, and return it."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert set(document) <= {"type", "title", "status", "detail", "errors"}
    assert "Traceback" not in answer.text
    return document


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"colours": []}, "/colours", "at least one"),
        ({"colours": None}, "", "either 'colours' or 'data'"),
        ({"data": [[1.0]]}, "", "not both"),
        ({"colours": [[300, 0, 0]]}, "/colours/0", '"colour_range": 255'),
        ({"colours": ["red", [1, 2, 3]]}, "/colours/1", '"colour_range": 255'),
        ({"colours": ["red", "gould"]}, "/colours/1", "gold"),
        ({"colours": ["#12345"]}, "/colours/0", "3 or 6 hexadecimal digits"),
        ({"colours": [[0.1, 0.2]]}, "/colours/0", "this list has 2 values"),
        ({"colours": [[True, 0, 0]]}, "/colours/0", ""),
        ({"colours": [["0.1", 0, 0]]}, "/colours/0", ""),
        ({"colours": [None]}, "/colours/0", ""),
        ({"colours": "red"}, "/colours", "valid array"),
        ({"colours": ["red"] * 10_001}, "/colours", "10,001 samples is over the limit of 10,000"),
        ({"colours": None, "data": []}, "/data", "at least one sample"),
        ({"colours": None, "data": [[]]}, "/data", "at least one sample"),
        ({"colours": None, "data": [[1], [1, 2]]}, "/data", "rectangular"),
        ({"colours": None, "data": [[1, "2"]]}, "/data/0/1", "valid number"),
        ({"colours": None, "data": [[1, True]]}, "/data/0/1", "valid number"),
        ({"colours": None, "data": [[1e200]]}, "/data", "magnitude"),
        ({"colours": None, "data": [[0.0] * 1025]}, "/data", "over the limit of 1,024"),
        ({"width": 0}, "/width", "greater than or equal to 1"),
        ({"width": -5}, "/width", "greater than or equal to 1"),
        ({"height": True}, "/height", "valid integer"),
        ({"height": "7"}, "/height", "valid integer"),
        ({"height": 7.5}, "/height", "integer"),
        ({"width": 2001}, "/width", "over the limit of 2,000"),
        ({"width": 10**400}, "/width", "less than or equal to"),
        ({"width": 1001, "height": 1000}, "/width", "over the limit of 1,000,000"),
        ({"iterations": 0}, "/iterations", "greater than or equal to 1"),
        ({"iterations": 1_000_001}, "/iterations", "over the limit of 1,000,000"),
        ({"width": 1000, "height": 1000, "iterations": 1_000_000}, "/iterations", "fewer iterations"),
        ({"learning_rate": 0}, "/learning_rate", "greater than 0"),
        ({"learning_rate": 1.5}, "/learning_rate", "less than or equal to 1"),
        ({"sigma": 0}, "/sigma", "greater than 0"),
        ({"random_state": -1}, "/random_state", "greater than or equal to 0"),
        ({"random_state": 2**53}, "/random_state", "less than or equal to"),
        ({"algorithm": "magic"}, "/algorithm", "'online'"),
        ({"colour_range": 100}, "/colour_range", "1 or 255"),
        ({"persist": 1}, "/persist", "boolean"),
        ({"color": ["red"]}, "/color", "no such field"),
        ({"a/b~c": 1}, "/a~1b~0c", "no such field"),
    ],
)
def test_values_that_do_not_fit(client: TestClient, change: dict[str, Any], pointer: str, says: str) -> None:
    document = problem(client.post("/train", json={"colours": ["red", "blue"], **change}), 422)
    assert document["errors"][0]["pointer"] == pointer
    assert says in document["errors"][0]["message"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{{"data": [[{}]]}}', "/data/0/0"),
        ('{{"colours": [[0, 0, {}]]}}', "/colours/0"),
        ('{{"colours": ["red"], "sigma": {}}}', "/sigma"),
        ('{{"colours": ["red"], "width": {}}}', "/width"),
    ],
)
def test_numbers_that_are_none(client: TestClient, body: str, pointer: str, value: str) -> None:
    document = problem(post(client, body.format(value).encode()), 422)
    assert document["errors"][0]["pointer"] == pointer


def post(client: TestClient, content: Any, content_type: str = "application/json") -> Any:
    return client.post("/train", content=content, headers={"content-type": content_type})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"colours": ["red"',
        b"not json",
        b"\xff\xfe",
        b'{"colours": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json(client: TestClient, body: bytes) -> None:
    assert problem(post(client, body), 400)["type"] == "urn:kohonen:problem:malformed-json"


@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"red"'])
def test_json_that_is_no_object(client: TestClient, body: bytes) -> None:
    problem(post(client, body), 422)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "image/gif"])
def test_bodies_that_are_not_declared_as_json(client: TestClient, content_type: str) -> None:
    document = problem(post(client, b'{"colours": ["red"]}', content_type), 415)
    assert "content-type: application/json" in document["detail"]


def test_json_with_a_charset_is_json(client: TestClient) -> None:
    body = b'{"colours": ["red"], "width": 2, "height": 2, "iterations": 1}'
    assert post(client, body, "application/json; charset=utf-8").status_code == 201


def test_a_body_is_counted_while_it_arrives(make_client: MakeClient) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(50):
            sent += 2**20
            yield b" " * 2**20

    document = problem(post(make_client(max_body_bytes=4 * 2**20), chunks()), 413)
    assert "4,194,304" in document["detail"]


def test_many_errors_are_not_all_told(client: TestClient) -> None:
    document = problem(client.post("/train", json={"data": [["x"] * 500]}), 422)
    assert len(document["errors"]) == 20


@pytest.mark.parametrize(
    "query",
    ["width=0", "width=-1", "width=x", "width=true", "width=NaN", "iterations=0", "input_size=0", "unknown=1",
     "random_state=-1", "width=3000", "input_size=10001", "input_size=9007199254740993"],
)  # fmt: skip
def test_demo_queries_that_do_not_fit(client: TestClient, query: str) -> None:
    document = problem(client.get(f"/?{query}"), 422)
    assert document["errors"][0]["pointer"] == "/" + query.split("=")[0]


def test_nothing_there(client: TestClient) -> None:
    assert "/docs" in problem(client.get("/nothing"), 404)["detail"]


def test_not_a_thing_to_do(client: TestClient) -> None:
    answer = client.put("/train")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_what_nobody_expected(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.training.service.assess", None)
    document = problem(client.post("/train", json={"colours": ["red"], "width": 2, "height": 2}), 500)
    assert document["type"] == "about:blank"


def test_a_store_that_cannot_be_written(tmp_path: Any, make_client: MakeClient) -> None:
    (tmp_path / "file").write_text("not a folder")
    client = make_client(store=f"file:{tmp_path}/file/models")
    answer = client.post("/train", json={"colours": ["red"], "width": 2, "height": 2, "iterations": 1})
    assert "SOM_STORE" in problem(answer, 503)["detail"]
    assert str(tmp_path) not in answer.text
