"""Animations of trainings, decoded."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from kohonen import Parameters, train
from kohonen.inputs.colours import parse_colours
from kohonen.pictures.maps import draw_map

MakeClient = Callable[..., TestClient]

BODY: dict[str, Any] = {
    "colours": ["red", "blue", "gold"],
    "width": 6,
    "height": 4,
    "iterations": 20,
    "random_state": 1,
    "frames": 5,
}
GIF = {"Accept": "image/gif"}


def frames_of(content: bytes) -> list[Any]:
    with Image.open(io.BytesIO(content)) as image:
        pictures = []
        for index in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(index)
            pictures.append(np.asarray(image.convert("RGB")))
        return pictures


@pytest.mark.parametrize("media_type", ["image/gif", "image/apng", "image/webp"])
def test_frames_show_the_map_learning(client: TestClient, media_type: str) -> None:
    answer = client.post("/train", json=BODY, headers={"Accept": media_type})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == media_type
    assert answer.headers["Kohonen-Frames"] == "5"
    assert answer.headers["Kohonen-Scale"] == "66"
    assert "Kohonen-Scaled-Down" not in answer.headers
    check(answer.content, [0, 5, 10, 15, 20])


def check(content: bytes, expected: list[int]) -> None:
    """Assert that the frames of an animation show the maps after these iterations."""
    parameters = Parameters(width=6, height=4, iterations=20, random_state=1)
    for picture, iterations in zip(frames_of(content), expected, strict=True):
        trained = train(parse_colours(BODY["colours"]), parameters, last_iteration=iterations)
        np.testing.assert_array_equal(picture[: 4 * 66], draw_map(trained.weights, scale=66))


def test_the_demo_in_motion_is_below_a_megabyte(client: TestClient) -> None:
    colours = np.random.default_rng([7, 1]).random((20, 3)).tolist()
    answer = client.post("/train", json={"colours": colours, "random_state": 7}, headers=GIF)
    assert (answer.headers["Kohonen-Frames"], answer.headers["Kohonen-Scale"]) == ("24", "4")
    assert "Kohonen-Scaled-Down" not in answer.headers
    assert len(answer.content) < 1_000_000


def test_frames_are_no_part_of_the_model(client: TestClient) -> None:
    plain = client.post("/train", json={key: value for key, value in BODY.items() if key != "frames"})
    assert plain.status_code == 201
    moving = client.post("/train", json=BODY, headers=GIF)
    assert moving.status_code == 200
    assert moving.headers["Kohonen-Model-Id"] == plain.headers["Kohonen-Model-Id"]
    assert len(frames_of(moving.content)) == 5
    assert len(client.get("/models").json()["models"]) == 1


def test_the_media_type_alone_asks_for_frames(client: TestClient) -> None:
    body = {**BODY, "frames": None, "iterations": 100}
    answer = client.post("/train", json=body, headers=GIF)
    assert answer.headers["Kohonen-Frames"] == "24"


def test_frames_without_a_wish_are_a_gif(client: TestClient) -> None:
    for accept in ("*/*", "image/*", "image/png, */*;q=0.1"):
        assert (
            client.post("/train", json=BODY, headers={"Accept": accept}).headers["content-type"]
            == "image/gif"
        )
    for accept in ("image/png", "application/json"):
        answer = client.post("/train", json=BODY, headers={"Accept": accept})
        assert answer.status_code == 406
        assert "image/gif" in answer.json()["detail"]


def test_nothing_is_stored_that_is_not_to_be(client: TestClient) -> None:
    answer = client.post("/train", json={**BODY, "persist": False}, headers=GIF)
    assert answer.status_code == 200
    assert client.get("/models").json()["models"] == []


def test_logarithmic_spacing(client: TestClient) -> None:
    even, dense = (
        client.post("/train", json={**BODY, "spacing": spacing}, headers={"Accept": "image/apng"}).content
        for spacing in ("even", "logarithmic")
    )
    assert even != dense
    np.testing.assert_array_equal(frames_of(even)[-1], frames_of(dense)[-1])


def test_a_frame_every_so_many_iterations(client: TestClient) -> None:
    body = {key: value for key, value in BODY.items() if key != "frames"}
    answer = client.post("/train", json={**body, "every": 8}, headers={"Accept": "image/apng"})
    check(answer.content, [0, 8, 16, 20])


@pytest.mark.parametrize(
    ("asked", "frames"),
    [
        ({"every": 1}, 100),
        ({"every": 1, "frames": 7}, 7),
        ({"every": 10**9}, 2),
        ({"spacing": "logarithmic"}, 24),
    ],
)
def test_the_number_of_frames_is_bounded(client: TestClient, asked: dict[str, Any], frames: int) -> None:
    body = {**BODY, "frames": None, "iterations": 500, **asked}
    answer = client.post("/train", json=body, headers=GIF)
    assert answer.headers["Kohonen-Frames"] == str(frames)
    assert len(frames_of(answer.content)) == frames


@pytest.mark.parametrize(
    ("asked", "pointer", "says"),
    [
        ({"every": 5, "spacing": "even"}, "", "give either 'spacing' or 'every'"),
        ({"every": 0}, "/every", "greater than or equal to 1"),
        ({"every": 2.5}, "/every", "integer"),
        ({"spacing": "odd"}, "/spacing", "'even' or 'logarithmic'"),
    ],
)
def test_when_frames_are_captured_must_be_clear(
    client: TestClient, asked: dict[str, Any], pointer: str, says: str
) -> None:
    answer = client.post("/train", json={**BODY, **asked}, headers=GIF)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["message"]


def test_an_answer_within_the_limit_rather_than_none(make_client: MakeClient) -> None:
    whole = make_client().post("/train", json=BODY, headers=GIF)
    answer = make_client(max_answer_bytes=len(whole.content) - 1).post("/train", json=BODY, headers=GIF)
    assert answer.status_code == 201
    assert answer.headers["Kohonen-Scaled-Down"] == "true"
    assert float(answer.headers["Kohonen-Scale"]) < 66
    assert len(answer.content) < len(whole.content)
    few = make_client(max_picture_pixels=6 * 4 * 66 * 66).post("/train", json=BODY, headers=GIF)
    assert few.headers["Kohonen-Scaled-Down"] == "true"


def test_going_on_moves_too(client: TestClient) -> None:
    model = client.post("/train", json={**BODY, "frames": None}).headers["Location"]
    answer = client.post(f"{model}/fit", json={"iterations": 10, "frames": 3}, headers=GIF)
    assert answer.status_code == 201
    assert len(frames_of(answer.content)) == 3


@pytest.mark.parametrize("frames", [1, 101, 2.5, "many"])
def test_frames_are_bounded(client: TestClient, frames: Any) -> None:
    answer = client.post("/train", json={**BODY, "frames": frames}, headers=GIF)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/frames"
