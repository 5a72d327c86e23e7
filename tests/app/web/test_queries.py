"""Unknown and repeated names."""

import json

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from app.app import create_app
from app.settings import Settings
from app.web.queries import StrictQuery

BODY = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}


@pytest.mark.parametrize(
    ("path", "name", "says"),
    [
        ("/models/latest/clusters?sample=false", "sample", "did you mean samples?"),
        ("/models/latest/image?veiw=hits", "veiw", "did you mean view?"),
        ("/models/latest/download?fmt=npz", "fmt", "did you mean format?"),
        ("/models/latest/report?x=1", "x", "there is no such parameter"),
        ("/models/latest?x=1", "x", "there is no such parameter"),
        ("/models?max_result=1", "max_result", "did you mean max_results?"),
        ("/model-info?x=1", "x", "there is no such parameter"),
        ("/limits?x=1", "x", "there is no such parameter"),
        ("/jobs?curser=x", "curser", "did you mean cursor?"),
        ("/kohonen?heigth=3&width=3", "heigth", "did you mean height?"),
        ("/?input_size=3&a~/b=1", "a~0~1b", "use input_size, "),
    ],
)
def test_an_unknown_parameter_is_refused(client: TestClient, path: str, name: str, says: str) -> None:
    client.post("/train", json=BODY).raise_for_status()
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:kohonen:problem:invalid-request")
    (error,) = answer.json()["errors"]
    assert error["pointer"] == f"/{name}"
    assert says in error["message"]


def test_many_applications_share_the_routes() -> None:
    for _ in range(3):
        made = create_app(Settings(store="memory:", workers=0))
    (route,) = (route for route in made.routes if getattr(route, "path", None) == "/models")
    assert isinstance(route, APIRoute)
    assert isinstance(route.app, StrictQuery)
    assert not isinstance(route.app._app, StrictQuery)


def test_monitors_may_add_what_they_like(client: TestClient) -> None:
    assert client.get("/health?t=1").status_code == 200


def test_an_unknown_field_is_answered_with_the_nearest(client: TestClient) -> None:
    answer = client.post("/train", json={**BODY, "iteration": 3})
    assert answer.json()["errors"] == [
        {"pointer": "/iteration", "message": "there is no such field: did you mean iterations?"}
    ]


@pytest.mark.parametrize(
    "body",
    [
        '{"colours": ["red"], "width": 3, "height": 3, "width": 4}',
        '{"colours": ["red"], "width": 3, "height": 3, "wi\\u0064th": 4}',
        '{"columns": {"a": [1, 2], "b": [3, 4], "a" : [5, 6]}, "width": 3, "height": 3}',
    ],
)
def test_a_repeated_key_is_refused(client: TestClient, body: str) -> None:
    answer = client.post("/train", content=body, headers={"content-type": "application/json"})
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (400, "urn:kohonen:problem:malformed-json")
    assert "is repeated" in problem["detail"]


def test_keys_of_different_objects_and_texts_may_be_equal(client: TestClient) -> None:
    body = {
        "columns": {'a"}{': ["a:", '"a":', "{"], "columns": ["b", 'x\\"', "}"]},
        "width": 3,
        "height": 3,
        "iterations": 1,
    }
    answer = client.post("/train", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 201
