import io
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from app.api.schemas.examples import EXAMPLE_ID, TRAINING
from app.runtime.gate import Gate as Admission
from app.training import service
from kohonen import SelfOrganizingMap, TrainedMap, assess
from kohonen.inputs.colours import parse_colours
from tests.kohonen import oracle
from tests.waiting import PATIENCE, eventually

BODY: dict[str, Any] = TRAINING["colours"]["value"]
SMALL: dict[str, Any] = {
    "colours": ["red", "blue"],
    "width": 6,
    "height": 4,
    "iterations": 20,
    "random_state": 1,
}
MakeClient = Callable[..., TestClient]
Decode = Callable[[bytes], npt.NDArray[np.uint8]]


def card(client: TestClient, body: dict[str, Any]) -> Any:
    answer = client.post("/train", json=body, headers={"Accept": "application/json"})
    assert answer.is_success, answer.text
    return answer.json()


def test_answers_with_the_picture_of_the_map(client: TestClient, decode: Decode) -> None:
    answer = client.post("/train", json=BODY)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "image/png"
    pixels = decode(answer.content)
    assert pixels.shape == (20 * 13, 30 * 13, 3)
    som = SelfOrganizingMap(30, 20, iterations=200, random_state=7).fit(parse_colours(BODY["colours"]))
    for x, y in [(0, 0), (29, 0), (0, 19), (17, 5)]:
        assert pixels[y * 13 + 6, x * 13 + 6].tolist() == np.rint(som.weights_[x, y] * 255).tolist()


def test_the_map_shows_every_colour(client: TestClient, decode: Decode) -> None:
    pixels = decode(client.post("/train", json=BODY).content).astype(int)
    for colour in parse_colours(BODY["colours"]) * 255:
        assert np.abs(pixels - colour).max(axis=2).min() <= 3


def test_figures_travel_as_headers(client: TestClient) -> None:
    headers = client.post("/train", json=SMALL).headers
    samples = parse_colours(SMALL["colours"])
    som = SelfOrganizingMap(6, 4, iterations=20, random_state=1).fit(samples)
    quality = assess(som.weights_, samples)
    assert float(headers["Kohonen-Quantization-Error"]) == quality.quantization_error
    assert float(headers["Kohonen-Topographic-Error"]) == quality.topographic_error
    assert headers["Kohonen-Random-State"] == "1"
    assert headers["Location"] == f"/models/{headers['Kohonen-Model-Id']}"
    assert {part.split(";")[0] for part in headers["Server-Timing"].split(", ")} == {
        "store", "train", "quality", "draw",
    }  # fmt: skip


def test_the_card_tells_all(client: TestClient) -> None:
    made = card(client, SMALL)
    assert made["parameters"] == {
        "width": 6, "height": 4, "iterations": 20, "learning_rate": 0.1, "sigma": 3.0, "random_state": 1,
        "final_sigma": 1.0,
        "algorithm": "online", "initialisation": "random", "grid": "rectangular", "boundary": "planar",
    }  # fmt: skip
    assert made["data"]["samples"] == 2
    assert made["data"]["dimension"] == 3
    assert made["data"]["kept"] is True
    assert made["weights"]["shape"] == [6, 4, 3]
    assert made["links"]["self"] == f"/models/{made['id']}"
    assert client.get(made["links"]["self"]).json() == made


def test_the_downloaded_weights_are_the_oracles(client: TestClient) -> None:
    made = card(client, SMALL)
    answer = client.get(made["links"]["download"])
    weights = np.load(io.BytesIO(answer.content), allow_pickle=False)
    initial = np.random.default_rng(1).random((6, 4, 3))
    expected = oracle.online(parse_colours(SMALL["colours"]), initial, iterations=20)
    np.testing.assert_array_equal(weights, expected.weights)
    assert answer.headers["content-disposition"] == f'attachment; filename="kohonen-{made["id"]}.npy"'


