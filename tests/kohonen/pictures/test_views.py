"""Views are compared at the pixels of known units, for every kind of grid."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidParameterError
from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.views import hit_map, u_matrix, unit_errors
from kohonen.geometry import PLANAR, Geometry
from kohonen.pictures.maps import Pixels, draw_input_output, draw_map, draw_units, picture_size
from kohonen.pictures.palettes import GROUPS, NOTHING, colours_of_groups, colours_of_values
from kohonen.pictures.views import (
    CAPTION,
    GAP,
    arrangement,
    draw_clusters,
    draw_errors,
    draw_hits,
    draw_planes,
    draw_u_matrix,
    plane_pixels,
    planes_size,
)

HEXAGONAL = Geometry("hexagonal", "planar")
TORUS = Geometry("rectangular", "toroidal")
DARK, YELLOW = [0x44, 0x01, 0x54], [0xFD, 0xE7, 0x25]


def centre(x: int, y: int, scale: int, geometry: Geometry = PLANAR) -> tuple[int, int]:
    """Return the row and column of the pixel in the middle of a unit."""
    if geometry.hexagonal:
        return (
            int((1 / math.sqrt(3) + y * math.sqrt(3) / 2) * scale),
            int((0.5 + x + 0.5 * (y % 2)) * scale),
        )
    return int((y + 0.5) * scale), int((x + 0.5) * scale)


def some_colours(width: int, height: int) -> Pixels:
    numbers = np.random.default_rng(1).integers(0, 255, (width, height, 3))
    return numbers.astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (4, 1), (7, 5), (5, 8)])
@pytest.mark.parametrize("scale", [4, 9, 20])
def test_hexagons_are_where_they_belong(shape: tuple[int, int], scale: int) -> None:
    colours = some_colours(*shape)
    picture = draw_units(colours, scale=scale, geometry=HEXAGONAL)
    assert picture.shape[:2] == picture_size(*shape, scale, HEXAGONAL)
    for x, y in itertools.product(range(shape[0]), range(shape[1])):
        assert picture[centre(x, y, scale, HEXAGONAL)].tolist() == colours[x, y].tolist()


def test_hexagons_are_hexagons() -> None:
    colours = np.zeros((3, 3, 3), dtype=np.uint8)
    picture = draw_units(colours, scale=60, geometry=HEXAGONAL)
    assert picture.shape == (math.ceil((math.sqrt(3) + 2 / math.sqrt(3)) * 60), 210, 3)
    inside = (picture == 0).all(axis=2)
    assert inside.sum() == pytest.approx(9 * math.sqrt(3) / 2 * 60**2, rel=0.01)
    for corner in [(0, 0), (0, -1), (-1, 0), (-1, -1), (60, 2), (2, 60)]:
        assert not inside[corner]
    # Even rows begin at the left edge, and odd rows end at the right one.
    rows = [centre(0, y, 60, HEXAGONAL)[0] for y in range(3)]
    assert [bool(inside[row, 0]) for row in rows] == [True, False, True]
    assert [bool(inside[row, -1]) for row in rows] == [False, True, False]
    assert inside[rows[0] : rows[2], 60:150].all()


def test_a_map_of_colours_on_any_grid() -> None:
    weights = np.random.default_rng(0).random((6, 4, 3))
    picture = draw_map(weights, scale=10, geometry=HEXAGONAL)
    for unit in [(0, 0), (5, 0), (0, 3), (5, 3), (2, 1)]:
        expected = np.rint(weights[unit] * 255).tolist()
        assert picture[centre(*unit, 10, HEXAGONAL)].tolist() == expected
    strip = draw_input_output([[1.0, 0.0, 0.0]], weights, scale=10, geometry=HEXAGONAL)
    assert strip[:20].reshape(-1, 3).tolist() == [[255, 0, 0]] * (20 * strip.shape[1])
    np.testing.assert_array_equal(strip[20:], picture)


@pytest.mark.parametrize("geometry", [Geometry(), TORUS, HEXAGONAL])
def test_the_u_matrix_is_dark_where_units_are_far_apart(geometry: Geometry) -> None:
    weights = np.zeros((6, 4, 2))
    weights[3:] = 7.0
    picture = draw_u_matrix(weights, scale=8, geometry=geometry)
    values = u_matrix(weights, geometry)
    for unit in itertools.product(range(6), range(4)):
        grey = round(255 * (1 - values[unit] / values.max()))
        assert picture[centre(*unit, 8, geometry)].tolist() == [grey] * 3
    np.testing.assert_array_equal(draw_map(weights, scale=8, geometry=geometry), picture)
    # On a torus the outer columns meet, too.
    assert (values[0].min() > 0) == geometry.toroidal


@pytest.mark.parametrize("geometry", [Geometry(), HEXAGONAL])
def test_planes_stand_in_rows(geometry: Geometry) -> None:
    weights = np.zeros((5, 3, 5))
    for k in range(5):
        weights[k, 1, k] = 1.0
    picture = draw_planes(weights, scale=6, geometry=geometry)
    rows, columns = picture_size(5, 3, 6, geometry)
    assert picture.shape == (2 * rows + GAP, 3 * columns + 2 * GAP, 3)
    assert picture.shape[:2] == planes_size(5, 3, 5, 6, geometry)
    for k in range(5):
        top, left = (k // 3) * (rows + GAP), (k % 3) * (columns + GAP)
        for x in range(5):
            row, column = centre(x, 1, 6, geometry)
            assert picture[top + row, left + column].tolist() == (YELLOW if x == k else DARK)
    assert (picture[:, columns : columns + GAP] == 255).all()
    assert (picture[rows + GAP :, 2 * (columns + GAP) :] == 255).all()


@pytest.mark.parametrize("name", ["weight", "a name that is too long for the plane below it", "m", ""])
def test_names_stand_above_planes(name: str) -> None:
    weights = np.random.default_rng(0).random((6, 3, 2))
    plain = draw_planes(weights, scale=10)
    picture = draw_planes(weights, scale=10, names=["one", name])
    assert picture.shape[:2] == planes_size(6, 3, 2, 10, named=True)
    np.testing.assert_array_equal(picture[CAPTION:], plain)
    written = picture[:CAPTION]
    assert set(np.unique(written)) <= {0, 255}
    assert (written[:, 60:68] == 255).all()
    assert (written[:, 68:] == 0).any() == bool(name)


def test_a_name_that_does_not_fit_at_all_is_left_out() -> None:
    assert (draw_planes(np.zeros((2, 2, 2)), scale=1, names=["wide", "wide"])[:CAPTION] == 255).all()


def test_one_component() -> None:
    weights = np.random.default_rng(0).random((5, 3, 4))
    picture = draw_planes(weights, component=2, scale=3)
    assert picture.shape == (9, 15, 3)
    brightest = np.unravel_index(weights[..., 2].argmax(), (5, 3))
    assert picture[centre(int(brightest[0]), int(brightest[1]), 3)].tolist() == YELLOW
    for component in (-1, 4):
        with pytest.raises(InvalidParameterError, match="from 0 to 3") as caught:
            draw_planes(weights, component=component)
        assert caught.value.parameter == "component"


def test_planes_fill_the_width() -> None:
    assert [arrangement(count) for count in (1, 2, 3, 4, 5, 13)] == [
        (1, 1), (1, 2), (2, 2), (2, 2), (2, 3), (4, 4),
    ]  # fmt: skip
    assert plane_pixels(10, 10, 1) == 40
    assert plane_pixels(10, 10, 4) == 40
    assert plane_pixels(100, 100, 1024) == 1
    assert draw_planes(np.zeros((10, 10, 1))).shape == (400, 400, 3)


def test_hits_and_errors_are_grey_where_no_sample_falls() -> None:
    weights = np.array([[[0.0]], [[5.0]], [[9.0]]])
    samples = np.array([[0.0], [0.2], [6.0]])
    hits, errors = draw_hits(weights, samples, scale=2), draw_errors(weights, samples, scale=2)
    assert hits[0, ::2].tolist() == [YELLOW, DARK, list(NOTHING)]
    assert errors[0, ::2].tolist() == [DARK, YELLOW, list(NOTHING)]


def test_clusters_have_colours_of_their_own() -> None:
    weights = np.random.default_rng(0).normal(size=(6, 5, 2))
    labels = cluster_units(weights, 3).labels
    picture = draw_clusters(weights, k=3, scale=4)
    for unit in itertools.product(range(6), range(5)):
        assert "#" + bytes(picture[centre(*unit, 4)].tolist()).hex() == GROUPS[labels[unit]]
    assert draw_clusters(weights).shape == (330, 396, 3)


@pytest.mark.parametrize("shape", [(7, 4), (4, 6), (1, 6), (6, 1)])
@pytest.mark.parametrize("dimension", [1, 3, 13])
@pytest.mark.parametrize(
    "geometry", [PLANAR, TORUS, HEXAGONAL, Geometry("hexagonal", "toroidal")], ids=lambda kind: f"{kind}"
)
def test_every_view_of_every_grid_at_every_unit(
    geometry: Geometry, dimension: int, shape: tuple[int, int]
) -> None:
    if geometry.hexagonal and geometry.toroidal and shape[1] % 2:
        pytest.skip("there is no such grid")
    weights = np.random.default_rng(0).random((*shape, dimension))
    samples = np.random.default_rng(1).random((9, dimension))
    hits = hit_map(weights, samples).astype(float)
    hits[hits == 0] = math.nan
    distances = u_matrix(weights, geometry)
    greys = np.rint(255 * (1 - distances / (distances.max() or 1.0)))[..., None]
    expected = {
        "hits": colours_of_values(hits),
        "errors": colours_of_values(unit_errors(weights, samples)),
        "clusters": colours_of_groups(cluster_units(weights, 2).labels),
        "u-matrix": np.repeat(greys, 3, axis=2),
        "plane": colours_of_values(weights[..., -1]),
    }
    options: dict[str, Any] = {"scale": 8, "geometry": geometry}
    drawn = {
        "hits": draw_hits(weights, samples, **options),
        "errors": draw_errors(weights, samples, **options),
        "clusters": draw_clusters(weights, k=2, **options),
        "u-matrix": draw_u_matrix(weights, **options),
        "plane": draw_planes(weights, component=dimension - 1, **options),
    }
    for view, picture in drawn.items():
        assert picture.shape[:2] == picture_size(*shape, 8, geometry)
        for unit in itertools.product(range(shape[0]), range(shape[1])):
            at = centre(*unit, 8, geometry)
            assert picture[at].tolist() == expected[view][unit].tolist(), (view, unit)


def test_many_groups_have_many_colours() -> None:
    colours = colours_of_groups(np.arange(20))
    assert len(np.unique(colours, axis=0)) == 20


@pytest.mark.parametrize(
    ("values", "colours"),
    [
        ([1.0, 2.0], [DARK, YELLOW]),
        ([3.0, 3.0], [DARK, DARK]),
        ([math.nan, 3.0], [list(NOTHING), DARK]),
        ([math.nan], [list(NOTHING)]),
    ],
)
def test_colours_of_values(values: list[float], colours: Any) -> None:
    assert colours_of_values(np.array(values)).tolist() == colours
