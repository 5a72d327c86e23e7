import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from kohonen import SelfOrganizingMap

MakeClient = Callable[..., TestClient]
COLOURS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
BODY: dict[str, Any] = {"colours": COLOURS, "width": 6, "height": 4, "iterations": 20, "random_state": 1}
MANY = ("/models/latest/predict", "/predict-batch")
VECTORS = np.random.default_rng(5).random((40, 3))


@pytest.fixture
def trained(client: TestClient) -> TestClient:
    assert client.post("/train", json=BODY).status_code == 201
    return client


def expected() -> list[dict[str, float]]:
    som = SelfOrganizingMap(6, 4, iterations=20, random_state=1).fit(COLOURS)
    units = som.predict(VECTORS)
    distances = som.transform(VECTORS).min(axis=1)
    return [
        {"bmu_x": int(x), "bmu_y": int(y), "distance": float(distance)}
        for (x, y), distance in zip(units, distances, strict=True)
    ]


@pytest.mark.parametrize("path", MANY)
def test_as_the_library_does(trained: TestClient, path: str) -> None:
    answer = trained.post(path, json={"data": VECTORS.tolist()})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    results = answer.json()["results"]
    assert [(one["bmu_x"], one["bmu_y"]) for one in results] == [
        (one["bmu_x"], one["bmu_y"]) for one in expected()
    ]
    np.testing.assert_allclose(
        [one["distance"] for one in results], [one["distance"] for one in expected()], rtol=1e-12
    )


def test_one_vector_is_a_flat_answer(trained: TestClient) -> None:
    vector = VECTORS[0].tolist()
    answer = trained.post("/predict-bmu", json={"data": vector})
    assert answer.json() == trained.post("/predict-batch", json={"data": [vector]}).json()["results"][0]
    assert answer.json() == trained.post("/predict-batch", json={"data": vector}).json()["results"][0]
    assert set(answer.json()) == {"bmu_x", "bmu_y", "distance"}


