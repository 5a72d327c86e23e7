"""Sample weights through the API: arrays, columns, jobs, continued trainings, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.app import create_app
from app.settings import Settings
from app.training.request import TrainingRequest
from kohonen import Parameters, Preparation, train
from tests.app.api.test_downloads import weights
from tests.app.bench import Bench

MakeClient = Callable[..., TestClient]
DATA = [[0.0, 1.0], [1.0, 0.5], [0.25, 0.25]]
WEIGHTS = [1.0, 0.0, 2.5]
MAP: dict[str, Any] = {"width": 4, "height": 3, "iterations": 8, "random_state": 1, "algorithm": "batch"}
BODY: dict[str, Any] = {"data": DATA, "sample_weight": WEIGHTS, "final_sigma": 0.3, **MAP}
PARAMETERS = Parameters(**MAP, final_sigma=0.3)
CSV = "a,count,b\n0,1,1\n1,0,0.5\n0.25,2.5,0.25\n"
JSON = {"Accept": "application/json"}


def made(client: TestClient, body: Any, path: str = "/train", status: int = 201) -> Any:
    answer = client.post(path, json=body, headers=JSON)
    assert answer.status_code == status, answer.text
    return answer.json()


def stored(client: TestClient, card: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return weights(client.get(f"/models/{card['id']}/download").content, "npy")


def test_vectors_have_weights(client: TestClient) -> None:
    card = made(client, BODY)
    expected = train(DATA, PARAMETERS, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(stored(client, card), expected.weights)
    assert card["parameters"]["final_sigma"] == 0.3
    assert len(card["data"]["sample_weight"]) == 64
    assert made(client, BODY, status=200) == card
    plain = made(client, {**BODY, "sample_weight": None})
    assert plain["id"] != card["id"]
    assert plain["data"]["sample_weight"] is None
    # The stored samples have no column more than those trained on.
    assert client.get(f"/models/{card['id']}/image?view=hits").status_code == 200


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_column_has_the_weights(client: TestClient, form: str) -> None:
    if form == "json":
        table = {"a": [0, 1, 0.25], "count": WEIGHTS, "b": [1, 0.5, 0.25]}
        card = made(client, {"columns": table, "sample_weight": "count", **MAP})
    else:
        query = {**MAP, "sample_weight": "count"}
        headers = {**JSON, "Content-Type": "text/csv"}
        answer = client.post("/train", content=CSV, params=query, headers=headers)
        assert answer.status_code == 201, answer.text
        card = answer.json()
    roles = {column["name"]: column["role"] for column in card["preparation"]["columns"]}
    assert roles == {"a": "number", "count": "weight", "b": "number"}
    table = {"a": [0, 1, 0.25], "b": [1, 0.5, 0.25]}
    samples = Preparation.fit(table).transform(table)
    expected = train(samples, Parameters(**MAP), sample_weight=WEIGHTS)
    np.testing.assert_array_equal(stored(client, card), expected.weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"algorithm": "online"}, 'takes no sample weights: use the algorithm "batch"'),
        ({"sample_weight": [1.0]}, "a sample weight for each of 3 samples"),
        ({"sample_weight": [1.0, -1.0, 1.0]}, "must not be negative"),
        ({"sample_weight": [0.0, 0.0, 0.0]}, "at least one sample weight must be above zero"),
        ({"sample_weight": "count"}, "the name of a column is for a table"),
        ({"final_sigma": 0}, "greater than 0"),
    ],
)
def test_weights_that_are_refused(client: TestClient, change: dict[str, Any], message: str) -> None:
    answer = client.post("/train", json={**BODY, **change})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (
        error["pointer"]
        == f"/{next(iter({'sample_weight', 'final_sigma'} & change.keys()), 'sample_weight')}"
    )
    assert message in error["message"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("other", "there is no column 'other' of sample weights"),
        ("gap", "no weight in row 2"),
        ("text", "holds"),
    ],
)
def test_columns_that_are_refused(client: TestClient, column: str, message: str) -> None:
    table = {"a": [0, 1, 2], "gap": [1, None, 2], "text": ["x", "y", "z"]}
    answer = client.post("/train", json={"columns": table, "sample_weight": column, **MAP})
    assert answer.status_code == 422
    assert message in answer.text


def test_a_training_goes_on_with_the_weights_kept(client: TestClient) -> None:
    parent = made(client, BODY)
    child = made(client, {"iterations": 4}, f"/models/{parent['id']}/fit")
    expected = train(
        DATA, PARAMETERS, sample_weight=WEIGHTS, initial_weights=stored(client, parent),
        first_iteration=8, last_iteration=12,
    )  # fmt: skip
    np.testing.assert_array_equal(stored(client, child), expected.weights)
    assert made(client, {"iterations": 4, **{k: BODY[k] for k in ("data", "sample_weight")}},
                f"/models/{parent['id']}/fit", 200) == child  # fmt: skip
    others = [
        {"iterations": 4, "sample_weight": [3.0, 1.0, 1.0]},
        {"iterations": 4, "data": DATA},
        {"iterations": 4, "schedule": "restart", "final_sigma": 0.5},
    ]
    ids = {made(client, other, f"/models/{parent['id']}/fit")["id"] for other in others}
    assert len({child["id"], *ids}) == 4


def test_a_table_goes_on_with_other_weights(client: TestClient) -> None:
    parent = made(client, {"columns": {"a": [0, 1, 0.25], "b": [1, 0.5, 0.25]}, **MAP})
    path = f"/models/{parent['id']}/fit"
    columns = {"a": [0, 1, 0.25], "count": WEIGHTS, "b": [1, 0.5, 0.25]}
    child = made(client, {"columns": columns, "sample_weight": "count", "iterations": 4}, path)
    query: dict[str, Any] = {"sample_weight": "count", "iterations": 4}
    headers = {**JSON, "Content-Type": "text/csv"}
    answer = client.post(path, content=CSV, params=query, headers=headers)
    assert (answer.status_code, answer.json()) == (200, child)
    answer = client.post(path, content=CSV, params={**query, "sample_weight": "other"}, headers=headers)
    assert answer.status_code == 422
    assert "there is no column 'other' of sample weights" in answer.text


def test_weights_of_rows_without_values_are_dropped(client: TestClient) -> None:
    columns = {"a": [0, None, 1], "b": [1, None, 0.5]}
    card = made(client, {"columns": columns, "sample_weight": [1, 5, 2], **MAP})
    assert card["data"]["samples"] == 2
    columns = {"a": [0, 1], "b": [1, 0.5]}
    assert made(client, {"columns": columns, "sample_weight": [1, 2], **MAP}, status=200)["id"] == card["id"]


def test_a_job_has_weights(bench: Bench) -> None:
    request = TrainingRequest(np.array(DATA), PARAMETERS, sample_weight=np.array(WEIGHTS))
    job = bench.submit(request)
    bench.run(bench.worker())
    expected = train(DATA, PARAMETERS, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(bench.weights(job.id), expected.weights)
    card = bench.models.find(request.id)
    assert card is not None
    np.testing.assert_array_equal(bench.models.data(card).sample_weight, WEIGHTS)


def test_a_model_of_another_version_is_refused() -> None:
    with TestClient(create_app(Settings(store="memory:"))) as client:
        card = made(client, BODY)
        store = client.app.state.models.store  # type: ignore[attr-defined]
        (key,) = [key for key in store.keys(f"models/{card['id']}/") if key.endswith(".json")]
        blob = store.read(key, max_bytes=10**6)
        older = blob.data.replace(b'"schema_version": 2', b'"schema_version": 1')
        assert older != blob.data
        store.replace(key, older, version=blob.version, content_type="application/json")
        answer = client.get(f"/models/{card['id']}")
        assert answer.status_code == 409
        assert "stored under version 1 of the contract" in answer.json()["detail"]
        assert client.delete(f"/models/{card['id']}").status_code == 204
        assert made(client, BODY)["id"] == card["id"]
