"""Pictures of all views of a stored model, decoded if they are plain."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from kohonen import SelfOrganizingMap
from kohonen.geometry import Geometry
from kohonen.pictures.maps import draw_input_output, draw_map
from kohonen.pictures.views import draw_clusters, draw_errors, draw_hits, draw_planes, draw_u_matrix

BODY: dict[str, Any] = {"width": 7, "height": 4, "iterations": 20, "random_state": 1}
COLOURS = np.random.default_rng(1).random((6, 3))
GRIDS = [
    ("rectangular", "planar"),
    ("rectangular", "toroidal"),
    ("hexagonal", "planar"),
    ("hexagonal", "toroidal"),
]
VIEWS = ("map", "input-output", "u-matrix", "planes", "hits", "errors", "clusters")
MakeClient = Callable[..., TestClient]
Decode = Callable[[bytes], npt.NDArray[np.uint8]]


def train(client: TestClient, **more: Any) -> str:
    answer = client.post("/train", json={"data": COLOURS.tolist(), **BODY, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


@pytest.mark.parametrize(("grid", "boundary"), GRIDS)
def test_every_view_of_every_grid(client: TestClient, decode: Decode, grid: Any, boundary: Any) -> None:
    model = train(client, grid=grid, boundary=boundary)
    som = SelfOrganizingMap(7, 4, iterations=20, random_state=1, grid=grid, boundary=boundary).fit(COLOURS)
    weights = som.weights_
    options: dict[str, Any] = {"scale": 6, "geometry": Geometry(grid, boundary)}
    expected: dict[str, Any] = {
        "map": draw_map(weights, **options),
        "input-output": draw_input_output(COLOURS, weights, **options),
        "u-matrix": draw_u_matrix(weights, **options),
        "planes": draw_planes(weights, **options),
        "planes&component=1": draw_planes(weights, component=1, **options),
        "hits": draw_hits(weights, COLOURS, **options),
        "errors": draw_errors(weights, COLOURS, **options),
        "clusters": draw_clusters(weights, **options),
        "clusters&k=3": draw_clusters(weights, k=3, **options),
    }
    for view, picture in expected.items():
        answer = client.get(f"{model}/image?view={view}&scale=6")
        assert answer.status_code == 200, answer.text
        np.testing.assert_array_equal(decode(answer.content), picture, err_msg=view)
    card = client.get(model).json()
    assert (card["parameters"]["grid"], card["parameters"]["boundary"]) == (grid, boundary)
    assert card["quality"]["topographic_error"] == som.topographic_error(COLOURS)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("form", ["png", "svg"])
def test_annotated_figures(client: TestClient, view: str, form: str) -> None:
    model = train(client, grid="hexagonal")
    answer = client.get(f"{model}/image?view={view}&annotated=true&format={form}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/png" if form == "png" else "image/svg+xml")
    assert f'.{form}"' in answer.headers["content-disposition"]
    if form == "png":
        twice = client.get(f"{model}/image?view={view}&annotated=true&scale=2")
        sizes = [Image.open(io.BytesIO(one.content)).size for one in (answer, twice)]
        assert np.abs(np.array(sizes[1]) - 2 * np.array(sizes[0])).max() <= 1


@pytest.mark.parametrize("view", VIEWS)
def test_what_needs_data_that_are_not_kept_says_so(client: TestClient, view: str) -> None:
    model = train(client, keep_data=False)
    answer = client.get(f"{model}/image?view={view}")
    if view in ("input-output", "hits", "errors"):
        assert answer.status_code == 409
        assert '"keep_data": false' in answer.json()["detail"]
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("view=planes&component=3", "/component: the map has components from 0 to 2"),
        ("view=clusters&k=29", "/k: the number of clusters must be from 1 to the map's 28 units"),
        ("format=svg", "/format: SVG is for annotated figures"),
        ("annotated=true&scale=5", "/scale: the scale of a figure must be at most 4"),
        ("scale=1000", "/scale: a picture of 28,000,000 pixels is over the limit of 16,000,000"),
        ("view=planes&scale=500", "/scale: a picture of"),
        ("view=landscape", "/view: "),
    ],
)
def test_what_cannot_be_drawn_is_said(client: TestClient, query: str, says: str) -> None:
    answer = client.get(f"{train(client)}/image?{query}")
    assert answer.status_code == 422
    errors = [f"{error['pointer']}: {error['message']}" for error in answer.json()["errors"]]
    assert any(error.startswith(says) for error in errors), errors


def test_large_maps_have_no_figures(client: TestClient, make_client: MakeClient) -> None:
    wide = train(client, data=[[float(k) for k in range(40)]] * 2)
    answer = client.get(f"{wide}/image?view=planes&annotated=true")
    assert answer.status_code == 422
    assert "at most 36 planes, and the map has 40: select one" in answer.json()["errors"][0]["message"]
    assert client.get(f"{wide}/image?view=planes&annotated=true&component=39").status_code == 200
    large = train(client, width=201, height=200, iterations=1)
    answer = client.get(f"{large}/image?annotated=true")
    assert "at most 40,000 units" in answer.json()["errors"][0]["message"]


def test_a_picture_that_cannot_be_sent_is_refused(make_client: MakeClient) -> None:
    client = make_client(max_answer_bytes=2_000)
    answer = client.get(f"{train(client)}/image?view=planes&annotated=true")
    assert answer.status_code == 422
    assert "use a smaller scale" in answer.json()["detail"]


def test_the_form_must_be_acceptable(client: TestClient) -> None:
    model = train(client)
    svg = f"{model}/image?annotated=true&format=svg"
    assert client.get(svg, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(svg, headers={"Accept": "image/*"}).status_code == 200


def test_pictures_have_tags_of_their_own(client: TestClient) -> None:
    model = train(client)
    queries = [f"view={view}" for view in VIEWS] + ["view=planes&component=1", "view=clusters&k=2", "scale=3"]
    tags = {client.get(f"{model}/image?{query}").headers["etag"] for query in queries}
    assert len(tags) == len(queries)


@pytest.mark.parametrize("kind", ["sample", "pca"])
def test_the_initialisation_is_part_of_the_model(client: TestClient, kind: Any) -> None:
    model = train(client, initialisation=kind)
    assert model != train(client)
    weights = np.load(io.BytesIO(client.get(f"{model}/download").content))
    som = SelfOrganizingMap(7, 4, iterations=20, random_state=1, initialisation=kind).fit(COLOURS)
    np.testing.assert_array_equal(weights, som.weights_)
    assert client.get(model).json()["parameters"]["initialisation"] == kind


def test_a_hexagonal_torus_of_odd_height_is_refused(client: TestClient) -> None:
    body = {"data": COLOURS.tolist(), **BODY, "height": 5, "grid": "hexagonal", "boundary": "toroidal"}
    answer = client.post("/train", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/height"
