"""The events in ``events/`` through the handler, in this process; the emulator's test sends them, too."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.app import create_app
from app.aws.api import create_handler
from app.settings import Settings

EVENTS = Path(__file__).parents[2] / "events"
DEMO = (280, 390, 3)  # a strip of 20 pixels above 20 rows of 30 units, 13 pixels each
MAP = (260, 390, 3)
SHAPES = {
    "function_url": DEMO,
    "http_api_v2": MAP,
    "http_api_v2_stage": DEMO,
    "rest_v1": DEMO,
    "rest_v1_bare": (420, 400, 3),
    "rest_v1_stage": DEMO,
    "rest_v1_train_base64": MAP,
}

Decode = Callable[[bytes], npt.NDArray[np.uint8]]
Invoke = Callable[[str], dict[str, Any]]


@pytest.fixture
def invoke() -> Invoke:
    handler = create_handler(create_app(Settings(store="memory:")))
    return lambda name: handler(json.loads((EVENTS / f"{name}.json").read_text()), None)


def test_every_event_is_tested() -> None:
    assert sorted(SHAPES) == sorted(path.stem for path in EVENTS.glob("*.json"))


@pytest.mark.parametrize("name", SHAPES)
def test_an_event_is_answered_with_a_picture(name: str, invoke: Invoke, decode: Decode) -> None:
    answer = invoke(name)
    assert answer["statusCode"] in {200, 201}
    assert answer["headers"]["content-type"] == "image/png"
    assert answer["isBase64Encoded"] is True
    assert decode(base64.b64decode(answer["body"])).shape == SHAPES[name]


def test_where_an_event_comes_from_changes_no_pixel(invoke: Invoke, decode: Decode) -> None:
    demos = [invoke(name)["body"] for name, shape in SHAPES.items() if shape == DEMO]
    assert len(demos) == 4
    assert len(set(demos)) == 1
    posted, encoded = invoke("http_api_v2"), invoke("rest_v1_train_base64")
    assert (posted["statusCode"], encoded["statusCode"]) == (201, 200)
    assert posted["body"] == encoded["body"]


def test_three_colours_are_seen(invoke: Invoke, decode: Decode) -> None:
    pixels = decode(base64.b64decode(invoke("rest_v1_train_base64")["body"])).reshape(-1, 3).astype(int)
    for colour in [(0xE6, 0x39, 0x46), (255, 215, 0), (26, 178, 51)]:
        close = np.abs(pixels - colour).max(axis=1) < 24
        assert close.mean() > 0.05, f"no region of {colour}"


@pytest.mark.parametrize(
    ("name", "start"), [("rest_v1_train_base64", "/Prod/models/"), ("http_api_v2", "/models/")]
)
def test_links_lead_through_the_stage(name: str, start: str, invoke: Invoke) -> None:
    assert invoke(name)["headers"]["location"].startswith(start)
