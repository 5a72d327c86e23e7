"""Labels and ids stay with models of tables: in pictures, clusters, predictions and the report."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.errors import DamagedModelError
from app.training.request import TrainingRequest
from kohonen import SelfOrganizingMap
from kohonen.analysis.labels import label_units
from kohonen.inputs.annotations import Annotations
from tests.app.bench import Bench, make_request

ROWS = 60
GENERATOR = np.random.default_rng(3)
KINDS = ["cat" if k % 3 else "dog" for k in range(ROWS)]
COLUMNS: dict[str, Any] = {
    "name": [f'p"{k},' for k in range(ROWS)],
    "height": [round(float(30 + 20 * (kind == "dog") + GENERATOR.normal()), 3) for kind in KINDS],
    "weight": [round(float(4 + 15 * (kind == "dog") + GENERATOR.normal()), 3) for kind in KINDS],
    "kind": [None if k % 10 == 0 else kind for k, kind in enumerate(KINDS)],
    "age": [k % 7 for k in range(ROWS)],
}
MAP = {"width": 5, "height": 4, "iterations": 40, "random_state": 1}
ROLES = {"label": ["kind", "age"], "id": "name"}
BODY: dict[str, Any] = {"columns": COLUMNS, **ROLES, **MAP}
JSON = {"Accept": "application/json"}


def as_csv(columns: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def made(client: TestClient, body: dict[str, Any], path: str = "/train", status: int = 201) -> dict[str, Any]:
    answer = client.post(path, json=body, headers=JSON)
    assert answer.status_code == status, answer.text
    card: dict[str, Any] = answer.json()
    return card


@pytest.fixture
def model(client: TestClient) -> str:
    return f"/models/{made(client, BODY)['id']}"


def test_json_and_csv_are_one_model(client: TestClient) -> None:
    card = made(client, BODY)
    annotations = card["data"]["annotations"]
    assert (annotations["labels"], annotations["ids"]) == (["kind", "age"], ["name"])
    query: dict[str, Any] = {**MAP, **ROLES}
    headers = {**JSON, "Content-Type": "text/csv"}
    again = client.post("/train", content=as_csv(COLUMNS), params=query, headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, card["id"])


def test_labels_are_part_of_the_identity_where_they_are_kept(client: TestClient) -> None:
    plain = made(client, {"columns": {name: COLUMNS[name] for name in ("height", "weight")}, **MAP})
    assert plain["data"]["annotations"] is None
    ids = {made(client, BODY)["id"], plain["id"]}
    ids.add(made(client, {**BODY, "label": "kind", "ignore": "age"})["id"])
    ids.add(made(client, {**BODY, "columns": {**COLUMNS, "kind": KINDS}})["id"])
    assert len(ids) == 4
    dropped = made(client, {**BODY, "keep_data": False}, status=200)
    assert dropped["id"] == plain["id"]


@pytest.mark.parametrize("view", ["labels", "pies"])
def test_views_of_labels(client: TestClient, model: str, view: str) -> None:
    pictures = set()
    for query in ("", "&label=kind", "&label=age", "&annotated=true", "&scale=3"):
        answer = client.get(f"{model}/image?view={view}{query}")
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size >= (15, 12)
        pictures.add(answer.content)
    assert len(pictures) == 4
    refused = client.get(f"{model}/image?view={view}&label=sort")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/label"
    assert "there are 'kind', 'age'" in refused.text


def test_planes_of_any_column(client: TestClient, model: str) -> None:
    trained = client.get(f"{model}/image?view=plane&column=height")
    assert trained.content == client.get(f"{model}/image?view=planes&component=height").content
    for column in ("age", "kind"):
        assert client.get(f"{model}/image?view=plane&column={column}").status_code == 200
        assert client.get(f"{model}/image?view=plane&column={column}&annotated=true").status_code == 200
    for query, pointer, says in (
        ("", "/column", "needs 'column'"),
        ("&column=name", "/column", "names the rows"),
        ("&column=sort", "/column", "there is no column 'sort'"),
        ("&column=kind&scale=3000", "/scale", "over the limit"),
    ):
        refused = client.get(f"{model}/image?view=plane{query}")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer
        assert says in refused.text


def test_without_labels_or_data(client: TestClient) -> None:
    plain = made(client, {"columns": {"height": COLUMNS["height"]}, **MAP})
    refused = client.get(f"/models/{plain['id']}/image?view=labels")
    assert refused.status_code == 422
    assert "train it with label=COLUMN" in refused.json()["detail"]
    dropped = made(client, {**BODY, "keep_data": False})
    for view in ("labels", "pies"):
        assert client.get(f"/models/{dropped['id']}/image?view={view}").status_code == 409
    refused = client.get(f"/models/{dropped['id']}/image?view=plane&column=kind")
    assert "keep_data=true" in refused.json()["detail"]
    path = f"/models/{dropped['id']}/predict"
    results = client.post(path, json={"columns": COLUMNS}).json()["results"]
    assert [one["id"] for one in results] == COLUMNS["name"]
    assert "labels" not in results[0]


def expected() -> Any:
    """Return the units of the rows, and the labels of all units by column, as the library has them."""
    table = np.array([COLUMNS["height"], COLUMNS["weight"]]).T
    samples = (table - table.mean(axis=0)) / table.std(axis=0)
    som = SelfOrganizingMap(5, 4, iterations=40, random_state=1).fit(samples)
    labels = {name: label_units(som.weights_, COLUMNS[name], samples=samples) for name in ("kind", "age")}
    return som.predict(samples), labels


def test_clusters_have_labels(client: TestClient, model: str) -> None:
    answer = client.get(f"{model}/clusters?k=2").json()
    assert answer["ids"] == COLUMNS["name"]
    clusters = [sample["cluster"] for sample in answer["samples"]]
    for one in answer["clusters"]:
        own = [
            kind
            for kind, cluster in zip(COLUMNS["kind"], clusters, strict=True)
            if cluster == one["cluster"] and kind
        ]
        labels = one["labels"]["kind"]
        assert labels["counts"] == {kind: own.count(kind) for kind in set(own)}
        assert labels["share"] == own.count(labels["majority"]) / len(own)
    assert {one["labels"]["kind"]["majority"] for one in answer["clusters"]} == {"cat", "dog"}
    units, labels = expected()
    kinds = answer["unit_labels"]["kind"]
    assert (len(kinds), len(kinds[0])) == (5, 4)
    majority, share = labels["kind"].about(np.arange(20))
    for unit in range(20):
        told = kinds[unit // 4][unit % 4]
        assert (told["majority"], told["share"]) == (majority[unit], share[unit])
        here = [k for k, (x, y) in enumerate(units.tolist()) if x * 4 + y == unit]
        assert sum(told["counts"].values()) == sum(COLUMNS["kind"][k] is not None for k in here)
    less = client.get(f"{model}/clusters?k=2&samples=false").json()
    assert (less["ids"], less["unit_labels"]) == (None, None)
    assert less["clusters"][0]["labels"] == answer["clusters"][0]["labels"]


def test_labels_of_the_units_of_large_maps_are_not_listed(
    client: TestClient, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.clusters.MOST_UNITS", 19)
    answer = client.get(f"{model}/clusters").json()
    assert answer["unit_labels"] is None
    assert answer["ids"] == COLUMNS["name"]


def test_a_cluster_without_labelled_rows_has_no_majority(client: TestClient, model: str) -> None:
    answer = client.get(f"{model}/clusters?k=20&samples=false").json()
    empty = [one["labels"]["kind"] for one in answer["clusters"] if not one["labels"]["kind"]["counts"]]
    assert empty
    assert all(one == {"majority": None, "share": None, "counts": {}} for one in empty)


@pytest.mark.parametrize("form", ["columns", "records", "csv"])
def test_predictions_have_ids_and_labels(client: TestClient, model: str, form: str) -> None:
    columns = {name: COLUMNS[name] for name in ("weight", "name", "height")}
    request: dict[str, Any] = {"json": {"columns": columns}}
    if form == "records":
        records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        request = {"json": {"records": records}}
    if form == "csv":
        request = {"content": as_csv(columns), "headers": {"Content-Type": "text/csv"}}
    answer = client.post(f"{model}/predict?clusters=2", **request)
    results = answer.json()["results"]
    assert [one["id"] for one in results] == COLUMNS["name"]
    units, labels = expected()
    for name in ("kind", "age"):
        majority, share = labels[name].about(units[:, 0] * 4 + units[:, 1])
        assert [one["labels"][name]["majority"] for one in results] == majority
        assert [one["labels"][name]["share"] for one in results] == share
    assert list(results[0]) == ["id", "bmu_x", "bmu_y", "distance", "cluster", "labels"]
    request["headers"] = {**request.get("headers", {}), "Accept": "text/csv"}
    table = client.post(f"{model}/predict?clusters=2", **request)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert [row["id"] for row in rows] == COLUMNS["name"]
    assert [row["kind_majority"] for row in rows] == [one["labels"]["kind"]["majority"] for one in results]
    assert [float(row["age_share"]) for row in rows] == [one["labels"]["age"]["share"] for one in results]


def test_vectors_have_labels_and_no_ids(client: TestClient, model: str) -> None:
    vector = [COLUMNS["height"][0], COLUMNS["weight"][0]]
    (many,) = client.post("/predict-batch", json={"data": [vector]}).json()["results"]
    one = client.post("/predict-bmu", json={"data": vector}).json()
    assert one == many
    assert set(one) == {"bmu_x", "bmu_y", "distance", "labels"}


def test_ids_that_are_no_column(client: TestClient, model: str) -> None:
    columns = {"height": [1.0, 2.0], "weight": [1.0, 2.0], "name": ["a"]}
    refused = client.post(f"{model}/predict", json={"columns": columns})
    assert refused.status_code == 422
    assert "'name' has 1 values" in refused.text


def test_an_answer_with_long_ids_that_cannot_be_sent(make_client: Any) -> None:
    client = make_client(max_answer_bytes=20_000)
    columns = {**COLUMNS, "name": [f"{k}-{'x' * 1000}" for k in range(ROWS)]}
    assert client.post("/train", json={**BODY, "columns": columns}).status_code == 201
    refused = client.post("/models/latest/predict", json={"columns": columns})
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:kohonen:problem:answer-too-large"
    assert client.post("/models/latest/predict", json={"columns": COLUMNS}).status_code == 200


def test_the_report_has_labels(client: TestClient, model: str) -> None:
    page = client.get(f"{model}/report").text
    assert "<h2>Labels</h2>" in page
    assert 'id="labels-1"' in page
    assert 'id="pies-0"' in page
    assert "dog (" in page


def test_a_continued_training_keeps_labels(client: TestClient, model: str) -> None:
    child = made(client, {"iterations": 5}, f"{model}/fit")
    parent = client.get(model).json()
    kept = child["data"]["annotations"]
    assert kept["fingerprint"] == parent["data"]["annotations"]["fingerprint"]
    assert client.get(f"/models/{child['id']}/image?view=labels").status_code == 200
    unlabelled = {name: COLUMNS[name] for name in ("height", "weight")}
    other = made(client, {"columns": unlabelled, "iterations": 5}, f"{model}/fit")
    assert other["data"]["annotations"] is None
    assert other["id"] != child["id"]
    again = made(client, {"columns": COLUMNS, "iterations": 5}, f"{model}/fit", status=200)
    assert again["id"] == child["id"]


def annotated(**more: Any) -> TrainingRequest:
    request = make_request()
    made = Annotations.of({"kind": list("ababa")}, {"name": [f"r{k}" for k in range(5)]})
    return TrainingRequest(request.samples, request.parameters, annotations=made, **more)


@pytest.mark.parametrize("weight", [None, np.ones(5)])
def test_a_job_keeps_labels(bench: Bench, weight: Any) -> None:
    request = annotated()
    if weight is not None:
        batch = replace(request.parameters, algorithm="batch")
        request = replace(request, parameters=batch, sample_weight=weight)
    job = bench.submit(request)
    assert job.request.annotations
    assert bench.jobs.files.request(job).id == request.id
    bench.run(bench.worker())
    card = bench.models.card(request.id)
    found = bench.models.annotations(card)
    assert found is not None
    assert found.labels["kind"].cells() == list("ababa")
    assert found.units is not None
    assert job.request.input not in bench.store.keys("jobs/")


def test_damaged_labels_of_a_job_are_noticed(bench: Bench) -> None:
    job = bench.submit(annotated())
    assert job.request.input
    blob = bench.store.read(job.request.input, max_bytes=10**6)
    changed = blob.data.replace(b'"values":["a","b"]', b'"values":["b","a"]')
    bench.store.replace(job.request.input, changed, version=blob.version, content_type="x/y")
    bench.run(bench.worker())
    failed = bench.jobs.get(job.id)
    assert failed.state == "failed"
    assert "damaged" in str(failed.problem)


def test_labels_are_removed_with_their_model_and_checked_when_read(bench: Bench) -> None:
    request = annotated()
    bench.submit(request)
    bench.run(bench.worker())
    card = bench.models.card(request.id)
    key = card.annotations_key
    assert key in bench.store.keys("models/")
    assert key is not None
    blob = bench.store.read(key, max_bytes=10**6)
    bench.store.replace(key, blob.data[:-1] + b" ", version=blob.version, content_type="x/y")
    with pytest.raises(DamagedModelError, match="the annotations of model"):
        bench.models.annotations(card)
    bench.models.delete(card.id)
    assert bench.store.keys("models/") == []


def test_too_large_labels_are_not_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.training.service.MOST_DATA_BYTES", 200)
    request = make_request()
    made = Annotations.of({"text": [*"abcd", "x" * 200]}, {})
    large = TrainingRequest(request.samples, request.parameters, annotations=made)
    bench.submit(large)
    bench.run(bench.worker())
    card = bench.models.card(large.id)
    assert not card.data.kept
    assert card.data.annotations is not None
    assert card.data.annotations.sha256 is None
    assert bench.models.annotations(card) is None
