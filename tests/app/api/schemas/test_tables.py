"""Tables with named columns, as JSON and CSV: training, predictions, and views in their units."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from app.api.schemas.tables import SOME_LINES
from app.models.keys import card_key
from app.training import limits
from kohonen import Preparation, SelfOrganizingMap, train
from kohonen.parameters import Parameters
from kohonen.pictures.maps import picture_size
from kohonen.pictures.views import CAPTION, plane_pixels
from tests.app.api.test_bad_requests import problem
from tests.app.api.test_jobs import ended

MakeClient = Callable[..., TestClient]
Decode = Callable[[bytes], npt.NDArray[np.uint8]]

COLUMNS: dict[str, list[Any]] = {
    "height": [31.5, 48, 29, 52.25, 33],
    "weight, kg": [4.2, None, 3.9, 19, 4],
    "species": ["cat", "dog", "cat", "dog", None],
}
CSV = 'height,"weight, kg",species\n31.5,4.2,cat\n48,,dog\n29,3.9,cat\n52.25,19,dog\n33,4,\n'
MAP: dict[str, Any] = {"width": 6, "height": 4, "iterations": 20, "random_state": 1}
QUERY = "width=6&height=4&iterations=20&random_state=1"
AS_JSON = {"Accept": "application/json"}
AS_CSV = {"content-type": "text/csv; charset=utf-8"}


def train_columns(client: TestClient, **changes: Any) -> Any:
    answer = client.post("/train", json={"columns": COLUMNS, **MAP, **changes}, headers=AS_JSON)
    assert answer.is_success, answer.text
    return answer.json()


def train_csv(client: TestClient, content: str | bytes = CSV, query: str = "") -> Any:
    return client.post(f"/train?{QUERY}{query}", content=content, headers={**AS_JSON, **AS_CSV})


def weights(client: TestClient, ref: str) -> npt.NDArray[np.float64]:
    loaded: npt.NDArray[np.float64] = np.load(io.BytesIO(client.get(f"/models/{ref}/download").content))
    return loaded


def test_json_and_csv_and_the_library_make_the_same_map(client: TestClient) -> None:
    made = train_columns(client)
    answer = train_csv(client)
    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])
    preparation = Preparation.fit(COLUMNS)
    samples = preparation.transform(COLUMNS)
    trained = train(samples, Parameters(**MAP), missing="mask")
    np.testing.assert_array_equal(weights(client, made["id"]), trained.weights)
    quality = SelfOrganizingMap(6, 4, missing="mask")
    quality.weights_, quality.n_features_in_ = trained.weights, 4
    assert made["quality"]["quantization_error"] == quality.quantization_error(samples)


def test_the_card_tells_the_preparation(client: TestClient) -> None:
    made = train_columns(client, normalisation={"height": "min-max", "weight, kg": "none"})
    assert made["data"]["missing"] == 2
    assert made["data"]["dimension"] == 4
    plain = {"normalisation": "none", "offset": 0.0, "scale": 1.0, "categories": None}
    plain |= {"role": "number", "missing": 0, "unit": None, "form": None, "start": None, "knots": None}
    numbers = "cells are numbers"
    assert made["preparation"] == {
        "version": 1,
        "missing": "mask",
        "rows": "none",
        "columns": [
            {
                **plain,
                "name": "height",
                "reason": f"5 of 5 {numbers}",
                "normalisation": "min-max",
                "offset": 29.0,
                "scale": 23.25,
            },
            {**plain, "name": "weight, kg", "reason": f"4 of 5 {numbers}, 1 missing", "missing": 1},
            {
                **plain,
                "name": "species",
                "role": "category",
                "reason": "2 different texts, 1 missing",
                "missing": 1,
                "categories": ["cat", "dog"],
            },
        ],
        "notes": [],
        "dialect": {},
    }
    assert client.get(made["links"]["self"]).json() == made


@pytest.mark.parametrize("change", [{"scale": 0}, {"categories": ["x", "y"]}])
def test_a_card_whose_preparation_cannot_be_is_damaged(client: TestClient, change: dict[str, Any]) -> None:
    made = train_columns(client)
    models = client.app.state.models  # type: ignore[attr-defined]
    key = card_key(made["id"])
    blob = models.store.read(key, max_bytes=10**6)
    told = json.loads(blob.data)
    told["preparation"]["columns"][0].update(change)
    models.store.replace(
        key, json.dumps(told).encode(), version=blob.version, content_type="application/json"
    )
    assert problem(client.get(f"/models/{made['id']}"), 500)["type"].endswith(":damaged-model")


def test_the_longest_names_fit_into_a_card_that_is_read(client: TestClient) -> None:
    name = "\N{GRINNING FACE}"  # twelve bytes of JSON
    columns = {f"{name * 96}{k:04}": [name * 100] for k in range(1024)}
    made = train_columns(client, columns=columns, width=1, height=1)
    assert len(made["preparation"]["columns"]) == 1024
    assert client.get(f"/models/{made['id']}").json()["id"] == made["id"]


def test_a_card_of_plain_vectors_has_none(client: TestClient) -> None:
    made = client.post("/train", json={"data": [[1, 2], [3, 4]], **MAP}, headers=AS_JSON).json()
    assert (made["preparation"], made["data"]["missing"]) == (None, 0)


def test_names_and_preparation_are_part_of_the_identity(client: TestClient) -> None:
    plain = {"a": [0.25, 0.5], "b": [0.0, 1.0]}
    ids = [
        client.post("/train", json={**MAP, **body}, headers=AS_JSON).json()["id"]
        for body in (
            {"data": [[0.25, 0], [0.5, 1]]},
            {"columns": plain, "normalisation": "none"},
            {"columns": {"a": plain["a"], "c": plain["b"]}, "normalisation": "none"},
            {"columns": plain, "normalisation": "none", "missing": "error"},
            {"columns": plain, "normalisation": "min-max"},
        )
    ]
    assert len(set(ids)) == 5
    again = {"columns": plain, "normalisation": {"a": "none", "b": "none"}, "missing": "mask"}
    assert client.post("/train", json={**MAP, **again}, headers=AS_JSON).json()["id"] == ids[1]


def test_the_query_has_all_parameters_of_a_training(client: TestClient) -> None:
    query = "&grid=hexagonal&sigma=2.5&name=pets&keep_data=false&normalisation=height:robust&missing=mask"
    made = train_csv(client, CSV.replace(",", ";").replace('"weight; kg"', "mass"), query).json()
    assert made["revision"] == "pets@1"
    assert made["parameters"]["grid"] == "hexagonal"
    assert made["parameters"]["sigma"] == 2.5
    assert made["data"]["kept"] is False
    kinds = [column["normalisation"] for column in made["preparation"]["columns"]]
    assert kinds == ["robust", "z-score", "none"]


def test_what_a_json_body_says_counts_before_the_query(client: TestClient) -> None:
    body = {"colours": ["red", "blue"], "width": 5, "random_state": 1}
    answer = client.post("/train?width=7&height=3&iterations=9", json=body, headers=AS_JSON).json()
    parameters = answer["parameters"]
    assert (parameters["width"], parameters["height"], parameters["iterations"]) == (5, 3, 9)


def test_a_query_is_checked_beside_a_json_body_too(client: TestClient) -> None:
    body = {"colours": ["red", "blue"], "width": 5}
    for query, pointer in (("width=0", "/width"), ("nonsense=1", "/nonsense"), ("data=1", "/data")):
        document = problem(client.post(f"/train?{query}", json=body, headers=AS_JSON), 422)
        assert [wrong["pointer"] for wrong in document["errors"]] == [pointer]


def test_how_csv_is_read(client: TestClient) -> None:
    content = b"\xef\xbb\xbfid\tcode\tsize\r\n1\t7\tNA\r\n2\t8\t1.5\r\n3\t7\t2\r\n"
    answer = train_csv(client, content, "&ignore=id&categorical=code&absent=NA&absent=-&delimiter=tab")
    assert answer.status_code == 201, answer.text
    columns = answer.json()["preparation"]["columns"]
    assert [(column["name"], column["role"], column["categories"]) for column in columns] == [
        ("id", "left out", None),
        ("code", "category", ["7", "8"]),
        ("size", "number", None),
    ]


def test_a_picture_of_a_table_is_the_u_matrix(client: TestClient, decode: Decode) -> None:
    answer = client.post(f"/train?{QUERY}&view=input-output", content=CSV, headers=AS_CSV)
    assert answer.headers["content-type"] == "image/png"
    assert decode(answer.content).shape == (*picture_size(6, 4, 66), 3)
    moving = client.post(f"/train?{QUERY}&frames=3", content=CSV, headers={**AS_CSV, "Accept": "image/gif"})
    assert moving.headers["content-type"] == "image/gif"


@pytest.fixture
def pets(client: TestClient) -> TestClient:
    train_columns(client, name="pets")
    return client


def predict(client: TestClient, body: Any, query: str = "") -> Any:
    answer = client.post(f"/models/pets/predict{query}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_predictions_are_prepared_as_the_table_was(pets: TestClient) -> None:
    preparation = Preparation.fit(COLUMNS)
    table: dict[str, list[Any]] = {
        "height": [30, None, 50],
        "weight, kg": [4, 4.5, None],
        "species": ["cat", None, "dog"],
    }
    som = SelfOrganizingMap(6, 4, missing="mask")
    som.weights_, som.n_features_in_ = weights(pets, "pets"), 4
    samples = preparation.transform(table)
    found = predict(pets, {"columns": {**table, "label": [1, 2, 3]}})
    assert [[one["bmu_x"], one["bmu_y"]] for one in found] == som.predict(samples).tolist()
    nearest = som.transform(samples).min(axis=1)
    assert [one["distance"] for one in found] == pytest.approx(nearest.tolist(), rel=1e-12)

    records = [
        {"height": 30, "weight, kg": 4, "species": "cat"},
        {"weight, kg": 4.5},
        {"species": "dog", "height": 50, "weight, kg": None},
    ]
    assert predict(pets, {"records": records}) == found

    text = 'species;"weight, kg";label;height\ncat;4;a;30\n;4.5;b;\ndog;-;c;50\n'
    answer = pets.post(
        "/models/pets/predict?absent=-", content=text, headers={**AS_CSV, "Accept": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(int(row["bmu_x"]), int(row["bmu_y"]), float(row["distance"])) for row in rows] == [
        (one["bmu_x"], one["bmu_y"], one["distance"]) for one in found
    ]


def test_a_model_goes_on_with_csv_as_with_json(pets: TestClient) -> None:
    table = {"height": [30, None, 50], "weight, kg": [4, 4.5, 9], "species": ["cat", None, "dog"]}
    body = {"columns": table, "iterations": 5, "keep_data": False}
    child = pets.post("/models/pets/fit", json=body, headers=AS_JSON).json()
    text = 'species;"weight, kg";label;height\ncat;4;a;30\n;4.5;b;\ndog;9;c;50\n'
    query = "iterations=5&keep_data=false"
    for path in (f"/models/pets/fit?{query}&absent=-", f"/models/pets/fit?{query}&delimiter=semicolon"):
        again = pets.post(path, content=text, headers={**AS_CSV, **AS_JSON})
        assert (again.status_code, again.json()) == (200, child)
    told = pets.post("/models/pets/fit?iterations=7", json=body, headers=AS_JSON).json()
    assert told["lineage"] == child["lineage"], "what a body of JSON says counts before the query"
    other = pets.post("/models/pets/fit?iterations=7", json={"columns": table}, headers=AS_JSON).json()
    assert other["lineage"]["last_iteration"] == child["lineage"]["last_iteration"] + 2


def test_a_model_of_plain_vectors_goes_on_with_csv_without_names(client: TestClient, decode: Decode) -> None:
    client.post("/train", json={"data": [[1, 2, 0], [0, 1, 0]], **MAP, "name": "plain"})
    body = {"data": [[1, 0.5, 0], [0.25, 1, 1]], "schedule": "restart", "sigma": 1.5}
    child = client.post("/models/plain/fit", json=body, headers=AS_JSON).json()
    path = "/models/plain/fit?schedule=restart&sigma=1.5"
    again = client.post(path, content="1,0.5,0\n0.25,1,1\n", headers={**AS_CSV, **AS_JSON})
    assert (again.status_code, again.json()) == (200, child)
    picture = client.post(f"{path}&view=input-output", content="1,0.5,0\n0.25,1,1\n", headers=AS_CSV)
    assert decode(picture.content).shape[0] > decode(client.get(child["links"]["image"]).content).shape[0]


@pytest.mark.parametrize(
    ("content", "query", "pointer", "says"),
    [
        ("height,species\n1,cat\n", "", "/columns/weight, kg", "no column 'weight, kg'"),
        ("", "", "/columns", "the table is empty"),
        ("height\n1\n", "width=7", "/width", "no such field"),
        ("height\n1\n", "iterations=0", "/iterations", "greater than or equal to 1"),
        ("height,species\n1,cat\n", "sigma=2", "", "need the schedule 'restart'"),
    ],
)
def test_csv_that_no_model_goes_on_with(
    pets: TestClient, content: str, query: str, pointer: str, says: str
) -> None:
    document = problem(pets.post(f"/models/pets/fit?{query}", content=content, headers=AS_CSV), 422)
    assert document["errors"][0]["pointer"] == pointer
    assert says in document["errors"][0]["message"]


def test_samples_fall_where_the_clusters_say(pets: TestClient) -> None:
    told = pets.get("/models/pets/clusters?k=2").json()["samples"]
    assert predict(pets, {"columns": COLUMNS}, "?clusters=2") == told


def test_rows_without_names_are_in_the_table_s_units_too(client: TestClient) -> None:
    columns = {"a": [10, 20, 30], "b": [1, None, 3]}
    train_columns(client, columns=columns, name="pets")
    found = predict(client, {"columns": {"a": [12, 28], "b": [1, 2]}})
    assert predict(client, {"data": [[12, 1], [28, 2]]}) == found
    assert predict(client, {"data": [12, 1]}) == found[:1]
    assert client.post("/predict-bmu", json={"data": [12, 1]}).json() == found[0]
    assert client.post("/predict-batch", json={"data": [[12, 1]]}).json()["results"] == found[:1]
    batch = client.post("/predict-batch?delimiter=semicolon", content="b;a\n1;12\n", headers=AS_CSV)
    assert batch.json()["results"] == found[:1]


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"data": [[1, 2, 3]]}, "/data", "in which 'species' hold texts: send 'columns'"),
        ({}, "", "either 'data' or 'columns' or 'records'"),
        ({"data": [[1]], "records": [{}]}, "", "either 'data'"),
        ({"columns": {"height": [1], "species": ["cat"]}}, "/columns/weight, kg", "no column 'weight, kg'"),
        ({"records": [{"height": 1, "species": "cat"}]}, "/columns/weight, kg", "no column 'weight, kg'"),
        ({"records": []}, "/records", "at least 1"),
        ({"records": [3]}, "/records/0", "an object"),
        ({"columns": {"height": 3}}, "/columns", "column 'height' must be an array"),
        (
            {"columns": {"height": [1, None], "weight, kg": [1, None], "species": ["cat", None]}},
            "/columns/1",
            "row 2 has no values",
        ),
        (
            {"columns": {"height": [True], "weight, kg": [1], "species": ["cat"]}},
            "/columns/height/0",
            "'True' in row 1",
        ),
    ],
)
def test_what_does_not_suit_a_table(pets: TestClient, body: Any, pointer: str, says: str) -> None:
    document = problem(pets.post("/models/pets/predict", json=body), 422)
    assert document["errors"][0]["pointer"] == pointer
    assert says in document["errors"][0]["message"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_there_are_no_numbers_but_finite_ones(pets: TestClient, text: str) -> None:
    column = f'{{"columns": {{"height": [{text}], "weight, kg": [1], "species": ["cat"]}}}}'
    record = f'{{"records": [{{"height": {text}}}]}}'
    headers = {"content-type": "application/json"}
    for path, body in (
        ("/models/pets/predict", column),
        ("/models/pets/predict", record),
        ("/train", column),
    ):
        document = problem(pets.post(path, content=body, headers=headers), 422)
        assert "finite" in document["errors"][0]["message"]


def test_a_model_of_plain_vectors_knows_no_names(client: TestClient) -> None:
    client.post("/train", json={"data": [[1, 2], [3, 4]], **MAP, "name": "plain"})
    for body, pointer in (({"columns": {"a": [1]}}, "/columns"), ({"records": [{"a": 1}]}, "/records")):
        document = problem(client.post("/models/plain/predict", json=body), 422)
        assert document["errors"] == [
            {"pointer": pointer, "message": "this model was trained on vectors without names: send 'data'"}
        ]
    answer = client.post("/models/plain/predict", content="1,2\n", headers=AS_CSV)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"columns": {}}, "/columns", "at least one column"),
        ({"columns": {"a": []}}, "/columns", "at least one row"),
        ({"columns": {"a": [1], "b": [1, 2]}}, "/columns/b", "has 2 values"),
        ({"columns": {"a": [1, "x"]}}, "/columns/a/0", "holds texts, but '1' in row 1"),
        ({"columns": {"a": [1e200]}}, "/columns/a/0", "magnitude"),
        ({"columns": {"a/b": ["x" * 101]}}, "/columns/a~1b", "101 characters"),
        ({"columns": [[1]]}, "/columns", "an object"),
        ({"data": [[1]]}, "", "not both"),
        ({"normalisation": "l3"}, "/normalisation", "'l3'"),
        ({"normalisation": {"height": "l2"}}, "/normalisation", "'l2'"),
        ({"normalisation": {"size": "none"}}, "/normalisation", "no column of numbers 'size'"),
        ({"missing": "guess"}, "/missing", "'mask' or 'error'"),
        ({"missing": "error"}, "/columns/weight, kg/1", "'weight, kg' has no value in row 2"),
        ({"columns": None, "data": [[1]], "normalisation": "none"}, "", "are for a table"),
        ({"columns": {f"c{k}": [1] for k in range(1025)}}, "/columns", "over the limit of 1,024"),
        ({"columns": {"a": [f"n{k % 65}" for k in range(200)]}}, "/columns/a", "64 categories are allowed"),
    ],
)
def test_tables_that_cannot_be_trained_on(client: TestClient, change: Any, pointer: str, says: str) -> None:
    document = problem(client.post("/train", json={"columns": COLUMNS, **MAP, **change}), 422)
    assert document["errors"][0]["pointer"] == pointer
    assert says in document["errors"][0]["message"]


def test_categories_count_as_dimensions(client: TestClient) -> None:
    columns = {f"c{k}": [f"v{row % 50}" for row in range(100)] for k in range(21)}
    document = problem(client.post("/train", json={"columns": columns, **MAP}), 422)
    assert "1,050 values a sample" in document["detail"]


def test_many_short_categories_are_refused_before_they_fill_the_memory(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.training.limits.MOST_TABLE_VALUES", 100)
    client = make_client()
    columns = {"a": [f"v{row % 10}" for row in range(11)]}
    document = problem(client.post("/train", json={"columns": columns, **MAP}), 422)
    assert "11 rows of 10 values" in document["detail"]
    train_columns(client, columns={"a": columns["a"][:10]}, name="pets")
    document = problem(client.post("/models/pets/predict", json={"columns": columns}), 422)
    assert document["type"].endswith(":over-limit")


@pytest.mark.parametrize(
    ("content", "query", "pointer", "says"),
    [
        ("", "", "/columns", "the table is empty"),
        ("a,b\n1,2\n3\n", "", "/columns", "line 3 has 1 values"),
        ("a,b\n1,\xff\n".encode("latin-1"), "", "/columns", "line 2 is not UTF-8"),
        ("1,2\n3,4\n", "", "/columns", "holds numbers"),
        ("a,b\n1,x\n", "&normalisation=b:none", "/normalisation", "no column of numbers 'b'"),
        (
            "a,b\n1,x\n",
            "&normalisation=none&normalisation=a:none",
            "/normalisation",
            "one for all columns, or",
        ),
        ("a,b\n1,x\n", "&ignore=c", "/columns", "no column 'c'"),
        ('a,b\n1,"3,5"\n2,4\n', "", "/columns/b/0", "numbers with a comma, such as '3,5' in row 1"),
        ("a,b\n1,x\n", "&nonsense=1", "/nonsense", "no such field"),
        ("a,b\n1,x\n", "&colours=red", "/colours", "no such field"),
        ("a,b\n1,x\n", "&width=0", "/width", "greater than or equal to 1"),
        ("a,b\n1,x\n", "&every=2&spacing=even", "", "'spacing' or 'every'"),
        (",".join(f"c{k}" for k in range(1025)), "", "/columns", "1,025 columns, but at most 1,024"),
    ],
)
def test_csv_that_cannot_be_trained_on(
    client: TestClient, content: str | bytes, query: str, pointer: str, says: str
) -> None:
    document = problem(train_csv(client, content, query), 422)
    assert document["errors"][0]["pointer"] == pointer
    assert says in document["errors"][0]["message"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_far_too_many_lines_are_not_read(
    make_client: MakeClient, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(max_samples=10, max_job_samples=10)
    over = f"a,b{end}" + f"1,2{end}" * (2 * 10 + SOME_LINES + 1)
    monkeypatch.setattr("app.api.schemas.tables.read_csv", None)  # to read it would take too long already
    assert "far more than 10 rows" in problem(train_csv(client, over), 422)["detail"]


@pytest.mark.parametrize(
    "body", [{"json": {"columns": {"a": [1, 2] * 6}}}, {"content": "a\n" + "1\n2\n" * 6}]
)
def test_too_many_rows(make_client: MakeClient, body: Any) -> None:
    client = make_client(max_samples=10, max_job_samples=10)
    headers = {"content-type": "text/csv" if "content" in body else "application/json"}
    document = problem(client.post("/train", **body, headers=headers), 422)
    assert document["errors"][0]["message"] == "12 rows are over the limit of 10"


def test_a_table_is_bounded_by_what_it_costs_and_not_by_its_rows(make_client: MakeClient) -> None:
    client = make_client(max_samples=10)
    csv: dict[str, Any] = {"content": "a,b\n" + "1,2\n3,5\n" * 600, "headers": {"content-type": "text/csv"}}
    card = client.post("/train", content=csv["content"], headers={**AS_JSON, **AS_CSV}).json()
    assert card["data"]["samples"] == 1_200
    assert card["parameters"] == client.post("/train?dry_run=true", **csv).json()["parameters"] | {
        "random_state": card["parameters"]["random_state"],
        "sigma": 20 / 2,
    }
    assert [card["parameters"][name] for name in ("width", "height", "iterations", "algorithm")] == [
        *(20, 8, 30, "batch")
    ]
    slow = make_client(max_samples=10, max_training_seconds=1e-4)
    assert "POST /atrain" in problem(slow.post("/train", **csv), 422)["errors"][0]["message"]


def test_colours_have_the_size_of_the_demo_and_vectors_that_of_their_number(client: TestClient) -> None:
    plan = client.post("/train?dry_run=true", json={"colours": ["red", "#00f"]}).json()
    assert [plan["parameters"][name] for name in ("width", "height", "iterations")] == [100, 100, 1000]
    for chosen in ({}, {"width": "auto", "height": "auto", "iterations": "auto", "algorithm": "auto"}):
        plan = client.post("/train?dry_run=true", json={"data": [[1, 2], [3, 4]], **chosen}).json()
        assert [plan["parameters"][name] for name in ("width", "height", "iterations")] == [4, 2, 25_000]
    asked = {name: value for name, value in plan["parameters"].items() if name != "random_state"}
    ids = [
        client.post(
            "/train", json={"data": [[1, 2], [3, 4]], "random_state": 1, **given}, headers=AS_JSON
        ).json()["id"]
        for given in ({}, asked)
    ]
    assert ids[0] == ids[1]


def test_an_unknown_category_is_missing_and_reported(pets: TestClient) -> None:
    columns = {"height": [30, 31], "weight, kg": [4, 5], "species": ["cow", "cat"]}
    missing = {**columns, "species": [None, "cat"]}
    answer = pets.post("/models/pets/predict", json={"columns": columns})
    expected = pets.post("/models/pets/predict", json={"columns": missing})
    assert answer.json()["results"] == expected.json()["results"]
    note = (
        "column 'species' holds 1 values that are not among its categories 'cat', 'dog', such as 'cow' in "
        "row 1; they count as missing"
    )
    assert answer.json()["notes"] == json.loads(answer.headers["kohonen-notes"]) == [note]
    assert "notes" not in expected.json()
    assert "kohonen-notes" not in expected.headers
    for path in ("/models/pets/predict", "/predict-batch"):
        csv = pets.post(
            path, content='height,"weight, kg",species\n30,4,cow\n', headers={**AS_CSV, "accept": "text/csv"}
        )
        assert json.loads(csv.headers["kohonen-notes"]) == [note]
        assert csv.text.startswith("bmu_x,bmu_y,distance\n")
        document = problem(pets.post(f"{path}?unknown=error", json={"columns": columns}), 422)
        assert document["errors"][0] == {
            "pointer": "/columns/species/0",
            "message": note.partition(";")[0],
        }
    fit = problem(pets.post("/models/pets/fit", json={"columns": columns}), 422)
    assert fit["errors"][0]["message"] == note.partition(";")[0]
    assert "notes" not in pets.post("/predict-batch", json={"columns": missing}).json()


def test_what_is_no_json_and_no_csv(client: TestClient) -> None:
    for path in ("/train", "/atrain"):
        document = problem(client.post(path, content=CSV, headers={"content-type": "text/plain"}), 415)
        assert "text/csv" in document["detail"]


def test_rows_that_miss_values_take_longer_to_predict(
    pets: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.training.limits.MASKED_SECONDS", 1.0)
    table: dict[str, list[Any]] = {"height": [30, 31], "weight, kg": [4, 5], "species": ["cat", "dog"]}
    assert len(predict(pets, {"columns": table})) == 2
    table["height"] = [30, None]
    document = problem(pets.post("/models/pets/predict", json={"columns": table}), 422)
    assert "2 vectors are over the limit of 1" in document["detail"]


def test_rows_by_name_are_bounded_before_they_become_columns(
    pets: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A row may leave out nearly everything, and its columns would be there as a whole.
    monkeypatch.setattr(limits, "MOST_TABLE_VALUES", 4 * 3)
    row = {"height": 30, "weight, kg": 4, "species": "cat"}
    path = "/models/pets/predict"
    assert pets.post(path, json={"records": [row, {"height": 1}, {"height": 2}]}).status_code == 200
    document = problem(pets.post(path, json={"records": [row] + [{"height": 1}] * 3}), 422)
    assert document["errors"][0]["pointer"] == "/records"
    assert "4 rows of 4 values" in document["detail"]


def test_going_on_with_a_table(pets: TestClient) -> None:
    parent = pets.get("/models/pets").json()
    body: dict[str, Any] = {"columns": COLUMNS, "iterations": 5}
    child = pets.post("/models/pets/fit", json=body, headers=AS_JSON).json()
    assert child["preparation"] == parent["preparation"]
    assert child["data"]["fingerprint"] == parent["data"]["fingerprint"]
    same = pets.post("/models/pets/fit", json={"iterations": 5}, headers=AS_JSON)
    assert (same.status_code, same.json()["id"]) == (200, child["id"])
    for wrong, pointer in (
        ({"colours": ["red"]}, "/colours"),
        ({"data": [[1, 2, 3, 4]]}, "/data"),
        ({"columns": COLUMNS, "data": [[1]]}, ""),
    ):
        assert problem(pets.post("/models/pets/fit", json=wrong), 422)["errors"][0]["pointer"] == pointer


def test_planes_carry_names(pets: TestClient, decode: Decode) -> None:
    pixels = decode(pets.get("/models/pets/image?view=planes").content)
    scale = plane_pixels(6, 4, 4)
    rows = 4 * scale
    assert pixels.shape == (2 * (CAPTION + rows) + 8, 2 * 6 * scale + 8, 3)
    assert set(np.unique(pixels[:CAPTION])) == {0, 255}  # a name, black on white
    planes = weights(pets, "pets")
    darkest = np.unravel_index(planes[..., 3].argmin(), (6, 4))  # the fourth plane, bottom right: "dog"
    top, left = CAPTION + rows + 8 + CAPTION, 6 * scale + 8
    x, y = int(darkest[0]), int(darkest[1])
    assert pixels[top + y * scale + 1, left + x * scale + 1].tolist() == [68, 1, 84]


def test_one_plane_by_name_or_number(pets: TestClient) -> None:
    path = "/models/pets/image?view=planes&component="
    by_name = pets.get(path + "species: dog")
    assert by_name.status_code == 200
    assert by_name.content == pets.get(path + "3").content
    assert by_name.headers["etag"] == pets.get(path + "3").headers["etag"]
    for wrong in ("4", "species", "-1", "²"):
        document = problem(pets.get(path + wrong), 422)
        assert "from 0 to 3: 'height', 'weight, kg'" in document["errors"][0]["message"]


def test_figures_have_names_and_the_table_s_units(client: TestClient) -> None:
    columns = {"cost ($m)": [1000, 2000, 3000], r"$\oops$": ["x", "y", "x"]}
    train_columns(client, columns=columns, name="pets")
    answer = client.get("/models/pets/image?view=planes&annotated=true&format=svg")
    assert answer.status_code == 200
    drawn = re.findall(r"<!-- (.*?) -->", answer.text)
    assert {"cost ($m)", r"$\oops$: x"} <= set(drawn)
    ticks = [int(text) for text in drawn if text.isdigit() and int(text) > 100]
    assert ticks
    assert all(900 < tick < 3100 for tick in ticks)


def test_clusters_have_profiles_in_the_table_s_units(pets: TestClient) -> None:
    told = pets.get("/models/pets/clusters?k=2").json()
    assert told["components"] == ["height", "weight, kg", "species: cat", "species: dog"]
    of_first = [row for row, one in enumerate(told["samples"]) if one["cluster"] == 0]
    heights = [COLUMNS["height"][row] for row in of_first]
    first = told["clusters"][0]
    assert first["mean"][0] == pytest.approx(np.mean(heights))
    assert (first["least"][0], first["most"][0]) == pytest.approx((min(heights), max(heights)))
    plain = pets.post("/train", json={"colours": ["red"], **MAP}, headers=AS_JSON).json()["id"]
    assert pets.get(f"/models/{plain}/clusters").json()["components"] is None


def test_a_cluster_whose_samples_all_miss_a_component(client: TestClient) -> None:
    columns = {"a": [0, 0, 10, 10], "b": [1, 2, None, None]}
    train_columns(client, columns=columns, name="pets")
    told = client.get("/models/pets/clusters?k=2").json()
    of_missing = told["samples"][2]["cluster"]
    assert told["samples"][0]["cluster"] != of_missing
    profile = told["clusters"][of_missing]
    assert profile["mean"] == pytest.approx([10, None])
    assert profile["distinction"][1] is None
    page = client.get("/models/pets/report").text
    assert "a high (mean 10, +1.0 sd)" in page


def test_the_report_tells_of_the_columns(client: TestClient) -> None:
    columns = {"<b>": [1, None, 3], "kind": ["&x", "y", "y"]}
    train_columns(client, columns=columns, name="pets")
    page = client.get("/models/pets/report").text
    assert "&lt;b&gt;</th>" in page
    assert "&amp;x, y" in page
    assert "Missing values (masked): 1." in page
    reach = re.search(r"z-score</td><td>from (.*?) to (.*?) on the map", page)
    assert reach is not None
    plane = 2 + weights(client, "pets")[..., 0]  # of 1 and 3: a mean of 2, a deviation of 1
    assert [float(end) for end in reach.groups()] == pytest.approx([plane.min(), plane.max()], rel=1e-3)
    assert "<b>" not in page
    plain = client.post("/train", json={"colours": ["red"], **MAP}, headers=AS_JSON).json()["id"]
    assert "<h2>Columns</h2>" not in client.get(f"/models/{plain}/report").text


def test_data_that_miss_values_are_stored_and_downloads_hold_the_preparation(pets: TestClient) -> None:
    for view in ("hits", "errors", "input-output", "clusters", "u-matrix", "map"):
        assert pets.get(f"/models/pets/image?view={view}").status_code == 200
    archive = np.load(io.BytesIO(pets.get("/models/pets/download?format=npz").content))
    told = json.loads(str(archive["card"]))
    assert Preparation.from_json(told["preparation"]) == Preparation.fit(COLUMNS)


def test_a_job_of_a_table_makes_the_model_that_train_makes(make_client: MakeClient) -> None:
    client = make_client()
    try:
        for content, headers in ((CSV.encode(), AS_CSV), (json.dumps({"columns": COLUMNS}).encode(), None)):
            answer = client.post(
                f"/atrain?{QUERY}", content=content, headers=headers or {"content-type": "application/json"}
            )
            assert answer.is_success, answer.text
            job = ended(client, answer.json()["links"]["self"]).json()
            assert job["state"] == "succeeded", job["problem"]
        made = job["model"]
        assert (job["samples"], job["dimension"]) == (5, 4)
    finally:
        client.app.state.jobs.stop()  # type: ignore[attr-defined]
    other = train_columns(make_client())
    for name in ("id", "weights", "data", "parameters", "quality", "preparation"):
        assert made[name] == other[name]


def test_records_and_columns_make_the_same_map(client: TestClient) -> None:
    records = [
        {name: values[row] for name, values in COLUMNS.items() if values[row] is not None or row % 2}
        for row in range(len(COLUMNS["height"]))
    ]
    made = train_columns(client)
    answer = client.post("/train", json={"records": records, **MAP}, headers=AS_JSON)
    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])
    went_on = [
        client.post(f"/models/{made['id']}/fit", json={"iterations": 3, **data}, headers=AS_JSON).json()["id"]
        for data in ({"records": records}, {"columns": COLUMNS})
    ]
    assert went_on[0] == went_on[1]


def test_null_in_vectors_is_missing(client: TestClient) -> None:
    data = [[1, None, 3], [4, 5, 6], [7, 8, None]]
    card = client.post("/train", json={"data": data, **MAP, "name": "pets"}, headers=AS_JSON).json()
    assert card["data"]["missing"] == 2
    array = np.array(data, dtype=float)
    expected = train(array, Parameters(**MAP), missing="mask").weights
    np.testing.assert_array_equal(weights(client, card["id"]), expected)
    found = predict(client, {"data": data})
    assert found == predict(client, {"data": [[1, None, 3]]}) + found[1:]
    assert predict(client, {"data": [1, None, 3]}) == found[:1]
    assert client.post("/predict-bmu", json={"data": [1, None, 3]}).json() == found[0]


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"data": [[1, None]], "missing": "error"}, "/data", "must be finite numbers"),
        ({"data": [[1, 2], [None, None]]}, "/data", "the sample at [1] has no values"),
        ({"records": [{"a": 1}], "columns": {"a": [1]}}, "", "either 'columns' or 'records'"),
        ({"records": [{"a": 1}], "data": [[1]]}, "", "or 'columns' or 'records', and not both"),
        ({"records": []}, "/records", "at least 1"),
        ({"records": [{"a": 1}, {"a": "x"}]}, "/columns/a/0", "holds texts, but '1' in row 1"),
        ({"colours": ["red"], "missing": "mask"}, "", "'missing' are for a table"),
    ],
)
def test_rows_that_cannot_be_trained_on(client: TestClient, body: Any, pointer: str, says: str) -> None:
    document = problem(client.post("/train", json=body), 422)
    assert document["errors"][0]["pointer"] == pointer
    assert says in document["errors"][0]["message"]


def test_records_are_bounded_before_they_become_columns(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_TABLE_VALUES", 8)
    document = problem(client.post("/train", json={"records": [{"a": 1}, {"b": 2}, {"c": 3}]}), 422)
    assert document["errors"][0]["pointer"] == "/records"


def test_the_dialect_of_a_table_in_json(client: TestClient) -> None:
    dialect = {"absent": [-9999, "none"], "decimal": "comma"}
    written: dict[str, list[Any]] = {"a": ["1,5", "2", "none"], "b": [0.5, -9999, 3], "c": ["x", "none", "y"]}
    plain = {"a": [1.5, 2, None], "b": [0.5, None, 3], "c": ["x", None, "y"]}
    card, expected = (
        client.post("/train", json={**table, **MAP, "name": "pets"}, headers=AS_JSON).json()
        for table in ({"columns": written, "dialect": dialect}, {"columns": plain})
    )
    assert card["id"] == expected["id"]
    csv = client.post(
        f"/train?{QUERY}&decimal=comma&absent=-9999&absent=none&delimiter=semicolon",
        content="a;b;c\n1,5;0,5;x\n2;-9999;none\nnone;3;y\n",
        headers={**AS_JSON, **AS_CSV},
    )
    assert csv.json()["id"] == card["id"]
    assert card["preparation"]["dialect"] == {"absent": ["-9999", "none"], "decimal": "comma"}
    rows = [{name: values[row] for name, values in written.items()} for row in range(3)]
    found = predict(client, {"columns": written})
    assert found == predict(client, {"records": rows})
    went_on = client.post("/models/pets/fit", json={"columns": written, "iterations": 2})
    assert went_on.is_success
    for name, value in (("delimiter", "comma"), ("header", True), ("encoding", "utf-8")):
        document = problem(client.post("/train", json={"columns": plain, "dialect": {name: value}}), 422)
        assert document["errors"][0]["message"] == f"{name} is for a file, and these are columns"
    document = problem(client.post("/train", json={"columns": plain, "dialect": {"sign": ","}}), 422)
    assert document["errors"][0]["pointer"] == "/dialect/sign"
