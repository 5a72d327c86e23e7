import math

import pytest

from kohonen import arithmetic
from kohonen.schedule import Schedule


def test_decays_to_one_unit() -> None:
    schedule = Schedule(100, 8.0, 0.1)
    assert schedule.radius(0) == 8.0
    assert schedule.rate(0) == 0.1
    assert schedule.radius(50) == pytest.approx(8.0 * math.exp(-50 * math.log(8.0) / 100))
    assert schedule.radius(100) == pytest.approx(1.0)
    assert schedule.rate(100) == pytest.approx(0.1 / 8)


def test_decays_to_the_final_radius() -> None:
    schedule = Schedule(100, 8.0, 0.1, final_sigma=0.25)
    assert schedule.radius(100) == pytest.approx(0.25)
    assert schedule.rate(100) == pytest.approx(0.1 / 32)
    assert Schedule(100, 8.0, 0.1, final_sigma=8.0).time_constant is None


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_small_radius_is_constant(sigma: float) -> None:
    schedule = Schedule(10, sigma, 0.1)
    assert [schedule.radius(t) for t in (0, 5, 9)] == [sigma] * 3
    assert [schedule.rate(t) for t in (0, 5, 9)] == [0.1] * 3


def test_neighbourhood_is_the_gaussian_up_to_the_cut() -> None:
    table = Schedule(10, 2.0, 0.1).neighbourhood(0, 1000)
    assert table == [arithmetic.exp(-(k * k) / 8.0) for k in range(len(table))]
    assert table[-1] >= 1e-12 > math.exp(-(len(table) ** 2) / 8.0)


def test_neighbourhood_is_no_longer_than_asked() -> None:
    assert len(Schedule(10, 50.0, 0.1).neighbourhood(0, 7)) == 7


def test_neighbourhood_of_a_radius_whose_square_is_zero() -> None:
    assert Schedule(10, 1e-200, 0.1).neighbourhood(0, 5) == [1.0]
