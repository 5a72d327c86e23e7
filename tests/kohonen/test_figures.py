"""Figures are looked into, and drawn; where units are is read from their pixels."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kohonen import InvalidParameterError
from kohonen.figures import (
    encode_figure,
    plot_clusters,
    plot_component_planes,
    plot_hits,
    plot_samples,
    plot_som_grid,
    plot_u_matrix,
    plot_unit_errors,
)
from kohonen.geometry import PLANAR, Geometry
from kohonen.views import hit_map, u_matrix

HEXAGONAL = Geometry("hexagonal", "planar")
WEIGHTS = np.random.default_rng(0).random((7, 4, 3))
SAMPLES = np.random.default_rng(1).random((30, 3))

every_grid = pytest.mark.parametrize("geometry", [PLANAR, HEXAGONAL], ids=lambda kind: kind.grid)


def colour_at(figure: Any, x: int, y: int, geometry: Geometry) -> list[int]:
    """Return the colour of the pixel in the middle of a unit."""
    picture = np.asarray(Image.open(io.BytesIO(encode_figure(figure))).convert("RGB"))
    place = (x + 0.5 * (y % 2), y * np.sqrt(3) / 2) if geometry.hexagonal else (x, y)
    across, up = figure.axes[0].transData.transform(place)
    colour: list[int] = picture[round(len(picture) - up), round(across)].tolist()
    return colour


@every_grid
def test_units_of_a_map_are_where_they_belong(geometry: Geometry) -> None:
    figure = plot_som_grid(WEIGHTS, geometry=geometry, title="Colours")
    axes = figure.axes[0]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("Colours", "x", "y")
    for unit in [(0, 0), (6, 0), (0, 3), (6, 3), (2, 1)]:
        expected = np.rint(WEIGHTS[unit] * 255)
        assert np.abs(colour_at(figure, *unit, geometry) - expected).max() <= 1


@every_grid
def test_the_u_matrix_is_drawn_where_there_are_no_colours(geometry: Geometry) -> None:
    for figure in (
        plot_som_grid(9 * WEIGHTS, geometry=geometry),
        plot_u_matrix(9 * WEIGHTS, geometry=geometry),
    ):
        distances = u_matrix(9 * WEIGHTS, geometry)
        farthest = np.unravel_index(distances.argmax(), distances.shape)
        assert colour_at(figure, int(farthest[0]), int(farthest[1]), geometry) == [0, 0, 0]
        assert figure.axes[1].get_ylabel() == "mean distance to neighbours"


@every_grid
def test_planes_have_names_and_scales(geometry: Geometry) -> None:
    figure = plot_component_planes(WEIGHTS, component_names=["red", "green", "blue"], geometry=geometry)
    titles = [axes.get_title() for axes in figure.axes]
    assert [title for title in titles if title] == ["red", "green", "blue"]
    assert len(figure.axes) == 4 + 3  # a place that stays empty, and the colour bars
    least = np.unravel_index(WEIGHTS[..., 0].argmin(), (7, 4))
    assert colour_at(figure, int(least[0]), int(least[1]), geometry) == [0x44, 0x01, 0x54]
    assert encode_figure(figure)


def test_names_are_no_formulas() -> None:
    names = ["cost ($)", r"$\oops$", "a_b^c"]
    assert encode_figure(plot_component_planes(WEIGHTS, component_names=names))


def test_one_plane() -> None:
    figure = plot_component_planes(WEIGHTS, component=1)
    assert [axes.get_title() for axes in figure.axes] == ["component 1", ""]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"component": 3}, "from 0 to 2, but is 3"),
        ({"component": -1}, "from 0 to 2, but is -1"),
        ({"component_names": ["a"]}, "must be 3 names, one a component, but are 1"),
    ],
)
def test_planes_that_there_are_not(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidParameterError, match=says):
        plot_component_planes(WEIGHTS, **options)


def test_hits_are_written_where_there_is_room() -> None:
    hits = hit_map(WEIGHTS, SAMPLES)
    figure = plot_hits(WEIGHTS, SAMPLES)
    written = {
        (int(t.get_position()[0]), int(t.get_position()[1])): int(t.get_text()) for t in figure.axes[0].texts
    }
    assert written == {(x, y): int(hits[x, y]) for x, y in np.argwhere(hits).tolist()}
    empty = np.argwhere(hits == 0)[0].tolist()
    assert colour_at(figure, empty[0], empty[1], PLANAR) == [235, 235, 235]
    assert plot_hits(np.random.default_rng(0).random((30, 30, 3)), SAMPLES).axes[0].texts[:] == []


@every_grid
def test_errors_have_a_scale(geometry: Geometry) -> None:
    figure = plot_unit_errors(WEIGHTS, SAMPLES, geometry=geometry)
    assert figure.axes[1].get_ylabel() == "mean distance"
    assert encode_figure(figure)


def test_clusters_have_a_legend() -> None:
    figure = plot_clusters(WEIGHTS, k=3)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [text.split(":")[0] for text in texts] == ["0", "1", "2"]
    assert sum(int(text.split()[1]) for text in texts) == 28


def test_samples_have_markers_by_their_labels() -> None:
    labels = ["a" if sample[0] < 0.5 else "b" for sample in SAMPLES]
    figure = plot_samples(WEIGHTS, SAMPLES, labels=labels, geometry=HEXAGONAL)
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"a", "b"}
    plain = plot_samples(WEIGHTS, SAMPLES)
    assert plain.legends == []
    assert len(np.asarray(plain.axes[0].collections[0].get_offsets())) == 30
    with pytest.raises(InvalidParameterError, match="30 labels, one a sample, but are 1"):
        plot_samples(WEIGHTS, SAMPLES, labels=["a"])


def test_a_row_of_hexagons() -> None:
    assert encode_figure(plot_som_grid(WEIGHTS[:, :1], geometry=HEXAGONAL))


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_figure_is_the_same_file(form: Any) -> None:
    first, second = (encode_figure(plot_clusters(WEIGHTS, k=2), form) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG" if form == "png" else b"<?xml")
