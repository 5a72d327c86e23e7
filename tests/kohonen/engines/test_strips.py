"""The strips of a small map: a search around the previous best matching unit usually suffices."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kohonen.engines import NumpyOnline, numpy_online, strips
from kohonen.engines.planes import mirrored
from kohonen.engines.strips import Strips
from kohonen.schedule import Schedule
from tests.kohonen import oracle

SAMPLES = np.random.default_rng(0).random((8, 3))
INITIAL = np.random.default_rng(1).random((30, 20, 3))


@pytest.fixture(autouse=True, scope="module")
def narrow() -> Iterator[None]:
    """Make small maps use narrow passes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_online, "TINY_MAP", 0)
        patch.setattr(strips, "LEAST_MAP", 0)
        patch.setattr(strips, "NARROW_STRIP", 1)
        yield


def train(patch: pytest.MonkeyPatch, iterations: int, *, sigma: float) -> tuple[int, int]:
    """Compare a training with the oracle; return the number of narrow steps and of their whole searches."""
    calls = Counter[str]()

    def count(name: str) -> None:
        method = getattr(Strips, name)

        def counted(*args: Any) -> Any:
            calls[name] += 1
            return method(*args)

        patch.setattr(Strips, name, counted)

    count("_where_it_was")
    count("_where_it_is")
    training = NumpyOnline(INITIAL, SAMPLES, Schedule(iterations, sigma, 0.1))
    training.run(0, iterations)
    expected = oracle.contract(SAMPLES, INITIAL, iterations=iterations, sigma=sigma).weights
    np.testing.assert_array_equal(training.weights(), expected)
    return calls["_where_it_was"], calls["_where_it_is"]


def test_the_whole_map_is_hardly_ever_searched_when_it_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    steps, whole = train(monkeypatch, 150, sigma=10.0)
    assert steps > 200
    assert whole < steps / 10


def test_it_is_searched_while_units_far_away_may_have_come_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unordered map with a short reach: best matching units are scattered."""
    steps, whole = train(monkeypatch, 12, sigma=1.5)
    assert steps == 12 * len(SAMPLES)
    assert whole > steps / 2


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("rate", [0.02, 0.1])
@pytest.mark.parametrize("seed", range(8))
def test_best_matching_units_that_move_are_found(
    monkeypatch: pytest.MonkeyPatch, sigma: float, dimension: int, rate: float, seed: int
) -> None:
    """Samples are far from all weights, so that many units are about equally near and others come nearer.

    In half of these trainings the best unit of the columns searched first is not the best one, once at least.
    """
    monkeypatch.setattr(strips, "STALE", 100)
    generator = np.random.default_rng(seed)
    samples, initial = 2 * generator.random((8, dimension)) - 1, 0.3 * generator.random((40, 3, dimension))
    training = NumpyOnline(initial, samples, Schedule(25, sigma, rate))
    training.run(0, 25)
    expected = oracle.contract(samples, initial, iterations=25, sigma=sigma, learning_rate=rate).weights
    np.testing.assert_array_equal(training.weights(), expected)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 3.0])
def test_no_weight_moves_farther_than_is_reckoned(sigma: float) -> None:
    generator = np.random.default_rng(0)
    samples, planes = generator.random((1, 3)) + 1, generator.random((3, 60 * 4))
    kept, schedule = Strips(planes, 60, 4, samples), Schedule(30, sigma, 0.1)
    for iteration in range(30):
        table = schedule.neighbourhood(iteration, 60)
        columns, rows = mirrored(table, 60)[:, None], schedule.rate(iteration) * mirrored(table, 4)[None]
        before, reckoned = planes.copy(), kept._moved
        kept.pass_over(columns, rows, len(table) - 1)
        assert np.linalg.norm(planes - before, axis=0).max() <= kept._moved - reckoned


def test_small_moves_are_never_lost_beside_a_large_sum() -> None:
    """A training of any length, with a constant radius."""
    training = NumpyOnline(INITIAL, SAMPLES, Schedule(200, 0.5, 1.0))
    training.run(0, 200)
    # Both the largest movement of a step and the largest distance are the diagonal of a cube.
    assert training._strips._moved < strips.FAR + 2 * 3**0.5
    expected = oracle.contract(SAMPLES, INITIAL, iterations=200, sigma=0.5, learning_rate=1.0).weights
    np.testing.assert_array_equal(training.weights(), expected)