def test_the_same_request_is_the_same_model(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.post("/train", json=SMALL)
    monkeypatch.setattr(service, "train", None)  # nothing is trained again
    again = client.post("/train", json={**SMALL, "colours": ["#f00", [0, 0, 255]], "colour_range": 255})
    assert again.status_code == 200
    assert "Location" not in again.headers
    assert again.headers["Kohonen-Model-Id"] == first.headers["Kohonen-Model-Id"]
    assert again.content == first.content


def test_what_is_stored_is_answered_whatever_the_limits(tmp_path: Any, make_client: MakeClient) -> None:
    store = f"file:{tmp_path}"
    assert make_client(store=store).post("/train", json=SMALL).status_code == 201
    assert make_client(store=store, max_iterations=1).post("/train", json=SMALL).status_code == 200


def test_nothing_is_stored_unless_wanted(client: TestClient) -> None:
    answer = client.post("/train", json={**SMALL, "persist": False})
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert client.get(f"/models/{answer.headers['Kohonen-Model-Id']}").status_code == 404
    assert "links" not in card(client, {**SMALL, "persist": False})


def test_data_are_left_out_on_request(client: TestClient) -> None:
    assert card(client, {**SMALL, "keep_data": False})["data"]["kept"] is False


def test_a_seed_is_drawn_and_told(client: TestClient) -> None:
    body = {name: value for name, value in SMALL.items() if name != "random_state"}
    first, second = card(client, body), card(client, body)
    assert first["parameters"]["random_state"] != second["parameters"]["random_state"]
    assert card(client, {**body, "random_state": first["parameters"]["random_state"]})["id"] == first["id"]


def test_an_idempotency_key_is_a_seed(client: TestClient) -> None:
    body = {name: value for name, value in SMALL.items() if name != "random_state"}
    answers = [client.post("/train", json=body, headers={"Idempotency-Key": key}) for key in ("a", "a", "b")]
    assert [answer.status_code for answer in answers] == [201, 200, 201]
    assert answers[0].headers["Kohonen-Model-Id"] == answers[1].headers["Kohonen-Model-Id"]


def test_vectors_show_their_u_matrix(client: TestClient, decode: Decode) -> None:
    pixels = decode(client.post("/train", json=TRAINING["vectors"]["value"]).content)
    assert pixels.shape == (14 * 20, 20 * 20, 3)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert pixels.min() == 0


def test_the_strip_above_the_map(client: TestClient, decode: Decode) -> None:
    pixels = decode(client.post("/train?view=input-output", json=SMALL).content)
    assert pixels.shape == (4 * 66 + 20, 6 * 66, 3)
    assert pixels[10, 10].tolist() == [255, 0, 0]
    assert pixels[10, -10].tolist() == [0, 0, 255]


@pytest.mark.parametrize("accept", ["image/png", "*/*", "image/*", "application/json;q=0.5, image/png"])
def test_a_picture_for_who_accepts_one(client: TestClient, accept: str) -> None:
    answer = client.post("/train", json=SMALL, headers={"Accept": accept})
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["vary"] == "Accept"


def test_not_acceptable(client: TestClient) -> None:
    answer = client.post("/train", json=SMALL, headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("example", TRAINING)
def test_every_example_works(client: TestClient, example: str) -> None:
    assert client.post("/train", json=TRAINING[example]["value"]).status_code == 201


def test_the_example_of_an_id_is_that_of_the_first_example(client: TestClient) -> None:
    assert card(client, BODY)["id"] == EXAMPLE_ID


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_small_maps_of_one_colour(client: TestClient, decode: Decode, size: tuple[int, int]) -> None:
    body = {"colours": ["teal"], "width": size[0], "height": size[1], "iterations": 3}
    pixels = decode(client.post("/train", json=body).content)
    scale = 400 // max(size)
    assert pixels.shape == (size[1] * scale, size[0] * scale, 3)


class Gate:
    """A training that waits until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self, *arguments: Any, **more: Any) -> TrainedMap:
        self.entered.release()
        assert self.go.wait(PATIENCE)
        from kohonen import train

        return train(*arguments, **more)


def test_nobody_waits_for_a_training(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr(service, "train", gate)
    client = make_client(trainings=1, waiting_trainings=1)
    admission: Admission = client.app.state.gate  # type: ignore[attr-defined]
    with client, ThreadPoolExecutor() as threads:
        running = threads.submit(client.post, "/train", json=SMALL)
        assert gate.entered.acquire(timeout=PATIENCE)
        waiting = threads.submit(client.post, "/train", json={**SMALL, "random_state": 2})
        eventually(lambda: admission.admitted("training") == 2)
        answer = client.post("/train", json={**SMALL, "random_state": 3})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["type"] == "urn:kohonen:problem:too-busy"
        for path in ("/health", "/limits", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200
        assert not running.done()
        assert not waiting.done()
        gate.go.set()
        assert running.result().status_code == 201
        assert waiting.result().status_code == 201
    assert client.post("/train", json={**SMALL, "random_state": 4}).status_code == 201


def test_a_training_that_is_late_is_stopped(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.training.limits.estimate", lambda *_, **__: 0.0)
    client = make_client(max_training_seconds=0.2)
    answer = client.post("/train", json={"colours": ["red"], "iterations": 1_000_000, "random_state": 1})
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:kohonen:problem:out-of-time"
    assert int(answer.headers["Retry-After"]) >= 1
    assert client.app.state.models.store.keys("") == []  # type: ignore[attr-defined]


def test_what_waited_until_its_time_was_over_may_come_again(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.dependencies.training_ends", lambda: time.monotonic() - 1)
    client = make_client()
    answer = client.post("/train", json={**SMALL, "persist": False})
    assert answer.status_code == 503  # and not that it is too large
    assert answer.json()["type"] == "urn:kohonen:problem:out-of-time"
    client = make_client(max_training_seconds=1e-9)
    assert client.post("/train", json={**SMALL, "persist": False}).status_code == 422


def test_two_at_once_make_one_model(client: TestClient) -> None:
    with client, ThreadPoolExecutor() as threads:
        answers = list(threads.map(lambda _: client.post("/train", json=SMALL), range(6)))
    assert sorted(answer.status_code for answer in answers)[-1] == 201
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len({answer.content for answer in answers}) == 1
