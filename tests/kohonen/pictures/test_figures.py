"""Figures are inspected and drawn; the positions of units are checked in their pixels."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kohonen import InvalidParameterError
from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.views import hit_map, u_matrix, unit_errors
from kohonen.geometry import PLANAR, Geometry
from kohonen.pictures.figures import (
    encode_figure,
    plot_clusters,
    plot_component_planes,
    plot_hits,
    plot_samples,
    plot_som_grid,
    plot_u_matrix,
    plot_unit_errors,
)
from kohonen.pictures.palettes import colours_of_groups, colours_of_values

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
    assert (figure.get_suptitle(), axes.get_xlabel(), axes.get_ylabel()) == ("Colours", "x", "y")
    for unit in [(0, 0), (6, 0), (0, 3), (6, 3), (2, 1)]:
        expected = np.rint(WEIGHTS[unit] * 255)
        assert np.abs(colour_at(figure, *unit, geometry) - expected).max() <= 1


@every_grid
def test_samples_are_a_strip_above_their_map(geometry: Geometry) -> None:
    figure = plot_som_grid(WEIGHTS, samples=SAMPLES[:3], geometry=geometry)
    (strip,) = figure.axes[0].child_axes
    assert [label.get_text() for label in strip.get_yticklabels()] == ["3 samples"]
    picture = np.asarray(Image.open(io.BytesIO(encode_figure(figure))).convert("RGB"))
    for number, sample in enumerate(SAMPLES[:3]):
        across, up = strip.transData.transform((number, 0))
        shown = picture[round(len(picture) - up), round(across)]
        assert np.abs(shown - np.rint(sample * 255)).max() <= 1
    above = figure.axes[0].get_window_extent()
    assert above.y1 < strip.get_window_extent().y0
    assert np.abs(colour_at(figure, 6, 3, geometry) - np.rint(WEIGHTS[6, 3] * 255)).max() <= 1


@pytest.mark.parametrize("samples", [9 * SAMPLES, np.where(SAMPLES < 0.1, np.nan, SAMPLES), SAMPLES[:, :2]])
def test_samples_that_are_no_colours_are_no_strip(samples: Any) -> None:
    assert plot_som_grid(WEIGHTS, samples=samples).axes[0].child_axes == []


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


def test_of_many_clusters_the_largest_are_listed() -> None:
    weights = np.random.default_rng(0).random((9, 8, 3))
    (legend,) = plot_clusters(weights, k=50).legends
    assert legend.get_title().get_text() == "the largest 36 of 50"
    assert len(legend.get_texts()) == 36
    assert plot_clusters(weights[:1, :1]).legends[0].get_texts()[0].get_text() == "0: 1 unit"


PLOTS: dict[str, Any] = {
    "map": lambda weights, samples, **more: plot_som_grid(weights, **more),
    "u-matrix": lambda weights, samples, **more: plot_u_matrix(weights, **more),
    "planes": lambda weights, samples, **more: plot_component_planes(weights, **more),
    "hits": plot_hits,
    "errors": plot_unit_errors,
    "samples": plot_samples,
    "clusters": lambda weights, samples, **more: plot_clusters(weights, **more),
    "many clusters": lambda weights, samples, **more: plot_clusters(weights, k=weights[..., 0].size, **more),
}


@every_grid
@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (12, 1), (15, 10)])
@pytest.mark.parametrize("view", PLOTS)
def test_nothing_is_cut_off_and_units_have_whole_numbers(
    view: str, shape: tuple[int, int], geometry: Geometry
) -> None:
    weights = np.random.default_rng(0).random((*shape, 3))
    figure = PLOTS[view](weights, SAMPLES, geometry=geometry)
    encode_figure(figure)
    needed = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert needed.x0 >= 0
    assert needed.y0 >= 0
    assert needed.x1 <= width
    assert needed.y1 <= height
    maps = [axes for axes in figure.axes if axes.get_xlabel() == "x"]
    for axes in maps:
        for ticks, count in ((axes.get_xticklabels(), shape[0]), (axes.get_yticklabels(), shape[1])):
            numbers = {int(tick.get_text().replace("\N{MINUS SIGN}", "-")) for tick in ticks}
            assert numbers & set(range(count))
            assert len(numbers) == len(ticks)
    assert maps[0].bbox.width > 20, "pixels"


@every_grid
def test_greys_and_colours_are_those_of_plain_pictures(geometry: Geometry) -> None:
    distances = u_matrix(WEIGHTS, geometry)
    figure = plot_u_matrix(WEIGHTS, geometry=geometry)
    for unit in [(0, 0), (6, 3), (3, 2)]:
        grey = 255 * (1 - distances[unit] / distances.max())
        assert np.abs(np.array(colour_at(figure, *unit, geometry)) - grey).max() <= 2
    even = np.full((4, 3, 2), 0.5)
    assert colour_at(plot_u_matrix(even, geometry=geometry), 1, 1, geometry) == [255, 255, 255]
    planes = plot_component_planes(even, component=0, geometry=geometry)
    assert colour_at(planes, 1, 1, geometry) == [0x44, 0x01, 0x54]


@every_grid
def test_errors_and_clusters_are_where_they_belong(geometry: Geometry) -> None:
    found, labels = unit_errors(WEIGHTS, SAMPLES), cluster_units(WEIGHTS, 3).labels
    errors = plot_unit_errors(WEIGHTS, SAMPLES, geometry=geometry)
    clusters = plot_clusters(WEIGHTS, k=3, geometry=geometry)
    expected = colours_of_values(found)
    for unit in [(0, 0), (6, 0), (0, 3), (6, 3), (2, 1), (5, 2)]:
        assert np.abs(np.array(colour_at(errors, *unit, geometry)) - expected[unit]).max() <= 3
        assert colour_at(clusters, *unit, geometry) == colours_of_groups(labels)[unit].tolist()


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
