import math

import numpy as np
import pytest

from kohonen.schedule import Schedule


def test_decays_to_one_unit() -> None:
    schedule = Schedule(100, 8.0, 0.1)
    assert schedule.radius(0) == 8.0
    assert schedule.rate(0) == 0.1
    assert schedule.radius(50) == pytest.approx(8.0 * math.exp(-50 * math.log(8.0) / 100))
    assert schedule.radius(100) == pytest.approx(1.0)
    assert schedule.rate(100) == pytest.approx(0.1 / 8)


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_small_radius_is_constant(sigma: float) -> None:
    schedule = Schedule(10, sigma, 0.1)
    assert [schedule.radius(t) for t in (0, 5, 9)] == [sigma] * 3
    assert [schedule.rate(t) for t in (0, 5, 9)] == [0.1] * 3


def test_decays_to_the_final_radius() -> None:
    schedule = Schedule(40, 6.0, 0.1, final_sigma=0.2)
    assert schedule.radius(0) == 6.0
    assert schedule.radius(40) == pytest.approx(0.2)
    assert schedule.rate(40) == pytest.approx(0.1 / 30)
    assert Schedule(40, 6.0, 0.1, final_sigma=6.0).time_constant is None
    assert Schedule(40, 6.0, 0.1, final_sigma=5e-324).radius(40) < 1e-300
    assert Schedule(40, 0.5, 0.1, final_sigma=0.2).radius(40) == pytest.approx(0.2)


def test_the_neighbourhood_is_the_gaussian_up_to_the_cut() -> None:
    squared = np.arange(100.0) ** 2
    tables = Schedule(10, 2.0, 0.1).neighbourhoods(np.array([0, 3]), squared)
    for t, table in zip((0, 3), tables, strict=True):
        gaussian = np.exp(-squared / (2 * (2.0 * math.exp(-t * math.log(2) / 10)) ** 2))
        np.testing.assert_allclose(table, np.where(gaussian < 1e-12, 0.0, gaussian), rtol=1e-14)
    assert np.count_nonzero(tables[0]) == 15


def test_the_neighbourhood_of_a_radius_whose_square_is_zero() -> None:
    table = Schedule(10, 1e-200, 0.1).neighbourhoods(np.array([0]), np.array([0.0, 1.0, 4.0]))
    assert table.tolist() == [[1.0, 0.0, 0.0]]


def test_many_iterations_at_once_are_those_one_by_one() -> None:
    schedule, squared = Schedule(30, 5.0, 0.1, 0.3), np.arange(12.0) ** 2
    together = schedule.neighbourhoods(np.arange(30), squared)
    for t in range(30):
        np.testing.assert_array_equal(schedule.neighbourhoods(np.array([t]), squared)[0], together[t])
        assert schedule.radius(t) == 5.0 * schedule.decay(np.arange(30))[t]
