"""Jobs over HTTP."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from app.api import jobs as jobs_module
from app.api.schemas.examples import JOB
from app.deployment import Deployment
from app.errors import QueueUnavailable
from app.settings import Settings
from kohonen import Parameters
from kohonen.inputs.colours import parse_colours
from tests.waiting import eventually

SMALL: dict[str, Any] = {
    "colours": ["red", "blue"],
    "width": 6,
    "height": 4,
    "iterations": 20,
    "random_state": 1,
}
ENDLESS = {**SMALL, "iterations": 1_000_000, "width": 400, "height": 300}
MakeClient = Callable[..., TestClient]
Decode = Callable[[bytes], npt.NDArray[np.uint8]]


def deployment(client: TestClient) -> Deployment:
    made: Deployment = client.app.state.jobs  # type: ignore[attr-defined]
    return made


@pytest.fixture
def make(make_client: MakeClient) -> Iterator[MakeClient]:
    """Make clients of services whose workers end with the test."""
    clients: list[TestClient] = []

    def made(**settings: Any) -> TestClient:
        clients.append(make_client(**settings))
        return clients[-1]

    yield made
    for client in clients:
        deployment(client).stop()


@pytest.fixture
def client(make: MakeClient) -> TestClient:
    return make()


@pytest.fixture
def idle(make: MakeClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Return a client of a service without workers."""
    client = make()
    monkeypatch.setattr(deployment(client).service, "_wake", lambda: None)
    return client


def ended(client: TestClient, place: str) -> httpx2.Response:
    """Wait until a job is over, and return the last answer about it."""
    answers: list[httpx2.Response] = []

    def is_over() -> bool:
        answers.append(client.get(f"{place}?wait=20"))
        return answers[-1].json()["state"] not in ("queued", "running")

    eventually(is_over)
    return answers[-1]


