"""The U-matrix, against the definition written out with loops."""

import itertools
import math

import numpy as np
import pytest

from kohonen.data import FloatArray
from kohonen.views import u_matrix


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
