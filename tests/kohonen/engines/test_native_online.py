"""Compares the compiled engine with the NumPy engine on every grid, with gaps, on every instruction set."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import NativeOnline, NumpyOnline
from kohonen.geometry import Geometry
from kohonen.kernel import kernel
from kohonen.schedule import Schedule
from tests.kohonen.oracle import Array
from tests.kohonen.test_geometry import GEOMETRIES, every_geometry

pytestmark = pytest.mark.skipif(kernel() is None, reason="there is no kernel")


def random_case(
    shape: tuple[int, int], dimension: int, count: int, *, absent: float, levels: int = 10**6, seed: int = 0
) -> tuple[Array, Array]:
    """Return initial weights and samples without a share of their values, but with at least one each."""
    generator = np.random.default_rng(seed)
    samples = generator.integers(0, levels, (count, dimension)) / (levels - 1)
    gaps = generator.random(samples.shape) < absent
    gaps[np.arange(count), generator.integers(0, dimension, count)] = False
    samples[gaps] = np.nan
    return generator.integers(0, levels, (*shape, dimension)) / (levels - 1), samples


def check(initial: Array, samples: Array, schedule: Schedule, geometry: Geometry, pause: int = 0) -> None:
    """Compare the engines after all iterations, with a pause after some of them."""
    expected = NumpyOnline(initial, samples, schedule, geometry)
    expected.run(0, schedule.iterations)
    found = kernel()
    assert found is not None
    for level in range(found.highest_level() + 1):
        engine = type(f"Native{level}", (NativeOnline,), {"level": level})
        training = engine(initial, samples, schedule, geometry)
        training.run(0, pause)
        training.run(pause, schedule.iterations)
        np.testing.assert_array_equal(training.weights(), expected.weights(), err_msg=f"on level {level}")


@given(
    geometry=st.sampled_from(GEOMETRIES),
    width=st.integers(1, 20),
    height=st.integers(1, 20),
    dimension=st.sampled_from([1, 2, 3, 4, 5, 17]),
    count=st.one_of(st.integers(1, 9), st.integers(60, 140)),
    iterations=st.integers(1, 7),
    absent=st.sampled_from([0.0, 0.1, 0.5]),
    levels=st.sampled_from([2, 3, 10**6]),
    sigma=st.one_of(st.floats(0.05, 30.0), st.sampled_from([1e-150, 1e160])),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_maps(
    geometry: Geometry,
    width: int,
    height: int,
    dimension: int,
    count: int,
    iterations: int,
    absent: float,
    levels: int,
    sigma: float,
    seed: int,
) -> None:
    """Few levels cause ties; many cause none."""
    if geometry.hexagonal and geometry.toroidal:
        height += height % 2
    case = random_case((width, height), dimension, count, absent=absent, levels=levels, seed=seed)
    check(*case, Schedule(iterations, sigma, 0.1), geometry, pause=iterations // 2)


@every_geometry
@pytest.mark.parametrize("absent", [0.0, 0.1, 0.5])
@pytest.mark.parametrize(
    ("shape", "dimension", "count", "iterations"),
    [((50, 50), 3, 60, 8), ((61, 46), 16, 40, 6), ((300, 2), 2, 9, 60), ((2, 300), 4, 9, 60)],
)
def test_maps_of_many_tiles(
    geometry: Geometry, absent: float, shape: tuple[int, int], dimension: int, count: int, iterations: int
) -> None:
    case = random_case(shape, dimension, count, absent=absent)
    check(*case, Schedule(iterations, max(shape) / 2, 0.1), geometry, pause=3)


def test_the_instruction_set_is_chosen_when_a_training_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    found = kernel()
    assert found is not None
    chosen: list[int] = []
    begin: Callable[..., int] = found.online_open

    def begin_on(*arguments: int) -> int:
        chosen.append(arguments[-1])
        return begin(*arguments)

    monkeypatch.setattr(found, "online_open", begin_on)
    initial, samples = random_case((3, 2), 2, 4, absent=0.0)
    NativeOnline(initial, samples, Schedule(1, 1.0, 0.1))
    monkeypatch.setattr(found, "highest_level", lambda: 0)
    NativeOnline(initial, samples, Schedule(1, 1.0, 0.1))
    assert found.instruction_set == "baseline"
    monkeypatch.undo()
    assert chosen == [found.highest_level(), 0]
