"""How long a training still takes."""

import pytest

from app.jobs.progress import Pace, work
from kohonen import Parameters

LARGE = Parameters(width=100, height=100, iterations=1000)


def test_work_adds_up() -> None:
    parts = work(LARGE, 0, 300) + work(LARGE, 300, 1000)
    assert work(LARGE, 0, 1000) == pytest.approx(parts, rel=0.01)
    assert work(LARGE, 5, 5) == work(LARGE, 7, 5) == 0


def test_the_last_iterations_are_less_work_than_the_first() -> None:
    assert work(LARGE, 900, 1000) < work(LARGE, 0, 100) / 3
    small = Parameters(width=3, height=3, iterations=1000, sigma=1.0)
    assert work(small, 900, 1000) == pytest.approx(work(small, 0, 100))


def test_batch_training_is_as_much_work_all_along() -> None:
    batch = Parameters(width=100, height=100, iterations=1000, algorithm="batch")
    assert work(batch, 900, 1000) == work(batch, 0, 100)


def test_a_steady_training_is_told_exactly() -> None:
    pace = Pace(LARGE, 0)
    for iteration in range(10, 1000, 10):
        seconds = work(LARGE, 0, iteration) * 0.01
        assert pace.seconds_left(iteration, seconds) == pytest.approx(
            work(LARGE, iteration, 1000) * 0.01, rel=0.1
        )


def test_what_counts_is_the_pace_of_late() -> None:
    pace = Pace(LARGE, 0)
    for iteration in range(1, 21):
        pace.seconds_left(iteration, iteration * 9.0)
    for iteration in range(21, 301):
        left = pace.seconds_left(iteration, 180 + iteration * 1.0)
    assert left == pytest.approx(work(LARGE, 300, 1000) / work(LARGE, 299, 300), rel=0.2)


def test_without_anything_to_go_by_nothing_is_told() -> None:
    pace = Pace(LARGE, 7)
    assert pace.seconds_left(7, 1.0) is None
    assert pace.seconds_left(8, 2.0) is not None
    assert Pace(LARGE, 7).seconds_left(8, 0.0) is None
