"""The time left is estimated well for recorded trainings."""

import json
from pathlib import Path
from typing import Any

import pytest

from kohonen import Parameters
from kohonen.engines import (
    Engine,
    NativeBatch,
    NativeOnline,
    NumpyBatch,
    NumpyOnline,
)
from kohonen.engines.cost import Cost
from kohonen.observers.time_left import TimeLeft, estimate_work

LARGE = Parameters(width=100, height=100, iterations=1000)
LOCAL = Cost(per_step=0.0, per_dimension=0.0, per_value=1.0, updating=4.0)
STEADY = Cost(per_step=0.0, per_dimension=0.0, per_value=1.0)

#: Some trainings of about three seconds by each engine: iterations done, and seconds.
RECORDED: list[dict[str, Any]] = json.loads(Path(__file__).with_name("timings.json").read_text())
ENGINES: dict[str, type[Engine]] = {
    "NumPy": NumpyOnline,
    "native": NativeOnline,
    "NumPy batch": NumpyBatch,
    "native batch": NativeBatch,
    "toroidal": NumpyOnline,
    "hexagonal toroidal": NumpyOnline,
    "toroidal batch": NumpyBatch,
}


def test_work_adds_up() -> None:
    parts = estimate_work(LOCAL, LARGE, 0, 300) + estimate_work(LOCAL, LARGE, 300, 1000)
    assert estimate_work(LOCAL, LARGE, 0, 1000) == pytest.approx(parts, rel=0.01)
    assert estimate_work(LOCAL, LARGE, 5, 5) == estimate_work(LOCAL, LARGE, 7, 5) == 0


def test_the_last_iterations_are_less_work_than_the_first() -> None:
    assert estimate_work(LOCAL, LARGE, 900, 1000) < estimate_work(LOCAL, LARGE, 0, 100) / 3
    small = Parameters(width=3, height=3, iterations=1000, sigma=1.0)
    assert estimate_work(LOCAL, small, 900, 1000) == pytest.approx(estimate_work(LOCAL, small, 0, 100))


def test_where_updates_cost_nothing_iterations_are_alike() -> None:
    assert estimate_work(STEADY, LARGE, 900, 1000) == estimate_work(STEADY, LARGE, 0, 100) == 100


def test_a_steady_training_is_estimated_exactly() -> None:
    time_left = TimeLeft(LOCAL, LARGE, 0, 1000)
    for iteration in range(10, 1000, 10):
        seconds = estimate_work(LOCAL, LARGE, 0, iteration) * 0.01
        assert time_left.seconds_left(iteration, seconds) == pytest.approx(
            estimate_work(LOCAL, LARGE, iteration, 1000) * 0.01, rel=0.1
        )


def test_what_counts_is_the_speed_of_the_latest_iterations() -> None:
    time_left = TimeLeft(LOCAL, LARGE, 0, 1000)
    for iteration in range(1, 21):
        time_left.seconds_left(iteration, iteration * 9.0)
    for iteration in range(21, 301):
        left = time_left.seconds_left(iteration, 180 + iteration * 1.0)
    assert left == pytest.approx(
        estimate_work(LOCAL, LARGE, 300, 1000) / estimate_work(LOCAL, LARGE, 299, 300), rel=0.2
    )


def test_a_part_of_a_training_ends_where_it_ends() -> None:
    assert TimeLeft(STEADY, LARGE, 100, 150).seconds_left(110, 1.0) == pytest.approx(4.0)
    assert TimeLeft(STEADY, LARGE, 1000, 1200).seconds_left(1100, 1.0) == pytest.approx(1.0)


def test_without_measured_work_there_is_no_estimate() -> None:
    time_left = TimeLeft(LOCAL, LARGE, 7, 1000)
    assert time_left.seconds_left(7, 1.0) is None
    assert time_left.seconds_left(8, 2.0) is not None
    assert TimeLeft(LOCAL, LARGE, 7, 1000).seconds_left(8, 0.0) is None


def name(recorded: dict[str, Any]) -> str:
    return f"{recorded['engine']} {recorded['width']}x{recorded['height']}"


@pytest.mark.parametrize("recorded", RECORDED, ids=name)
def test_after_a_tenth_the_estimate_is_within_a_factor_of_two(recorded: dict[str, Any]) -> None:
    names = ("width", "height", "iterations", "algorithm", "sigma")
    parameters = Parameters(**{name: recorded[name] for name in names if name in recorded})
    engine = ENGINES[recorded["engine"]]
    time_left = TimeLeft(engine.cost, parameters, 0, parameters.iterations)
    total = recorded["marks"][-1][1]
    judged = 0
    for iteration, seconds in recorded["marks"]:
        left = time_left.seconds_left(iteration, seconds)
        if 0.1 * total <= seconds <= 0.95 * total:
            assert left is not None
            assert 0.5 <= left / (total - seconds) <= 2
            judged += 1
    assert judged > 20
