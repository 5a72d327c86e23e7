"""Views are compared with their definitions in plain loops."""

import itertools
import math

import numpy as np
import pytest

from kohonen.analysis.views import component_planes, hit_map, positions, u_matrix, unit_errors
from kohonen.geometry import Geometry
from kohonen.inputs.arrays import FloatArray
from tests.kohonen.oracle import best_matching_unit


def by_definition(weights: FloatArray) -> FloatArray:
    width, height, _ = weights.shape
    result = np.zeros((width, height))
    for x, y in itertools.product(range(width), range(height)):
        distances = [
            math.dist(weights[x, y], weights[i, j])
            for i, j in itertools.product(range(x - 1, x + 2), range(y - 1, y + 2))
            if 0 <= i < width and 0 <= j < height and (i, j) != (x, y)
        ]
        result[x, y] = sum(distances) / max(1, len(distances))
    return result


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 3), (1, 2, 1), (2, 1, 1), (1, 7, 4), (7, 1, 4), (2, 2, 3), (5, 9, 3), (9, 5, 2), (3, 3, 16)],
)
def test_is_the_mean_distance_to_the_units_around(shape: tuple[int, int, int]) -> None:
    weights = np.random.default_rng(3).normal(size=shape)
    result = u_matrix(weights)
    assert result.shape == shape[:2]
    np.testing.assert_allclose(result, by_definition(weights), rtol=1e-13)


def test_one_unit_has_no_neighbour_and_no_distance() -> None:
    assert u_matrix(np.ones((1, 1, 3))).tolist() == [[0.0]]


def test_a_border_is_seen_from_both_sides() -> None:
    weights = np.zeros((4, 3, 2))
    weights[2:] = 3.0, 4.0  # a distance of 5 between columns 1 and 2
    result = u_matrix(weights)
    assert result[0].tolist() == result[3].tolist() == [0.0] * 3
    assert result[1].tolist() == result[2].tolist() == [2.0, 15 / 8, 2.0]


@pytest.mark.parametrize("grid", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("boundary", ["planar", "toroidal"])
@pytest.mark.parametrize("shape", [(1, 2, 3), (2, 4, 3), (5, 6, 3)])
def test_the_u_matrix_knows_the_grid(grid: str, boundary: str, shape: tuple[int, int, int]) -> None:
    geometry = Geometry(grid, boundary)  # type: ignore[arg-type]
    weights = np.random.default_rng(3).normal(size=shape)
    result = u_matrix(weights, geometry)
    units = np.arange(shape[0] * shape[1])
    codebook = weights.reshape(len(units), -1)
    for unit in units:
        near = geometry.adjacent(units, units[unit : unit + 1], shape[:2]) & (units != unit)
        expected = np.linalg.norm(codebook[near] - codebook[unit], axis=1).mean()
        assert result[divmod(unit, shape[1])] == pytest.approx(expected)


def test_planes_are_the_components() -> None:
    weights = np.random.default_rng(3).normal(size=(4, 3, 5))
    planes = component_planes(weights)
    assert planes.shape == (5, 4, 3)
    np.testing.assert_array_equal(planes[2], weights[:, :, 2])


def test_hits_positions_and_errors_tell_where_samples_fall() -> None:
    generator = np.random.default_rng(3)
    weights, samples = generator.random((4, 3, 2)), generator.random((9, 2))
    hits, found, errors = (
        hit_map(weights, samples),
        positions(weights, samples),
        unit_errors(weights, samples),
    )
    expected: dict[tuple[int, int], list[float]] = {}
    for sample, place in zip(samples, found.tolist(), strict=True):
        unit = best_matching_unit(weights, sample)
        assert tuple(place) == unit
        expected.setdefault(unit, []).append(math.dist(sample, weights[unit]))
    for unit in itertools.product(range(4), range(3)):
        assert hits[unit] == len(expected.get(unit, []))
        assert errors[unit] == pytest.approx(np.mean(expected.get(unit, [np.nan])), nan_ok=True)
