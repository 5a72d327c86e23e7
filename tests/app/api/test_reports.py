"""Reports on models: one self-contained page each."""

import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from kohonen.inputs.colours import parse_colours
from kohonen.pictures.maps import draw_map
from kohonen.pictures.views import draw_clusters, draw_errors, draw_hits, draw_planes, draw_u_matrix

Decode = Callable[[bytes], npt.NDArray[np.uint8]]
MakeClient = Callable[..., TestClient]
BODY: dict[str, Any] = {
    "colours": ["red", "blue", "gold", "teal"],
    "width": 6,
    "height": 4,
    "iterations": 60,
    "random_state": 1,
}


PLANES = ["plane-0", "plane-1", "plane-2"]


class Page(HTMLParser):
    """Collects what a page shows, and checks that every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: dict[str, bytes] = {}
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self._figure = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "figure":
            self._figure = given.get("id") or ""
        if tag == "img":
            assert given["alt"], "whoever cannot see it is told what it is"
            content = (given["src"] or "").removeprefix("data:image/png;base64,")
            self.images[self._figure] = base64.b64decode(content)
        if tag not in ("meta", "img", "path", "polyline"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def report(client: TestClient, **more: Any) -> Page:
    model = client.post("/train", json={**BODY, **more}).headers["Location"]
    answer = client.get(f"{model}/report", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return Page(answer.text)


def test_all_is_on_one_page(client: TestClient, decode: Decode) -> None:
    page = report(client)
    assert set(page.images) == {"map", "u-matrix", "hits", "errors", "clusters", *PLANES}
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "script" not in page.tags
    assert "polyline" in page.tags
    model = client.get("/models/latest").json()
    for shown in (model["id"], "Quantization error", "online", "random state", "Explained variance"):
        assert shown in page.text
    weights = np.array(client.get("/models/latest/download?format=json").json()["weights"])
    np.testing.assert_array_equal(decode(page.images["map"]), draw_map(weights))
    samples = parse_colours(BODY["colours"])
    for view, drawn in {
        "u-matrix": draw_u_matrix(weights),
        "hits": draw_hits(weights, samples),
        "errors": draw_errors(weights, samples),
        "clusters": draw_clusters(weights),
    }.items():
        np.testing.assert_array_equal(decode(page.images[view]), drawn, err_msg=view)
    for k, name in enumerate(PLANES):
        np.testing.assert_array_equal(decode(page.images[name]), draw_planes(weights, component=k, scale=66))
        assert f"component {k}" in page.text
        assert f"{weights[..., k].min():.3g}{weights[..., k].max():.3g}" in page.text, (
            "the ends of its colours"
        )
    for told in ("6 by 4 units, drawn as squares", "4 samples of 3 values each"):
        assert told in page.text


def test_what_is_not_kept_is_not_shown(client: TestClient) -> None:
    page = report(client, keep_data=False)
    assert set(page.images) == {"map", "u-matrix", "clusters", *PLANES}
    assert "The data are not kept with this model" in page.text


def test_a_map_that_is_no_picture_of_colours(client: TestClient) -> None:
    data = np.random.default_rng(0).normal(size=(30, 70))
    page = report(client, colours=None, data=data.tolist(), grid="hexagonal")
    assert set(page.images) == {"u-matrix", "hits", "errors", "clusters"}  # and too many planes


def test_a_map_of_equal_samples(client: TestClient) -> None:
    page = report(client, colours=["red", "red"], width=1, height=1, iterations=1)
    assert "Explained variance" not in page.text
    assert "close to the mean in every component" in page.text
    assert "all 2" in page.text, "hits"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"grid": "hexagonal"}, "drawn as hexagons. It was"),
        ({"boundary": "toroidal"}, "drawn as squares, whose opposite edges are joined. It was"),
        ({"colours": None, "data": [[1.0], [2.0]]}, "2 samples of 1 value each"),
    ],
)
def test_it_says_what_one_looks_at(client: TestClient, asked: dict[str, Any], told: str) -> None:
    text = report(client, **asked).text
    assert told in text
    assert "A self-organizing map is a grid of units" in text


def test_a_report_that_cannot_be_sent(make_client: MakeClient) -> None:
    client = make_client(max_answer_bytes=1_000)
    model = client.post("/train", json=BODY, headers={"Accept": "application/json"}).json()
    answer = client.get(f"/models/{model['id']}/report")
    assert answer.status_code == 422
    assert "single pictures" in answer.json()["detail"]


def test_html_must_be_acceptable(client: TestClient) -> None:
    model = client.post("/train", json=BODY).headers["Location"]
    assert client.get(f"{model}/report", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"])
def test_browsers_get_it_and_validate_it(client: TestClient, accept: str) -> None:
    model = client.post("/train", json=BODY).headers["Location"]
    first = client.get(f"{model}/report", headers={"Accept": accept})
    assert re.match("<!doctype html>", first.text)
    again = client.get(f"{model}/report", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
