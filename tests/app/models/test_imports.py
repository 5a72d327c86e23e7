"""Cards and archives that come from outside."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.models.card import StoredCard
from app.models.imports import add_archive
from app.models.reading import ModelReader
from app.models.registry import Models
from app.storage.memory import MemoryStore

BODY = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}
MOST = 10_000
POINT = {"iteration": 0, "quantization_error": float("nan")}


@pytest.fixture
def archive(client: TestClient) -> bytes:
    client.post("/train", json=BODY).raise_for_status()
    return client.get("/models/latest/download?format=npz").content


def card_of(archive: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(archive)) as parts:
        return json.loads(str(parts["card"]))  # type: ignore[no-any-return]


def with_card(archive: bytes, document: object) -> io.BytesIO:
    with np.load(io.BytesIO(archive)) as parts:
        weights = parts["weights"]
    file = io.BytesIO()
    np.savez(file, weights=weights, card=np.array(json.dumps(document)))
    file.seek(0)
    return file


def test_an_archive_is_stored_and_marked_as_unverified(archive: bytes) -> None:
    models = Models(MemoryStore())
    stored = add_archive(models, io.BytesIO(archive), most_weights=MOST)
    assert stored.card.unverified
    assert models.card(stored.card.id).unverified
    assert not card_of(archive)["unverified"]


def edited(**fields: Any) -> Callable[[dict[str, Any]], None]:
    def edit(card: dict[str, Any]) -> None:
        for path, value in fields.items():
            *parents, name = path.split("__")
            place = card
            for parent in parents:
                place = place[parent]
            place[name] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (edited(id="latest"), "not 32 hexadecimal digits"),
        (edited(id="x"), "not 32 hexadecimal digits"),
        (edited(id="0" * 32), "not the id of the training"),
        (edited(created_at="2026-01-01T00:00:00"), "no time zone"),
        (edited(created_at="0001-01-01T00:00:00Z"), "not from 2000 to 2199"),
        (edited(created_at="9999-12-31T23:59:59Z"), "not from 2000 to 2199"),
        (edited(quality__quantization_error=float("nan")), "quantization_error"),
        (edited(quality__quantization_error=float("inf")), "quantization_error"),
        (edited(quality__history={"samples": 1, "points": [POINT]}), "history"),
        (edited(parameters__width=4), "width and height are not the weights'"),
        (edited(parameters__grid="round"), "grid"),
        (edited(parameters__algorithm="magic"), "algorithm"),
        (edited(parameters__iterations=3), "not the id of the training"),
        (edited(data__dimension=4), "the dimension of the data is not that of the weights"),
        (edited(data__samples=-1), "empty"),
        (edited(data__fingerprint="x"), "checksum"),
        (edited(weights__bytes=10**12), "bytes is impossible"),
        (edited(weights__shape=[200, 200, 3], parameters__width=200, parameters__height=200), "limit"),
        (edited(weights__shape=[0, 2, 3], parameters__width=0), "empty"),
    ],
)  # fmt: skip
def test_a_card_that_is_not_valid_is_refused(
    archive: bytes, edit: Callable[[dict[str, Any]], None], says: str
) -> None:
    models, card = Models(MemoryStore()), card_of(archive)
    edit(card)
    with pytest.raises(ValueError, match=says):
        add_archive(models, with_card(archive, card), most_weights=MOST)
    assert models.store.keys("") == []


def test_a_damaged_archive_is_refused(archive: bytes) -> None:
    # One byte at a time, in each part of the file.
    for place in range(0, len(archive), 7):
        damaged = bytearray(archive)
        damaged[place] ^= 0x55
        models = Models(MemoryStore())
        try:
            add_archive(models, io.BytesIO(damaged), most_weights=MOST)
        except ValueError:
            assert models.store.keys("") == []


def test_a_bomb_is_not_unpacked(archive: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        with zipfile.ZipFile(io.BytesIO(archive)) as whole:
            bomb.writestr("card.npy", whole.read("card.npy"))
        bomb.writestr("weights.npy", bytes(2**24))
    file.seek(0)
    with pytest.raises(ValueError, match="larger than it can be"):
        add_archive(Models(MemoryStore()), file, most_weights=MOST)


@pytest.mark.parametrize(
    "edit", [edited(created_at="2026-01-01T00:00:00"), edited(parameters__width=4), edited(id="latest")]
)
def test_a_card_in_the_store_that_is_not_valid_is_damaged_and_can_be_removed(
    client: TestClient, archive: bytes, edit: Callable[[dict[str, Any]], None]
) -> None:
    models: Models = client.app.state.models  # type: ignore[attr-defined]
    assert isinstance(models, ModelReader)
    model_id = card_of(archive)["id"]
    key = f"models/{model_id}/card.json"
    card = json.loads(models.store.read(key, max_bytes=10_000).data)
    edit(card)
    models.store.delete(key)
    models.store.create(key, json.dumps(card).encode(), content_type="application/json")
    assert client.get(f"/models/{model_id}").json()["type"] == "urn:kohonen:problem:damaged-model"
    other = client.post("/train", json={**BODY, "random_state": 2}, headers={"Accept": "application/json"})
    assert client.get("/models/latest").json()["id"] == other.json()["id"]
    assert client.delete(f"/models/{model_id}").status_code == 204
    assert client.post("/train", json=BODY).status_code == 201


@pytest.mark.parametrize("damage", ["card", "weights", "no weights"])
@pytest.mark.parametrize("ref", ["latest", "best", "a"])
def test_a_reference_that_moves_passes_over_what_is_damaged(
    client: TestClient, damage: str, ref: str
) -> None:
    accept = {"Accept": "application/json"}
    whole, newest = (
        client.post("/train", json={**BODY, "name": "a", "random_state": seed}, headers=accept).json()["id"]
        for seed in (1, 2)
    )
    models: Models = client.app.state.models  # type: ignore[attr-defined]
    broken = {"best": models.resolve("best").id}.get(ref, newest)
    rest = whole if broken == newest else newest
    card: StoredCard = models.card(broken)
    key = f"models/{broken}/card.json" if damage == "card" else card.weights_key
    models.store.delete(key)
    if damage != "no weights":
        models.store.create(key, b"{}", content_type="x/y")
    for path in ("image", "report", "clusters", "download", "image?view=u-matrix"):
        answer = client.get(f"/models/{ref}/{path}")
        assert (answer.status_code, answer.headers["Kohonen-Model-Id"]) == (200, rest)
    assert client.get(f"/models/{broken}/image").json()["type"] == "urn:kohonen:problem:damaged-model"
    assert client.delete(f"/models/{rest}").status_code == 204
    answer = client.get(f"/models/{ref}/image")
    assert answer.json()["type"] == "urn:kohonen:problem:damaged-model", answer.text
