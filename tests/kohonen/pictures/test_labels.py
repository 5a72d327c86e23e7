"""Pictures of labels are compared at the pixels of known units."""

import math
from typing import Any

import numpy as np
import pytest

from kohonen.analysis.labels import UnitLabels, label_units
from kohonen.geometry import PLANAR, Geometry
from kohonen.pictures.label_figures import plot_labels, plot_pies
from kohonen.pictures.labels import draw_labels, draw_pies, kinds_of, majority_colours, pie_radii
from kohonen.pictures.maps import Pixels, picture_size, unit_centres
from kohonen.pictures.palettes import GROUPS, NOTHING, label_colours

HEXAGONAL = Geometry("hexagonal", "planar")
BLUE, ORANGE, GREEN = (list(bytes.fromhex(colour[1:])) for colour in GROUPS[:3])
WHITE = [255, 255, 255]
WEIGHTS = np.array([[[0.0], [1.0], [9.0]], [[20.0], [30.0], [40.0]]])


def labels() -> UnitLabels:
    # Unit 0: three a and a b; unit 1: none, nearest to 0; unit 3: b; unit 5: a, b and c.
    rows = [(0, "a"), (0, "a"), (0, "b"), (0, "a"), (3, "b"), (5, "a"), (5, "b"), (5, "c"), (1, None)]
    return label_units(WEIGHTS, [label for _, label in rows], units=np.array([unit for unit, _ in rows]))


def at(picture: Pixels, unit: int, angle: float, radius: float, scale: int, geometry: Geometry) -> list[int]:
    """Return the pixel at an angle from the top, clockwise, and at a distance from the centre of a unit."""
    across, down = unit_centres(2, 3, geometry)
    x = across[unit] + radius * math.sin(angle)
    y = down[unit] - radius * math.cos(angle)
    colour: list[int] = picture[int(y * scale), int(x * scale)].tolist()
    return colour


@pytest.mark.parametrize("geometry", [PLANAR, HEXAGONAL])
def test_units_have_the_colour_of_their_majority(geometry: Geometry) -> None:
    picture = draw_labels(labels(), scale=20, geometry=geometry)
    assert picture.shape[:2] == picture_size(2, 3, 20, geometry)
    pale = [round(255 * 0.65 + 0.35 * channel) for channel in BLUE]
    for unit, colour in {0: BLUE, 1: pale, 2: pale, 3: ORANGE, 5: BLUE}.items():
        assert at(picture, unit, 0, 0, 20, geometry) == colour


@pytest.mark.parametrize("geometry", [PLANAR, HEXAGONAL])
@pytest.mark.parametrize("smooth", [True, False])
def test_pies_have_a_wedge_for_each_label(
    geometry: Geometry, smooth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not smooth:
        monkeypatch.setattr("kohonen.pictures.labels.SMOOTH_PIXELS", 0)
    picture = draw_pies(labels(), scale=60, geometry=geometry)
    assert picture.shape[:2] == picture_size(2, 3, 60, geometry)
    for angle, colour in {0.2: BLUE, 4.0: BLUE, 5.0: ORANGE, 6.1: ORANGE}.items():
        assert at(picture, 0, angle, 0.2, 60, geometry) == colour
    for angle, colour in {1.0: BLUE, 3.0: ORANGE, 5.0: GREEN}.items():
        assert at(picture, 5, angle, 0.15, 60, geometry) == colour
    assert at(picture, 3, 2.0, 0.1, 60, geometry) == ORANGE
    assert at(picture, 0, 1.0, 0.48, 60, geometry) == WHITE
    for unit in (1, 2, 4):
        assert at(picture, unit, 0, 0.1, 60, geometry) == list(NOTHING)


def test_a_pie_grows_with_its_rows() -> None:
    radii = pie_radii(labels())
    assert radii[0] == pytest.approx(0.46)
    assert radii[0] > radii[5] > radii[3] > 0.2
    assert radii[1] == 0.0


def test_tiny_pies_are_their_majority() -> None:
    picture = draw_pies(labels(), scale=2)
    np.testing.assert_array_equal(picture[::2, ::2].swapaxes(0, 1), majority_colours(labels(), pale=False))
    assert picture[0, 0].tolist() == BLUE
    assert picture[2, 0].tolist() == list(NOTHING)


@pytest.mark.parametrize("scale", [3, 30])
def test_without_labels_everything_is_grey(scale: int) -> None:
    empty = label_units(WEIGHTS, [None], units=np.array([0]))
    assert kinds_of(empty).names == []
    for draw in (draw_labels, draw_pies):
        assert (draw(empty, scale=scale) == NOTHING).all()


def test_of_many_labels_the_most_frequent_have_colours() -> None:
    rows = [f"w{k:02}" for k in range(40) for _ in range(2 if k % 2 else 1)]
    kinds = kinds_of(label_units(WEIGHTS, rows, units=np.zeros(len(rows), dtype=np.int64)))
    assert kinds.names == [f"w{k:02}" for k in range(1, 31, 2)] + ["25 others"]
    assert kinds.of[[0, 1, 3, 39]].tolist() == [15, 0, 1, 15]
    assert len(np.unique(kinds.colours, axis=0)) == 16


@pytest.mark.parametrize("count", [0, 1, 8, 16, 17])
def test_each_label_has_its_colour(count: int) -> None:
    colours = label_colours(count)
    assert len(colours) == min(count, 16)
    assert len({tuple(colour) for colour in colours.tolist()}) == len(colours)


@pytest.mark.parametrize("geometry", [PLANAR, HEXAGONAL])
def test_figures_have_a_legend_and_texts(geometry: Geometry) -> None:
    figure = plot_labels(labels(), geometry=geometry, title="Kinds")
    listed = [text.get_text() for text in figure.legends[0].get_texts()]
    assert listed == ["a (4)", "b (3)", "c (1)"]
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["a", "a", "b"]
    assert figure.axes[0].get_title() == "Kinds"
    pies = plot_pies(labels(), geometry=geometry)
    assert len(pies.axes[0].collections[-1].get_paths()) == 6
    assert pies.legends[0].get_title().get_text() == "label (rows)"


def test_figures_of_large_maps_and_long_labels() -> None:
    weights = np.random.default_rng(0).random((40, 30, 2))
    names = [f"{'a very long name of a label ' * 3}{k}" for k in range(20)]
    found = label_units(weights, names, units=np.arange(20))
    figure = plot_labels(found)
    assert not figure.axes[0].texts
    assert all(len(text.get_text()) < 40 for text in figure.legends[0].get_texts())
    empty = label_units(weights, [None], units=np.array([0]))
    for plot in (plot_labels, plot_pies):
        assert plot(empty).axes


def test_wedges_of_a_figure_are_those_of_the_picture() -> None:
    wedges: Any = plot_pies(labels()).axes[0].collections[-1]
    colours = (np.rint(wedges.get_facecolor()[:, :3] * 255)).astype(int).tolist()
    assert colours == [BLUE, ORANGE, ORANGE, BLUE, ORANGE, GREEN]
    centres = [path.vertices.mean(axis=0).round(1).tolist() for path in wedges.get_paths()]
    assert centres[0][0] > -0.2  # three quarters from the top, clockwise: more to the right than to the left
    assert centres[1][0] < 0
    assert centres[1][1] < 0