@pytest.mark.parametrize("path", MANY)
def test_tables_in_and_out(trained: TestClient, path: str) -> None:
    table = io.StringIO()
    csv.writer(table).writerows(VECTORS.tolist())
    headers = {"Content-Type": "text/csv", "Accept": "text/csv"}
    answer = trained.post(path, content=table.getvalue(), headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    results = trained.post(path, json={"data": VECTORS.tolist()}).json()["results"]
    assert [{key: json.loads(value) for key, value in row.items()} for row in rows] == results


def test_a_table_as_a_spreadsheet_saves_it(trained: TestClient) -> None:
    headers = {"Content-Type": "text/csv", "Accept": "text/csv"}
    plain = trained.post("/predict-batch", content=b"0,0.5,1\n1,0,0\n", headers=headers)
    saved = trained.post("/predict-batch", content=b"\xef\xbb\xbf0,0.5,1\r\n1,0,0\r\n", headers=headers)
    assert (saved.status_code, saved.text) == (200, plain.text)


def test_blocks_join_up(trained: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained.post("/predict-batch", json={"data": VECTORS.tolist()}).json()
    monkeypatch.setattr("kohonen.analysis.predictions.BLOCK", 7)
    assert trained.post("/predict-batch", json={"data": VECTORS.tolist()}).json() == whole


WRONG: list[tuple[Any, str]] = [
    ({"data": [[1, 2]]}, "/data"),
    ({"data": [1, 2]}, "/data"),
    ({"data": [[1, 2, 3], [1, 2]]}, "/data"),
    ({"data": []}, "/data"),
    ({"data": [[]]}, "/data"),
    ({"data": [[1, 2, "3"]]}, "/data/0/2"),
    ({"data": [1, 2, "3"]}, "/data/2"),
    ({"data": [1, 2, [3]]}, "/data/2"),
    ({"data": [[1, 2, True]]}, "/data/0/2"),
    ({"data": [[None, None, None]]}, "/data"),
    ({"data": [[1, 2, 3], 4]}, "/data/1"),
    ({"data": [[1, 2, 1e200]]}, "/data"),
    ({"data": "1,2,3"}, "/data"),
    ({"data": {"0": 1}}, "/data"),
    ({"data": [[[1, 2, 3]]]}, "/data/0/0"),
    ({}, ""),
    ({"data": [[1, 2, 3]], "more": 1}, "/more"),
    ([[1, 2, 3]], ""),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=[str(index) for index in range(len(WRONG))])
@pytest.mark.parametrize("path", MANY)
def test_what_is_no_vector(trained: TestClient, path: str, body: Any, field: str) -> None:
    answer = trained.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == field


@pytest.mark.parametrize(
    "body",
    [{"data": [[1, 2, 3]]}, {"data": [1, 2]}, {"data": []}, {"data": [1, 2, "3"]}, {"data": [1, 2, True]}],
)
def test_what_is_not_one_vector(trained: TestClient, body: Any) -> None:
    assert trained.post("/predict-bmu", json=body).status_code == 422


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a,b,c\n", b"1,2,3\n1,2\n", b"nan,nan,nan\n", b"1,inf,2\n", b"\xff"]
)
def test_what_is_no_table(trained: TestClient, content: bytes) -> None:
    answer = trained.post("/predict-batch", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "content", [b"{", b"", b'{"data": [[NaN, 1, 2]]}', b"\xff\xfe", b'{"data": [[1,2,3],']
)
def test_what_is_no_json(trained: TestClient, content: bytes) -> None:
    for path in (*MANY, "/predict-bmu"):
        answer = trained.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_media_types(trained: TestClient) -> None:
    for path in (*MANY, "/predict-bmu"):
        answer = trained.post(path, content=b"1,2,3", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415
    answer = trained.post("/predict-batch", json={"data": [[1, 2, 3]]}, headers={"Accept": "image/png"})
    assert answer.status_code == 406


def test_too_many(make_client: MakeClient) -> None:
    client = make_client(max_vectors=10, max_body_bytes=2000)
    client.post("/train", json=BODY)
    assert client.post("/predict-batch", json={"data": [[0, 0, 0]] * 10}).status_code == 200
    for request in (
        {"json": {"data": [[0, 0, 0]] * 11}},
        {"json": {"data": [[0, 0, 0]] * 100}},
        {"content": b"0,0,0\n" * 100, "headers": {"Content-Type": "text/csv"}},
    ):
        answer = client.post("/predict-batch", **request)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:kohonen:problem:over-limit"
    assert client.post("/predict-batch", json={"data": [[0, 0, 0]] * 1000}).status_code == 413


def test_too_much_work(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.training.limits.COMPARISON_SECONDS", 1e-6)
    client.post("/train", json={**BODY, "width": 100, "height": 100, "iterations": 1})
    answer = client.post("/predict-batch", json={"data": [[0, 0, 0]] * 20_000})
    assert answer.status_code == 422
    assert "at a time" in answer.json()["detail"]


def test_an_answer_that_cannot_be_sent(make_client: MakeClient) -> None:
    client = make_client(max_answer_bytes=1000)
    client.post("/train", json=BODY)
    answer = client.post("/predict-batch", json={"data": [[0, 0, 0]] * 20})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:kohonen:problem:answer-too-large"
    assert "send 12 at a time" in answer.json()["detail"]
    table = client.post("/predict-batch", json={"data": [[0, 0, 0]] * 20}, headers={"Accept": "text/csv"})
    assert table.status_code == 200
    assert len(table.content) < 1000


MONSTERS = {
    "arrays": b'{"data": [' + b"[0]," * 300_000 + b"[0]]}",
    "values": b'{"data": [' + b"0," * 500_000 + b"0]}",
    "objects": b'{"data": [' + b"{}," * 300_000 + b"{}]}",
}


@pytest.mark.parametrize("what", MONSTERS)
def test_what_would_fill_the_memory_is_not_parsed(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    client = make_client(max_vectors=1_000, max_samples=1_000, max_job_samples=1_000)
    client.post("/train", json=BODY)
    monkeypatch.setattr("app.web.body.parse", None)
    for path in (*MANY, "/predict-bmu", "/train", "/models/latest/fit"):
        answer = client.post(path, content=MONSTERS[what], headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "urn:kohonen:problem:over-limit"
        assert what in answer.json()["detail"]
