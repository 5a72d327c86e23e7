import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.storage.port import Store

MakeClient = Callable[..., TestClient]
SMALL: dict[str, Any] = {"data": [[1.0, 2.5], [-3.0, 4.0]], "width": 3, "height": 2, "iterations": 4}
FORMATS = ("npy", "npz", "json", "csv")


def train(client: TestClient, **more: Any) -> str:
    answer = client.post("/train", json={**SMALL, "random_state": 1, **more})
    return str(answer.headers["Kohonen-Model-Id"])


def weights(content: bytes, form: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    match form:
        case "npy":
            return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
        case "npz":
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                return np.asarray(archive["weights"])
        case "json":
            return np.array(json.loads(content)["weights"])
        case _:
            header, *rows = csv.reader(io.StringIO(content.decode()))
            assert header == ["x", "y", "w0", "w1"]
            table = np.full((3, 2, 2), np.nan)
            for x, y, *values in rows:
                table[int(x), int(y)] = [float(value) for value in values]
            return table


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_the_same_weights(client: TestClient, form: str) -> None:
    model_id = train(client)
    answer = client.get(f"/models/{model_id}/download?format={form}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="kohonen-{model_id}.{form}"'
    expected = weights(client.get(f"/models/{model_id}/download").content, "npy")
    assert expected.shape == (3, 2, 2)
    np.testing.assert_array_equal(weights(answer.content, form), expected)


def test_media_types(client: TestClient) -> None:
    model_id = train(client)
    types = [
        client.get(f"/models/{model_id}/download?format={form}").headers["content-type"] for form in FORMATS
    ]
    octets = "application/octet-stream"
    assert types == [octets, octets, "application/json", "text/csv; charset=utf-8"]
    assert client.get(f"/models/{model_id}/download?format=pickle").status_code == 422


def test_an_archive_holds_the_card(client: TestClient) -> None:
    model_id = train(client)
    content = client.get(f"/models/{model_id}/download?format=npz").content
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        card = json.loads(str(archive["card"]))
    full = client.get(f"/models/{model_id}").json()
    del full["links"]
    assert card == full


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_too_large_is_a_link_to_the_store(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    client = make_client(max_answer_bytes=100)
    model_id = train(client)
    store: Store = client.app.state.models.store  # type: ignore[attr-defined]
    monkeypatch.setattr(
        store, "link", lambda key, *, seconds, filename: f"https://store.example/{key}", raising=False
    )
    for _ in range(2):
        answer = client.get(f"/models/{model_id}/download?format={form}", follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    key = answer.headers["location"].removeprefix("https://store.example/")
    stored = store.read(key, max_bytes=10**6).data
    larger = make_client()
    train(larger)
    expected = larger.get(f"/models/{model_id}/download").content
    np.testing.assert_array_equal(weights(stored, form), weights(expected, "npy"))
    assert client.delete(f"/models/{model_id}").status_code == 204
    assert store.keys("models/") == []


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_small_enough_is_sent(make_client: MakeClient, form: str) -> None:
    client = make_client(max_answer_bytes=4_000_000)
    model_id = train(client)
    assert client.get(f"/models/{model_id}/download?format={form}").status_code == 200
    keys = client.app.state.models.store.keys("")  # type: ignore[attr-defined]
    assert not [key for key in keys if "derived" in key]


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_too_large_is_a_problem_without_links(make_client: MakeClient, form: str) -> None:
    client = make_client(max_answer_bytes=100)
    answer = client.get(f"/models/{train(client)}/download?format={form}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:kohonen:problem:answer-too-large"


def test_pictures(client: TestClient, decode: Any) -> None:
    body = {"colours": ["red", "blue"], "width": 6, "height": 4, "iterations": 20, "random_state": 1}
    picture = client.post("/train", json=body).content
    image = client.get("/models/latest/image")
    assert image.content == picture
    assert image.headers["content-type"] == "image/png"
    strip = client.post("/train?view=input-output", json=body).content
    assert client.get("/models/latest/image?view=input-output").content == strip
    assert decode(client.get("/models/latest/image?scale=3").content).shape == (12, 18, 3)
    assert client.get("/models/latest/image?scale=0").status_code == 422
    assert client.get("/models/latest/image?scale=100000").json()["type"] == "urn:kohonen:problem:over-limit"
    assert client.get("/models/latest/image?view=upside-down").status_code == 422
    assert client.get("/models/latest/image", headers={"Accept": "text/html"}).status_code == 406


def test_a_picture_of_data_that_are_not_kept(client: TestClient) -> None:
    model_id = train(client, keep_data=False)
    answer = client.get(f"/models/{model_id}/image?view=input-output")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:kohonen:problem:data-not-kept"
    assert "keep_data" in answer.json()["detail"]
    assert client.get(f"/models/{model_id}/image").status_code == 200
