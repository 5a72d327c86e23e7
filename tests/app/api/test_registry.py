"""Names, references, lists and deletion, as callers see them."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kohonen.engines import describe_engine

SMALL: dict[str, Any] = {"colours": ["red", "blue"], "width": 4, "height": 3, "iterations": 5}
JSON = {"Accept": "application/json"}
MakeClient = Callable[..., TestClient]


def train(client: TestClient, seed: int, **more: Any) -> Any:
    answer = client.post("/train", json={**SMALL, "random_state": seed, **more}, headers=JSON)
    assert answer.is_success, answer.text
    return answer.json()


def ids(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"/models{query}")
    assert answer.status_code == 200, answer.text
    return [model["id"] for model in answer.json()["models"]]


def test_a_name_has_numbered_revisions(client: TestClient) -> None:
    first = train(client, 1, name="sunset")
    second = train(client, 2, name="sunset")
    assert (first["revision"], second["revision"]) == ("sunset@1", "sunset@2")
    for ref, made in [("sunset@1", first), ("sunset@2", second), ("sunset", second), ("latest", second)]:
        assert client.get(f"/models/{ref}").json()["id"] == made["id"], ref
    assert client.get("/models/sunset@3").status_code == 404
    assert ids(client, "?name=sunset") == [second["id"], first["id"]]
    assert [model["revision"] for model in client.get("/models?name=sunset").json()["models"]] == [
        "sunset@2", "sunset@1",
    ]  # fmt: skip


def test_the_revision_is_told_with_a_picture_too(client: TestClient) -> None:
    answer = client.post("/train", json={**SMALL, "name": "sunset"})
    assert answer.headers["Kohonen-Model-Revision"] == "sunset@1"


def test_the_newest_revision_is_not_made_again(client: TestClient) -> None:
    body = {**SMALL, "random_state": 1, "name": "sunset"}
    assert [client.post("/train", json=body).status_code for _ in range(3)] == [201, 200, 200]
    assert client.get("/models/sunset@2").status_code == 404
    train(client, 2, name="sunset")
    assert train(client, 1, name="sunset")["revision"] == "sunset@3"


def test_a_model_that_is_there_is_given_a_name(client: TestClient) -> None:
    unnamed = train(client, 1)
    answer = client.post("/train", json={**SMALL, "random_state": 1, "name": "sunset"}, headers=JSON)
    assert answer.status_code == 200
    assert answer.json() == {**unnamed, "revision": "sunset@1"}
    assert client.get("/models/sunset").json() == unnamed
    assert client.get("/models/sunset/download").status_code == 200
    assert client.get("/models/sunset/image?view=input-output").status_code == 200
    assert train(client, 1, name="other")["revision"] == "other@1"
    assert ids(client) == [unnamed["id"]]


@pytest.mark.parametrize(
    "name", ["best", "latest", "0" * 32, "Sunset", "-a", "_a", "", "a" * 65, "a.b", "a@1", "a/b", "é", "a\n"]
)
def test_what_cannot_be_a_name(client: TestClient, name: str) -> None:
    for answer in (
        client.post("/train", json={**SMALL, "name": name}),
        client.get("/models", params={"name": name}),
    ):
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["pointer"] == "/name"
        assert "a name is up to 64" in answer.json()["errors"][0]["message"]


def test_what_is_not_stored_has_no_name(client: TestClient) -> None:
    assert client.post("/train", json={**SMALL, "name": "a", "persist": False}).status_code == 422


def test_best(client: TestClient) -> None:
    made = [train(client, seed, name="even" if seed % 2 == 0 else None) for seed in range(6)]

    def error(card: Any) -> float:
        return float(card["quality"]["quantization_error"])

    assert client.get("/models/best").json()["id"] == min(made, key=error)["id"]
    assert client.get("/models/even@best").json()["id"] == min(made[::2], key=error)["id"]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("metric", ["quantization_error", "explained_variance"])
def test_what_is_best_is_a_setting(make_client: MakeClient, metric: str, ascending: bool) -> None:
    client = make_client(METRIC_KEY=metric, METRIC_ASCENDING=ascending, served_model="best")
    made = [train(client, seed, name="a") for seed in range(4)]
    wanted = sorted(made, key=lambda card: card["quality"][metric], reverse=not ascending)[0]["id"]
    for path in ("/models/best", "/models/a@best", "/model-info"):
        assert client.get(path).json()["id"] == wanted


def test_the_newest_come_first_and_in_pages(client: TestClient) -> None:
    made = [train(client, seed, name="a" if seed % 3 else None)["id"] for seed in range(7)][::-1]
    assert ids(client) == made
    found, cursor, pages = [], None, 0
    while cursor is not None or not pages:
        page = client.get(
            "/models", params={"max_results": 3, **({"cursor": cursor} if cursor else {})}
        ).json()
        found += [model["id"] for model in page["models"]]
        cursor = page["next_cursor"]
        pages += 1
    assert found == made
    assert pages == 3


@pytest.mark.parametrize("order", [None, "ascending", "descending"])
@pytest.mark.parametrize(
    "metric", ["quantization_error", "topographic_error", "explained_variance", "unused_units"]
)
@pytest.mark.parametrize("name", [None, "a"])
def test_sorting(client: TestClient, metric: str, order: str | None, name: str | None) -> None:
    for seed in range(6):
        train(client, seed, name="a" if seed % 3 or name else None)
    train(client, 9, colours=["red"], name=name)  # no variance to explain
    query = f"/models?sort={metric}&max_results=2"
    query += "".join(f"&{key}={value}" for key, value in [("order", order), ("name", name)] if value)
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{query}&cursor={cursor}" if cursor else query).json()
        found += [(model["quality"][metric], model["id"]) for model in page["models"]]
        cursor = page["next_cursor"]
    values = [value for value, _ in found]
    known = [value for value in values if value is not None]
    descending = order == "descending" or (order is None and metric == "explained_variance")
    assert known == sorted(known, reverse=descending)
    assert values == known + [None] * (7 - len(known))
    assert len({model_id for _, model_id in found}) == 7


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("max_results=0", "/max_results"),
        ("max_results=101", "/max_results"),
        ("max_results=x", "/max_results"),
        ("cursor=x", "/cursor"),
        ("cursor=Li4vLi4", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=" + "a" * 301, "/cursor"),
        ("sort=colour", "/sort"),
        ("sort=quantization_error&order=up", "/order"),
        ("order=ascending", "/order"),
    ],
)
def test_queries_that_are_not_valid(client: TestClient, query: str, field: str) -> None:
    train(client, 1)
    answer = client.get(f"/models?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == field


@pytest.mark.parametrize("way", ["", "&sort=unused_units", "&sort=unused_units&order=descending", "&name=a"])
def test_a_cursor_that_was_tampered_with(client: TestClient, way: str) -> None:
    for seed in (1, 2):
        train(client, seed, name="a")
    whole = client.get(f"/models?max_results=1{way}").json()["next_cursor"]
    assert client.get(f"/models?cursor={whole}{way}").status_code == 200
    place = base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4))
    for other in (b".", b"..", b"a", b"../" + place, b".." + place, place[:-1], place + b"0", place + b"/x"):
        cursor = base64.urlsafe_b64encode(other).decode().rstrip("=")
        answer = client.get(f"/models?cursor={cursor}{way}")
        assert answer.status_code == 422
        assert (
            answer.json()["detail"] == "/cursor: invalid cursor; use the one that the previous page returned"
        )


def test_a_list_says_enough(client: TestClient) -> None:
    made = train(client, 1)
    (listed,) = client.get("/models").json()["models"]
    assert listed["id"] == made["id"]
    assert listed["created_at"] == made["created_at"]
    assert (listed["width"], listed["height"], listed["dimension"]) == (4, 3, 3)
    assert listed["quality"] == {
        name: made["quality"][name]
        for name in ("quantization_error", "topographic_error", "explained_variance", "unused_units")
    }
    assert client.get(listed["links"]["self"]).json() == made
    assert client.get("/models?name=nobody").json() == {"models": [], "next_cursor": None}


def test_deleting(client: TestClient) -> None:
    first, second = train(client, 1, name="a"), train(client, 2, name="a")
    train(client, 1, name="b")
    assert client.delete(f"/models/{first['id']}").status_code == 204
    assert client.delete(f"/models/{first['id']}").status_code == 404
    for ref in (first["id"], "a@1", "b", "b@1"):
        assert client.get(f"/models/{ref}").status_code == 404, ref
    assert ids(client) == ids(client, "?name=a") == ids(client, "?sort=quantization_error") == [second["id"]]
    assert client.delete("/models/a@2").status_code == 204
    assert ids(client) == []
    assert client.app.state.models.store.keys("models/") == []  # type: ignore[attr-defined]
    # Numbers are not given again, not even to the same model.
    assert train(client, 2, name="a")["revision"] == "a@3"
    assert train(client, 1, name="b")["revision"] == "b@2"


@pytest.mark.parametrize("ref", ["latest", "best", "a", "a@best"])
def test_what_moves_is_not_deleted(client: TestClient, ref: str) -> None:
    made = train(client, 1, name="a")
    answer = client.delete(f"/models/{ref}")
    assert answer.status_code == 422
    assert "name@3" in answer.json()["detail"]
    assert ids(client) == [made["id"]]


def test_deleting_what_has_no_name(client: TestClient) -> None:
    made = train(client, 1)
    assert client.delete(f"/models/{made['id']}").status_code == 204
    keys = client.app.state.models.store.keys("")  # type: ignore[attr-defined]
    assert keys == ["index/complete/quantization_error-ascending"]


def test_an_empty_store_says_what_to_do(client: TestClient) -> None:
    for answer in (
        client.get("/model-info"),
        client.get("/weights/0/0"),
        client.post("/predict-bmu", json={"data": [1, 2, 3]}),
        client.post("/predict-batch", json={"data": [[1, 2, 3]]}),
        client.get("/models/latest"),
        client.get("/models/best/image"),
    ):
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:kohonen:problem:model-not-found"
        assert "POST /train" in answer.json()["detail"]


def test_the_card_says_where_and_with_what(make_client: MakeClient) -> None:
    made = train(make_client(environment="prod"), 1)
    assert made["schema_version"] == 2
    assert made["environment"] == "prod"
    assert set(made["engine"]) == {"name", "version", "numpy", "python", "seconds"}
    assert made["engine"]["name"] == describe_engine().removesuffix(" (no compiled kernel)")
    history = made["quality"]["history"]
    assert history["samples"] == 2
    assert [point["iteration"] for point in history["points"]] == [0, 1, 2, 3, 4, 5]
    assert history["points"][-1]["quantization_error"] == made["quality"]["quantization_error"]
    assert made["lineage"] is None


def test_a_trailing_slash_changes_nothing(client: TestClient) -> None:
    made = train(client, 1)
    assert client.get("/models/").json() == client.get("/models").json()
    assert client.get(f"/models/{made['id']}/").json() == made
    assert client.get("/model-info/").json() == made


def test_units(client: TestClient) -> None:
    made = train(client, 1)
    for path in (f"/models/{made['id']}/weights", "/models/latest/weights", "/weights"):
        answer = client.get(f"{path}/3/2")
        assert answer.json()["coordinates"] == {"x": 3, "y": 2}
        assert len(answer.json()["weights"]) == 3
        for outside in ("4/0", "0/3", "-1/0", "0/-1", "99999999999999999999/0"):
            answer = client.get(f"{path}/{outside}")
            assert answer.status_code == 404, outside
            assert answer.json()["type"] == "urn:kohonen:problem:unit-not-found"
        assert client.get(f"{path}/a/0").status_code == 422
        assert client.get(f"{path}/0.5/0").status_code == 422
