"""Animations of jobs, equal to those of the same request to `POST /train`."""

import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.deployment import Deployment
from app.settings import Settings
from tests.app.conftest import MakeClient

BODY: dict[str, Any] = {
    "colours": ["red", "blue", "gold"],
    "width": 6,
    "height": 4,
    "iterations": 20,
    "random_state": 1,
}
GIF = {"Accept": "image/gif"}
SLICE = Settings(store="memory:", slice_seconds=1e-9)


class Service:
    """A service without workers: jobs run when a test calls one."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self._jobs: Deployment = client.app.state.jobs  # type: ignore[attr-defined]
        self._settings = self._jobs._settings

    def ask(self, **more: Any) -> Any:
        answer = self.client.post("/atrain", json={**BODY, **more})
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def work(self) -> None:
        """Do every job to its end."""
        self._jobs._settings = self._settings
        self._jobs.worker().run(idle=0.1)

    def work_a_little(self) -> None:
        """Do an iteration of one job."""
        self._jobs._settings = SLICE
        message = self._jobs._local().receive(wait=20)
        assert message is not None
        self._jobs.worker().process(message)

    def frames(self) -> list[str]:
        return [key for key in self._jobs.jobs.store.keys("jobs/") if "/frames-" in key]


@pytest.fixture
def make(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    def made(**settings: Any) -> Service:
        client = make_client(**settings)
        monkeypatch.setattr(client.app.state.jobs.service, "_wake", lambda: None)  # type: ignore[attr-defined]
        return Service(client)

    return made


@pytest.fixture
def service(make: Any) -> Service:
    made: Service = make()
    return made


def frames_of(content: bytes) -> int:
    with Image.open(io.BytesIO(content)) as image:
        return int(getattr(image, "n_frames", 1))


@pytest.mark.parametrize("media_type", ["image/gif", "image/apng", "image/webp"])
@pytest.mark.parametrize(
    "asked",
    [
        {"frames": 5},
        {"every": 6, "grid": "hexagonal"},
        {"frames": 9, "spacing": "logarithmic", "initialisation": "pca", "boundary": "toroidal"},
    ],
)
def test_it_is_that_of_train(service: Service, media_type: str, asked: dict[str, Any]) -> None:
    accept = {"Accept": media_type}
    job = service.ask(**asked)
    assert job["frames"] == 0
    service.work()
    done = service.client.get(job["links"]["self"]).json()
    answer = service.client.get(done["links"]["animation"], headers=accept)
    train = service.client.post("/train", json={**BODY, **asked}, headers=accept)
    assert (answer.status_code, train.status_code) == (200, 200), "it is trained again for its frames"
    assert answer.content == train.content
    assert answer.headers["content-type"] == media_type
    told = ("Kohonen-Frames", "Kohonen-Scale")
    assert [answer.headers[name] for name in told] == [train.headers[name] for name in told]
    assert int(answer.headers["Kohonen-Frames"]) == done["frames"] == frames_of(answer.content)
    assert (answer.headers["Kohonen-Iteration"], answer.headers["Vary"]) == ("20", "Accept")
    assert "Retry-After" not in answer.headers


def test_a_gif_without_a_wish(service: Service) -> None:
    place = service.ask(frames=3)["links"]["animation"]
    service.work()
    answers = [service.client.get(place, headers={"Accept": accept}) for accept in ("*/*", "image/*")]
    assert [answer.headers["content-type"] for answer in answers] == ["image/gif"] * 2
    assert service.client.get(place, headers={"Accept": "image/png"}).status_code == 406


def test_a_training_under_way_is_seen_as_far_as_it_is_saved(service: Service) -> None:
    job = service.ask(frames=11)
    early = service.client.get(job["links"]["animation"])
    assert (early.status_code, early.json()["type"]) == (409, "urn:kohonen:problem:data-not-kept")
    assert "yet" in early.json()["detail"]
    for _ in range(5):
        service.work_a_little()
    now = service.client.get(job["links"]["animation"])
    assert (now.headers["Kohonen-Frames"], now.headers["Kohonen-Iteration"]) == ("3", "4")
    assert now.headers["Cache-Control"] == "no-cache"
    assert int(now.headers["Retry-After"]) >= 1
    assert frames_of(now.content) == 3
    assert service.client.get(job["links"]["self"]).json()["frames"] == 3
    service.work()
    then = service.client.get(job["links"]["animation"])
    train = service.client.post("/train", json={**BODY, "frames": 11}, headers=GIF)
    assert then.content == train.content


def test_without_frames_there_is_none_until_they_are_asked_for(service: Service) -> None:
    job = service.ask()
    assert (job["frames"], "animation" in job["links"]) == (None, False)
    service.work()
    place = f"{job['links']['self']}/animation"
    none = service.client.get(place)
    assert none.status_code == 409
    assert "with frames" in none.json()["detail"]
    model = service.client.get(f"/models/{job['id']}").json()
    again = service.ask(frames=4)
    assert (again["id"], again["state"], again["frames"]) == (job["id"], "queued", 0)
    service.work()
    assert service.client.get(place).headers["Kohonen-Frames"] == "4"
    assert service.client.get(f"/models/{job['id']}").json() == model, "the model is as it was"


def test_frames_that_are_there_are_not_made_again(service: Service) -> None:
    job = service.ask(frames=4)
    service.work()
    for more in ({"frames": 4}, {}):
        again = service.ask(**more)
        assert (again["state"], again["frames"], again["slices"]) == ("succeeded", 4, 1)
    kept = service.frames()
    other = service.ask(frames=6)
    assert (other["state"], other["frames"]) == ("queued", 0)
    service.work()
    assert service.client.get(job["links"]["self"]).json()["frames"] == 6
    assert len(service.frames()) == 1
    assert service.frames() != kept


def test_a_model_that_train_has_made_is_trained_again_for_them(service: Service) -> None:
    assert service.client.post("/train", json={**BODY, "name": "one"}).status_code == 201
    assert service.ask()["state"] == "succeeded"
    job = service.ask(frames=4, name="two")
    assert job["state"] == "queued"
    service.work()
    assert service.client.get(job["links"]["animation"]).status_code == 200
    assert service.client.get("/models/two@1").json()["id"] == job["id"]
    assert service.client.get("/models/one@1").json()["id"] == job["id"]


def test_what_is_removed_is_not_shown(service: Service) -> None:
    job = service.ask(frames=4)
    service.work()
    place = job["links"]["self"]
    assert service.client.delete(place).json()["frames"] is None
    assert service.frames() == []
    assert service.client.get(f"{place}/animation").status_code == 409
    assert service.ask(frames=4)["state"] == "queued"
    service.work()
    assert service.client.get(f"{place}/animation").status_code == 200
    assert service.client.delete(f"/models/{job['id']}").status_code == 204
    gone = service.client.get(f"{place}/animation")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:kohonen:problem:model-not-found")


def test_no_such_job(service: Service) -> None:
    answer = service.client.get(f"/jobs/{'0' * 32}/animation")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:kohonen:problem:job-not-found")


def test_damaged_frames(service: Service) -> None:
    job = service.ask(frames=4)
    service.work()
    store = service._jobs.jobs.store
    store.delete(service.frames()[0])
    answer = service.client.get(job["links"]["animation"])
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:kohonen:problem:damaged-job")
    assert f"DELETE {job['links']['self']} removes them" in answer.json()["detail"]
    service.client.delete(job["links"]["self"])
    service.ask(frames=4)
    service.work()
    assert service.client.get(job["links"]["animation"]).status_code == 200


def test_an_answer_within_the_limit_rather_than_none(make: Any) -> None:
    whole = make()
    job = whole.ask(frames=5)
    whole.work()
    size = len(whole.client.get(job["links"]["animation"]).content)
    small = make(max_answer_bytes=size - 1)
    small.ask(frames=5)
    small.work()
    answer = small.client.get(job["links"]["animation"])
    assert answer.headers["Kohonen-Scaled-Down"] == "true"
    assert len(answer.content) < size
    assert frames_of(answer.content) == 5


def test_the_weights_are_those_of_a_training_without_frames(service: Service, make: Any) -> None:
    other = make()
    for one, more in ((service, {"frames": 7}), (other, {})):
        one.ask(**more)
        one.work()
    loaded = [
        np.load(io.BytesIO(one.client.get("/models/latest/download").content)) for one in (service, other)
    ]
    np.testing.assert_array_equal(*loaded)
