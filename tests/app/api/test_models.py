from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.storage.port import Store

SMALL: dict[str, Any] = {"colours": ["red"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}


@pytest.fixture
def stored(client: TestClient) -> str:
    return str(client.post("/train", json=SMALL).headers["Kohonen-Model-Id"])


def store_of(client: TestClient) -> Store:
    store: Store = client.app.state.models.store  # type: ignore[attr-defined]
    return store


@pytest.mark.parametrize("path", ["", "/download"])
@pytest.mark.parametrize(
    "model_id", ["0" * 32, "latest", "best", "sunset", "sunset@3", "sunset@best", "..%2f..%2fetc", "X" * 500]
)
def test_no_such_model(client: TestClient, model_id: str, path: str) -> None:
    answer = client.get(f"/models/{model_id}{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def replace(store: Store, key: str, data: bytes) -> None:
    store.delete(key)
    assert store.create(key, data, content_type="application/octet-stream")


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 1000])
def test_damaged_weights(client: TestClient, stored: str, damage: bytes) -> None:
    store = store_of(client)
    (key,) = store.keys(f"models/{stored}/weights")
    replace(store, key, damage)
    for answer in (client.get(f"/models/{stored}/download"), client.post("/train", json=SMALL)):
        assert answer.status_code == 500
        assert answer.json()["type"] == "urn:kohonen:problem:damaged-model"
        assert stored in answer.json()["detail"]
    assert store.keys(f"models/{stored}/weights") == [key]


def test_missing_weights(client: TestClient, stored: str) -> None:
    store = store_of(client)
    (key,) = store.keys(f"models/{stored}/weights")
    store.delete(key)
    assert client.get(f"/models/{stored}/download").status_code == 500


@pytest.mark.parametrize("damage", [b"", b"{}", b"nonsense", b" " * (2**20 + 1)])
def test_damaged_card(client: TestClient, stored: str, damage: bytes) -> None:
    replace(store_of(client), f"models/{stored}/card.json", damage)
    assert client.get(f"/models/{stored}").status_code == 500


def test_the_card_of_another(client: TestClient, stored: str) -> None:
    store = store_of(client)
    card = store.read(f"models/{stored}/card.json", max_bytes=10**6).data
    other = "f" * 32
    store.create(f"models/{other}/card.json", card, content_type="application/json")
    assert client.get(f"/models/{other}").status_code == 500


def test_what_a_crash_left_is_in_nobodys_way(client: TestClient, stored: str) -> None:
    """Weights without a card are no model; the same request makes it one."""
    store_of(client).delete(f"models/{stored}/card.json")
    assert client.get(f"/models/{stored}").status_code == 404
    assert client.post("/train", json=SMALL).status_code == 201
    assert client.get(f"/models/{stored}/download").status_code == 200


def test_weights_too_large_to_send_are_a_problem_without_links(make_client: Any) -> None:
    client = make_client(max_answer_bytes=100)
    model_id = client.post("/train", json=SMALL).headers["Kohonen-Model-Id"]
    answer = client.get(f"/models/{model_id}/download")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:kohonen:problem:answer-too-large"


def test_weights_too_large_to_send_are_a_redirect_with_links(
    make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(max_answer_bytes=100)
    model_id = client.post("/train", json=SMALL).headers["Kohonen-Model-Id"]
    monkeypatch.setattr(
        store_of(client), "link", lambda key, **_: f"https://store.example/{key}", raising=False
    )
    answer = client.get(f"/models/{model_id}/download", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"https://store.example/models/{model_id}/weights-")
