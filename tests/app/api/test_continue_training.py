from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from kohonen import Parameters, train
from kohonen.inputs.colours import parse_colours
from tests.app.api.test_downloads import weights

COLOURS = ["red", "blue", "gold"]
BODY: dict[str, Any] = {"colours": COLOURS, "width": 6, "height": 4, "iterations": 20, "random_state": 1}
PARAMETERS = Parameters(width=6, height=4, iterations=20, random_state=1)
JSON = {"Accept": "application/json"}


def make(client: TestClient, path: str, body: Any, status: int = 201) -> Any:
    answer = client.post(path, json=body, headers=JSON)
    assert answer.status_code == status, answer.text
    return answer.json()


def stored(client: TestClient, card: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return weights(client.get(f"/models/{card['id']}/download").content, "npy")


def test_a_child_continues_the_schedule(client: TestClient) -> None:
    parent = make(client, "/train", BODY)
    child = make(client, f"/models/{parent['id']}/fit", {"iterations": 10})
    assert child["lineage"] == {
        "parent": parent["id"], "schedule": "continued", "first_iteration": 20, "last_iteration": 30,
    }  # fmt: skip
    assert child["links"]["parent"] == f"/models/{parent['id']}"
    assert child["parameters"] == parent["parameters"]
    whole = train(parse_colours(COLOURS), PARAMETERS, last_iteration=30)
    np.testing.assert_array_equal(stored(client, child), whole.weights)
    grandchild = make(client, f"/models/{child['id']}/fit", {"iterations": 5})
    assert grandchild["lineage"]["first_iteration"] == 30
    whole = train(parse_colours(COLOURS), PARAMETERS, last_iteration=35)
    np.testing.assert_array_equal(stored(client, grandchild), whole.weights)


def test_a_child_starts_the_schedule_again(client: TestClient) -> None:
    parent = make(client, "/train", BODY)
    body = {"schedule": "restart", "iterations": 7, "sigma": 1.5, "learning_rate": 0.5, "data": [[0, 1, 0]]}
    child = make(client, "/models/latest/fit", body)
    assert child["lineage"]["schedule"] == "restarted"
    assert (child["parameters"]["iterations"], child["parameters"]["sigma"]) == (7, 1.5)
    parameters = Parameters(width=6, height=4, iterations=7, sigma=1.5, learning_rate=0.5, random_state=1)
    expected = train([[0, 1, 0]], parameters, initial_weights=stored(client, parent))
    np.testing.assert_array_equal(stored(client, child), expected.weights)
    assert make(client, f"/models/{parent['id']}/fit", {"schedule": "restart"})["parameters"] == {
        **parent["parameters"]
    }


def test_the_same_again_is_the_same_child(client: TestClient) -> None:
    parent = make(client, "/train", BODY)
    path = f"/models/{parent['id']}/fit"
    first = make(client, path, {"iterations": 10})
    assert make(client, path, {"iterations": 10, "colours": COLOURS}, status=200) == first
    others = [make(client, path, body) for body in ({}, {"iterations": 11}, {"schedule": "restart"})]
    assert len({first["id"], parent["id"], *(other["id"] for other in others)}) == 5
    assert client.get(f"/models/{parent['id']}").json() == parent


def test_a_child_may_have_a_name_and_a_picture(client: TestClient) -> None:
    parent = make(client, "/train", {**BODY, "name": "sunset"})
    answer = client.post("/models/sunset/fit", json={"name": "sunset", "iterations": 3})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["Kohonen-Model-Revision"] == "sunset@2"
    assert client.get("/models/sunset").json()["lineage"]["parent"] == parent["id"]
    assert make(client, "/models/sunset/fit", {"persist": False, "iterations": 9}, status=200)["lineage"]
    assert len(client.get("/models").json()["models"]) == 2


def test_a_child_outlives_its_parent(client: TestClient) -> None:
    parent = make(client, "/train", BODY)
    child = make(client, "/models/latest/fit", {})
    client.delete(f"/models/{parent['id']}")
    assert client.get(f"/models/{child['id']}").json() == child


def test_without_the_data(client: TestClient) -> None:
    parent = make(client, "/train", {**BODY, "keep_data": False})
    path = f"/models/{parent['id']}/fit"
    assert make(client, path, {}, status=409)["type"] == "urn:kohonen:problem:data-not-kept"
    make(client, path, {"colours": COLOURS})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": [[1, 2]]}, 422),
        ({"data": []}, 422),
        ({"colours": []}, 422),
        ({"colours": ["red"], "data": [[1, 2, 3]]}, 422),
        ({"sigma": 2}, 422),
        ({"schedule": "continue", "learning_rate": 0.1}, 422),
        ({"schedule": "again"}, 422),
        ({"iterations": 0}, 422),
        ({"iterations": 10**9}, 422),
        ({"width": 3}, 422),
        ({"name": "best"}, 422),
    ],
)
def test_what_cannot_be_fitted(client: TestClient, body: Any, status: int) -> None:
    make(client, "/train", BODY)
    make(client, "/models/latest/fit", body, status=status)


def test_without_a_parent(client: TestClient) -> None:
    make(client, "/models/latest/fit", {}, status=404)