def test_a_job_makes_the_model_that_train_makes(client: TestClient, make: MakeClient) -> None:
    answer = client.post("/atrain", json=SMALL)
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["Location"] == f"/jobs/{job['id']}" == job["links"]["self"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert job["state"] in ("queued", "running")
    assert job["model"] is job["problem"] is None
    assert job["parameters"]["random_state"] == 1
    assert (job["samples"], job["dimension"]) == (2, 3)
    answer = ended(client, job["links"]["self"])
    assert "Retry-After" not in answer.headers
    done = answer.json()
    assert done["state"] == "succeeded"
    assert done["progress"]["iteration"] == done["progress"]["iterations"] == 20
    assert done["model"] == client.get(done["links"]["model"]).json()
    other = make().post("/train", json=SMALL, headers={"Accept": "application/json"}).json()
    assert {name: other[name] for name in ("id", "weights", "data", "parameters", "quality")} == {
        name: done["model"][name] for name in ("id", "weights", "data", "parameters", "quality")
    }


def test_the_same_request_again_is_the_same_job(client: TestClient) -> None:
    first = client.post("/atrain", json=SMALL).json()
    ended(client, first["links"]["self"])
    again = client.post("/atrain", json=SMALL)
    assert again.status_code == 200
    assert again.headers["Location"] == f"/jobs/{first['id']}"
    assert again.json()["state"] == "succeeded"
    assert again.json()["slices"] == 1
    assert again.json()["model"]["id"] == first["id"]
    assert client.post("/train", json=SMALL).status_code == 200


def test_a_job_under_way_is_not_queued_again(idle: TestClient) -> None:
    first, second = (idle.post("/atrain", json=SMALL) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    store = deployment(idle).jobs.store
    assert len(store.keys("jobs/queue/")) == 1


def test_what_train_has_made_is_a_job_that_is_done(idle: TestClient) -> None:
    assert idle.post("/train", json=SMALL).status_code == 201
    answer = idle.post("/atrain", json=SMALL)
    assert answer.status_code == 200
    assert answer.json()["state"] == "succeeded"
    assert answer.json()["model"]["id"] == answer.json()["id"]
    assert idle.get("/jobs").json()["jobs"][0]["id"] == answer.json()["id"]


def test_a_cancelled_job_whose_model_train_has_made_is_done(idle: TestClient) -> None:
    place = idle.post("/atrain", json=SMALL).headers["Location"]
    assert idle.delete(place).json()["state"] == "cancelled"
    assert idle.post("/train", json=SMALL).status_code == 201
    assert idle.get(place).json()["state"] == "cancelled"
    assert idle.post("/atrain", json=SMALL).json()["state"] == "succeeded"
    assert idle.get(place).json()["state"] == "succeeded"


def test_a_model_that_was_removed_is_made_again(client: TestClient) -> None:
    place = client.post("/atrain", json=SMALL).headers["Location"]
    model = ended(client, place).json()["model"]["id"]
    assert client.delete(f"/models/{model}").status_code == 204
    gone = client.get(place).json()
    assert (gone["state"], gone["model"]) == ("succeeded", None)
    assert client.get(f"{place}/image").status_code == 404
    assert client.post("/atrain", json=SMALL).status_code == 202
    assert ended(client, place).json()["model"]["id"] == model


def test_an_idempotency_key_is_a_seed(idle: TestClient) -> None:
    body = {name: value for name, value in SMALL.items() if name != "random_state"}
    keys = ("a", "a", "b")
    jobs = [idle.post("/atrain", json=body, headers={"Idempotency-Key": key}).json() for key in keys]
    assert jobs[0]["id"] == jobs[1]["id"] != jobs[2]["id"]
    assert idle.post("/atrain", json=body).json()["id"] != jobs[0]["id"]


def test_cancelling_keeps_the_record_and_is_final(client: TestClient) -> None:
    place = client.post("/atrain", json=ENDLESS).headers["Location"]
    eventually(lambda: client.get(place).json()["state"] == "running")
    cancelled = client.delete(place)
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    assert client.delete(place).json() == cancelled.json()
    assert client.get(f"{place}?wait=20").json() == cancelled.json()
    assert client.get(f"{place}/image").status_code == 200
    small = client.post("/atrain", json=SMALL).headers["Location"]
    assert ended(client, small).json()["state"] == "succeeded", "the only worker is free again"


def test_a_cancelled_job_is_queued_again_on_request(client: TestClient) -> None:
    body = {**SMALL, "random_state": 5}
    deployment(client).stop()
    place = client.post("/atrain", json=body).headers["Location"]
    client.delete(place)
    again = client.post("/atrain", json=body)
    assert again.status_code == 202
    assert (again.json()["state"], again.json()["attempts"]) == ("queued", 0)


def test_jobs_are_listed_newest_first(idle: TestClient) -> None:
    made = []
    for seed in range(5):
        made.append(idle.post("/atrain", json={**SMALL, "random_state": seed}).json()["id"])
        time.sleep(0.002)
    page = idle.get("/jobs?max_results=3").json()
    rest = idle.get("/jobs", params={"max_results": 3, "cursor": page["next_cursor"]}).json()
    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert "model" not in page["jobs"][0]["links"]


@pytest.mark.parametrize("query", ["max_results=0", "max_results=101", "cursor=../x", "max_results=x"])
def test_lists_that_cannot_be_asked_for(idle: TestClient, query: str) -> None:
    answer = idle.get(f"/jobs?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("name", ["0" * 32, "nothing"])
def test_no_such_job(idle: TestClient, method: str, name: str) -> None:
    answer = getattr(idle, method)(f"/jobs/{name}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:kohonen:problem:job-not-found"
    assert idle.get(f"/jobs/{name}/image").status_code == 404


def test_the_map_can_be_watched(idle: TestClient, decode: Decode) -> None:
    job = idle.post("/atrain", json=SMALL).json()
    answer = idle.get(job["links"]["image"])
    assert (answer.status_code, answer.headers["Kohonen-Iteration"]) == (200, "0")
    first = decode(answer.content)
    initial = Parameters(width=6, height=4, random_state=1).initial_weights(3)
    assert first[33, 33].tolist() == np.rint(initial[0, 0] * 255).tolist()
    parts = deployment(idle)
    parts._settings = Settings(store="memory:", slice_seconds=1e-9)
    message = parts._local().receive(wait=0)
    assert message is not None
    parts.worker().process(message)
    answer = idle.get(job["links"]["image"])
    assert (answer.headers["Kohonen-Iteration"], answer.headers["Cache-Control"]) == ("1", "no-cache")
    assert (decode(answer.content) != first).any()
    parts.worker().run(idle=0.1)
    answer = idle.get(job["links"]["image"])
    assert answer.headers["Kohonen-Iteration"] == "20"
    train = idle.post("/train", json=SMALL)
    assert (decode(answer.content) == decode(train.content)).all()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have waiting for a job take no time, and return how long each pause would have been."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(jobs_module, "time", SimpleNamespace(monotonic=lambda: sum(taken)))
    monkeypatch.setattr(jobs_module, "asyncio", SimpleNamespace(sleep=sleep))
    return taken


def test_waiting_ends_in_time(idle: TestClient, pauses: list[float]) -> None:
    place = idle.post("/atrain", json=SMALL).headers["Location"]
    answer = idle.get(f"{place}?wait=0.4")
    assert sum(pauses) == pytest.approx(0.4)
    assert answer.json()["state"] == "queued"
    assert answer.headers["Retry-After"] == "2"


def test_waiting_can_be_off(make: MakeClient, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    client = make(max_wait_seconds=0)
    monkeypatch.setattr(deployment(client).service, "_wake", lambda: None)
    place = client.post("/atrain", json=SMALL).headers["Location"]
    assert client.get(f"{place}?wait=20").json()["state"] == "queued"
    assert pauses == []


def test_without_a_queue_there_are_no_jobs_and_the_setting_is_named(make: MakeClient) -> None:
    client = make(queue="none:")
    answer = client.post("/atrain", json=SMALL)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "SOM_QUEUE" in answer.json()["detail"]
    assert client.get("/jobs").json() == {"jobs": [], "next_cursor": None}
    assert client.post("/train", json=SMALL).status_code == 201


def test_a_queue_that_fails_loses_no_job(idle: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise QueueUnavailable("the queue is not there", retry_after=5)

    parts = deployment(idle)
    with monkeypatch.context() as patch:
        patch.setattr(parts.queue, "send", refuse)
        answer = idle.post("/atrain", json=SMALL)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["type"] == "urn:kohonen:problem:queue-unavailable"
    answer = idle.post("/atrain", json=SMALL)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    parts.worker().run(idle=0.1)
    assert idle.get(answer.headers["Location"]).json()["state"] == "succeeded"


def test_a_failed_job_tells_its_problem(idle: TestClient) -> None:
    place = idle.post("/atrain", json=SMALL).headers["Location"]
    parts = deployment(idle)
    (samples,) = [key for key in parts.jobs.store.keys("jobs/") if "samples" in key]
    parts.jobs.store.delete(samples)
    parts.worker().run(idle=0.1)
    job = idle.get(place).json()
    assert job["state"] == "failed"
    assert job["problem"]["type"] == "urn:kohonen:problem:damaged-job"
    assert job["problem"]["status"] == 500
    assert idle.post("/atrain", json=SMALL).status_code == 202
    parts.worker().run(idle=0.1)
    job = idle.get(place).json()
    assert (job["state"], job["problem"]) == ("succeeded", None)


def test_a_job_without_a_stored_model_makes_no_sense(idle: TestClient) -> None:
    answer = idle.post("/atrain", json={**SMALL, "persist": False})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/persist"


@pytest.mark.parametrize(
    ("settings", "pointer", "words"),
    [
        ({"max_job_samples": 1}, "/colours", "2 samples"),
        ({"max_job_seconds": 1e-9}, "/iterations", "are allowed"),
        ({"max_iteration_seconds": 1e-9}, "/colours", "saved between iterations"),
        ({"max_side": 5}, "/width", "a width of 6"),
    ],
)
def test_jobs_have_limits(make: MakeClient, settings: dict[str, float], pointer: str, words: str) -> None:
    answer = make(**settings).post("/atrain", json=SMALL)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:kohonen:problem:over-limit"
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["message"]


@pytest.mark.parametrize(
    ("settings", "points"),
    [
        ({"max_training_seconds": 1e-9}, True),
        ({"max_samples": 1}, True),
        ({"max_training_seconds": 1e-9, "max_job_seconds": 1e-9}, False),
        ({"max_samples": 1, "max_job_samples": 1}, False),
        ({"max_side": 5}, False),
    ],
)
def test_train_points_to_jobs_where_they_are_the_way_out(
    make: MakeClient, settings: dict[str, float], points: bool
) -> None:
    answer = make(**settings).post("/train", json=SMALL)
    assert answer.status_code == 422
    assert ("/atrain" in answer.json()["detail"]) is points


def test_the_limits_of_jobs_are_told(idle: TestClient) -> None:
    told = idle.get("/limits").json()
    assert (told["max_job_samples"], told["max_job_seconds"]) == (1_000_000, 21_600)
    assert told["max_wait_seconds"] == 20


@pytest.mark.parametrize("example", JOB)
def test_every_example_is_taken(idle: TestClient, example: str) -> None:
    assert idle.post("/atrain", json=JOB[example]["value"]).status_code == 202


def test_colours_come_in_as_in_train(idle: TestClient) -> None:
    job = idle.post("/atrain", json={**SMALL, "colours": ["#f00", [0, 0, 1]]}).json()
    assert job["id"] == idle.post("/atrain", json=SMALL).json()["id"]
    request = deployment(idle).jobs.files.request(deployment(idle).jobs.get(job["id"]))
    np.testing.assert_array_equal(request.samples, parse_colours(["red", "blue"]))


def test_names(client: TestClient) -> None:
    job = client.post("/atrain", json={**SMALL, "name": "sunset"}).json()
    assert job["names"] == ["sunset"]
    done = ended(client, job["links"]["self"]).json()
    assert client.get("/models/sunset@1").json() == done["model"]
    for _ in range(2):
        again = client.post("/atrain", json={**SMALL, "name": "dawn"})
        assert (again.status_code, again.json()["names"]) == (200, ["sunset", "dawn"])
    assert (
        client.post("/atrain", json=SMALL).json() == again.json() == client.get(f"/jobs/{job['id']}").json()
    )
    assert client.get("/models/dawn@1").json()["id"] == job["id"]
    assert client.get("/models/sunset@1").status_code == 200


def test_a_map_that_begins_with_its_samples_can_be_watched(idle: TestClient, decode: Decode) -> None:
    body = {**SMALL, "initialisation": "sample", "grid": "hexagonal"}
    job = idle.post("/atrain", json=body).json()
    first = idle.get(job["links"]["image"])
    assert (first.status_code, first.headers["Kohonen-Iteration"]) == (200, "0")
    colours = {tuple(pixel) for row in decode(first.content).tolist() for pixel in row}
    assert {(255, 0, 0), (0, 0, 255)} <= colours <= {(255, 0, 0), (0, 0, 255), (255, 255, 255)}
    idle.delete(job["links"]["self"])
    gone = idle.get(job["links"]["image"])
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:kohonen:problem:data-not-kept")
    idle.post("/atrain", json=body)
    deployment(idle).worker().run(idle=0.1)
    train = idle.post("/train", json=body)
    assert (decode(idle.get(job["links"]["image"]).content) == decode(train.content)).all()


def test_train_points_to_jobs_only_where_they_do_the_same(make: MakeClient) -> None:
    client = make(max_training_seconds=1e-9)
    for body, points in ((SMALL, True), ({**SMALL, "persist": False}, False)):
        assert ("/atrain" in client.post("/train", json=body).json()["detail"]) is points
    assert "/atrain" not in client.get("/").json()["detail"]
