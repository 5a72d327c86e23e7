"""Clusters of the samples of stored models."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from kohonen import SelfOrganizingMap
from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.profiles import parse_count

GENERATOR = np.random.default_rng(0)
GROUPS = [[0.0, 0.0, 5.0], [3.0, 0.0, 5.0], [0.0, 3.0, 5.0]]
DATA = np.concatenate([GENERATOR.normal(group, [0.3, 0.3, 0.0], (20, 3)) for group in GROUPS])
BODY: dict[str, Any] = {
    "data": DATA.tolist(), "width": 7, "height": 5, "iterations": 40, "random_state": 1,
}  # fmt: skip
MakeClient = Callable[..., TestClient]


def train(client: TestClient, **more: Any) -> str:
    return str(client.post("/train", json={**BODY, **more}).headers["Location"])


def test_groups_are_found_and_told_apart(client: TestClient) -> None:
    answer = client.get(f"{train(client)}/clusters").json()
    assert answer["k"] == 3
    assert min(answer["davies_bouldin"], key=answer["davies_bouldin"].get) == "3"
    labels = [sample["cluster"] for sample in answer["samples"]]
    assert [len(set(labels[start : start + 20])) for start in (0, 20, 40)] == [1, 1, 1]
    assert len(set(labels)) == 3
    som = SelfOrganizingMap(7, 5, iterations=40, random_state=1).fit(DATA)
    units = cluster_units(som.weights_).labels
    assert answer["units"] == units.tolist()
    for sample, (x, y) in zip(answer["samples"], som.predict(DATA).tolist(), strict=True):
        assert (sample["bmu_x"], sample["bmu_y"], sample["cluster"]) == (x, y, units[x, y])


def test_profiles_describe_the_samples(client: TestClient) -> None:
    answer = client.get(f"{train(client)}/clusters?k=3").json()
    assert answer["davies_bouldin"] == {}
    labels = np.array([sample["cluster"] for sample in answer["samples"]])
    assert sum(one["units"] for one in answer["clusters"]) == 35
    for one in answer["clusters"]:
        own = DATA[labels == one["cluster"]]
        assert one["samples"] == len(own) == 20
        np.testing.assert_allclose(one["mean"], own.mean(axis=0))
        assert (one["least"], one["most"]) == (own.min(axis=0).tolist(), own.max(axis=0).tolist())
    high = answer["clusters"][labels[-1]]["distinction"]
    assert high[1] > 1 > high[0]
    assert high[2] == pytest.approx(0, abs=1e-9)  # a column that never varies


def test_a_cluster_may_be_without_samples(client: TestClient) -> None:
    answer = client.get(f"{train(client)}/clusters?k=35").json()
    empty = [one for one in answer["clusters"] if one["samples"] == 0]
    assert empty
    assert all(one["mean"] is None for one in empty)


def test_without_the_data(client: TestClient) -> None:
    model = train(client, keep_data=False)
    refused = client.get(f"{model}/clusters")
    assert refused.status_code == 409
    answer = client.get(f"{model}/clusters?samples=false").json()
    assert answer["samples"] is None
    assert answer["k"] == 3
    assert answer["clusters"][0]["samples"] is None


@pytest.mark.parametrize("k", ["0", "36", "-1", "many", "1.5", "99999999"])
def test_what_is_no_number_of_clusters_is_said(client: TestClient, k: str) -> None:
    answer = client.get(f"{train(client)}/clusters?k={k}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/k"


def test_an_answer_that_cannot_be_sent(make_client: MakeClient) -> None:
    answer = make_client(max_answer_bytes=3_000)
    refused = answer.get(f"{train(answer)}/clusters")
    assert refused.status_code == 422
    assert "samples=false" in refused.json()["detail"]


def test_answers_are_validated_by_tags(client: TestClient) -> None:
    model = train(client)
    first = client.get(f"{model}/clusters")
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get(f"{model}/clusters", headers=tag).status_code == 304
    assert client.get(f"{model}/clusters?k=2", headers=tag).status_code == 200


def test_counts_are_read() -> None:
    assert [parse_count(text) for text in ("auto", "7", "x", "²", "")] == ["auto", 7, None, None, None]


def test_predictions_say_the_cluster_when_asked(client: TestClient) -> None:
    model = train(client)
    told = client.get(f"{model}/clusters?k=3").json()["samples"]
    answer = client.post(f"{model}/predict?clusters=3", json={"data": DATA.tolist()}).json()
    assert answer["results"] == told
    plain = client.post(f"{model}/predict", json={"data": DATA.tolist()}).json()["results"]
    assert plain == [{key: one[key] for key in ("bmu_x", "bmu_y", "distance")} for one in told]
    table = client.post(
        f"{model}/predict?clusters=3", json={"data": DATA.tolist()}, headers={"Accept": "text/csv"}
    ).text.splitlines()
    assert table[0] == "bmu_x,bmu_y,distance,cluster"
    assert [int(line.split(",")[3]) for line in table[1:]] == [one["cluster"] for one in told]
    refused = client.post(f"{model}/predict?clusters=many", json={"data": DATA.tolist()})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/clusters"


def test_so_many_clusters_that_they_take_too_long_are_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"colours": ["red", "blue"], "width": 8, "height": 8, "iterations": 1}
    client.post("/train", json=body).raise_for_status()
    monkeypatch.setattr("app.api.clusters.MOST_SECONDS", 0.1)
    for path in ("clusters?k=3", "image?view=clusters&k=3"):
        answer = client.get(f"/models/latest/{path}")
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:kohonen:problem:over-limit")
        assert answer.json()["errors"][0]["pointer"] == "/k"
    assert client.get("/models/latest/clusters").status_code == 200
