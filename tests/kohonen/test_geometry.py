"""Compares every kind of grid with positions in the plane."""

import itertools
import math

import numpy as np
import pytest

from kohonen import Parameters, SelfOrganizingMap, assess
from kohonen.geometry import Geometry
from kohonen.schedule import Schedule
from tests.kohonen import oracle
from tests.kohonen.oracle import GridOfUnits

GEOMETRIES = [
    Geometry(),
    Geometry("rectangular", "toroidal"),
    Geometry("hexagonal", "planar"),
    Geometry("hexagonal", "toroidal"),
]
SHAPES = [(1, 1), (1, 2), (2, 2), (3, 2), (1, 4), (6, 1), (5, 4), (4, 6), (7, 8)]

every_geometry = pytest.mark.parametrize(
    "geometry", GEOMETRIES, ids=lambda kind: f"{kind.grid} {kind.boundary}"
)
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def grid_of(geometry: Geometry, shape: tuple[int, int]) -> GridOfUnits:
    if geometry.hexagonal and geometry.toroidal and shape[1] % 2:
        pytest.skip("there is no such grid")
    return GridOfUnits(*shape, hexagonal=geometry.hexagonal, toroidal=geometry.toroidal)


def distances(grid: GridOfUnits) -> oracle.Array:
    units = list(itertools.product(range(grid.width), range(grid.height)))
    return np.array([[math.sqrt(sum(grid.apart(*one, *other))) for one in units] for other in units])


@every_geometry
@every_shape
def test_distances_are_those_in_the_plane(geometry: Geometry, shape: tuple[int, int]) -> None:
    units = np.arange(shape[0] * shape[1])
    expected = distances(grid_of(geometry, shape))
    np.testing.assert_allclose(geometry.distance(units[:, None], units, shape), expected, rtol=1e-15)


@every_geometry
@every_shape
def test_neighbours_are_the_units_around(geometry: Geometry, shape: tuple[int, int]) -> None:
    units = np.arange(shape[0] * shape[1])
    apart = distances(grid_of(geometry, shape))
    near = apart < (1.1 if geometry.hexagonal else 1.5)
    np.testing.assert_array_equal(geometry.adjacent(units[:, None], units, shape), near)
    pairs = [
        (int(one), int(other)) for lot in geometry.pairs(*shape) for one, other in zip(*lot, strict=True)
    ]
    assert len(pairs) == len({frozenset(pair) for pair in pairs})
    found = {frozenset(pair) for pair in pairs}
    assert found == {frozenset((i, j)) for i, j in np.argwhere(near).tolist() if i != j}


@pytest.mark.parametrize(("geometry", "neighbours"), list(zip(GEOMETRIES, (8, 8, 6, 6), strict=True)))
def test_a_unit_inside_has_its_number_of_neighbours(geometry: Geometry, neighbours: int) -> None:
    counts = np.bincount(np.concatenate([np.concatenate(lot) for lot in geometry.pairs(6, 6)]), minlength=36)
    assert counts.reshape(6, 6)[1:-1, 1:-1].tolist() == [[neighbours] * 4] * 4
    if geometry.toroidal:
        assert set(counts.tolist()) == {neighbours}


def test_smoothing_a_single_hit_draws_the_neighbourhood() -> None:
    geometry = Geometry("hexagonal", "toroidal")
    (around,) = geometry.neighbourhoods(Schedule(10, 2.0, 0.1), 0, 1, (5, 6))
    hits = np.zeros((5, 6))
    hits[4, 3] = 1.0
    smoothed = around.smooth(hits[None], np.matmul)[0]
    apart = geometry.distance(np.arange(30), np.int64(4 * 6 + 3), (5, 6)).reshape(5, 6)  # type: ignore[arg-type]
    np.testing.assert_allclose(smoothed, np.exp(-(apart**2) / 8), rtol=1e-12)


@every_geometry
def test_a_map_is_trained_on_any_grid(geometry: Geometry) -> None:
    samples = np.random.default_rng(0).random((50, 2))
    som = SelfOrganizingMap(
        6, 8, iterations=40, random_state=0, grid=geometry.grid, boundary=geometry.boundary
    ).fit(samples)
    assert som.parameters.geometry == geometry
    assert som.quantization_error(samples) < 0.15
    assert som.topographic_error(samples) == assess(som.weights_, samples, geometry).topographic_error
    assert som.partial_fit(samples).n_iter_ == 41


def test_what_is_a_neighbour_counts_for_the_topographic_error() -> None:
    weights = np.array([[[0.0]], [[5.0]], [[9.0]], [[1.0]]])  # a row with similar ends
    sample = np.array([[0.4]])
    assert assess(weights, sample).topographic_error == 1.0
    assert assess(weights, sample, Geometry("rectangular", "toroidal")).topographic_error == 0.0


def test_parameters_name_the_grid() -> None:
    assert Parameters(width=2, height=2, grid="hexagonal").geometry == Geometry("hexagonal", "planar")
