import functools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import search
from kohonen.engines.search import by_kernel, by_sums, match
from kohonen.kernel import kernel
from tests.kohonen import oracle

#: As in kohonen/kernel/kernel.h.
CHOOSE, GRID, SORTED, FILTER = range(4)

LEVELS = range(found.highest_level() + 1) if (found := kernel()) else range(0)
SEARCHES = [by_sums] + [
    functools.partial(by_kernel, method=method, level=level)
    for level in LEVELS
    for method in (GRID, SORTED, FILTER)
]
needs_kernel = pytest.mark.skipif(not LEVELS, reason="there is no kernel")


def brute_force(weights: oracle.Array, sample: oracle.Array, count: int) -> list[tuple[float, int]]:
    there = ~np.isnan(sample)
    units = weights.reshape(-1, weights.shape[2])[:, there]
    distances = [oracle.squared_distance(unit, sample[there]) for unit in units]
    return sorted((distance, index) for index, distance in enumerate(distances))[:count]


def assert_all_agree(weights: oracle.Array, samples: oracle.Array) -> None:
    for count in (1, 2):
        one, *others = [searched(weights, samples, count=count) for searched in SEARCHES]
        for other in others:
            np.testing.assert_array_equal(one.units, other.units)
            np.testing.assert_array_equal(one.distances, other.distances)


@pytest.fixture
def distances(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of distances that the kernel computes in its calls."""
    numbers = []
    if found:
        run = found.search_run

        def counted(*arguments: int) -> int:
            numbers.append(int(run(*arguments)))
            return numbers[-1]

        monkeypatch.setattr(found, "search_run", counted)
    return numbers


@given(
    width=st.integers(1, 7),
    height=st.integers(1, 7),
    dimension=st.sampled_from([1, 2, 3, 4, 5, 17]),
    count=st.integers(1, 2),
    levels=st.sampled_from([2, 3, 10**6]),
    offset=st.sampled_from([0.0, 1e4]),
    scale=st.sampled_from([1.0, 1e146, 1e-140, 1e-155, 1e-161, 1e-320]),
    gaps=st.sampled_from([0.0, 0.3]),
    rows=st.sampled_from([1, 9]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_a_brute_force_search(
    width: int,
    height: int,
    dimension: int,
    count: int,
    levels: int,
    offset: float,
    scale: float,
    gaps: float,
    rows: int,
    seed: int,
) -> None:
    generator = np.random.default_rng(seed)
    weights = (generator.integers(0, levels, (width, height, dimension)) / (levels - 1) + offset) * scale
    samples = (generator.integers(0, levels, (rows, dimension)) / (levels - 1) + offset) * scale
    absent = generator.random(samples.shape) < gaps
    absent[:, generator.integers(dimension)] = False
    samples[absent] = np.nan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "PART", 4)
        patch.setattr(search, "TABLE_BYTES", 1000)
        found = [searched(weights, samples, count=count) for searched in SEARCHES]
    for row, sample in enumerate(samples):
        expected = brute_force(weights, sample, count)
        for matches in found:
            assert matches.units[row].tolist() == [index for _, index in expected]
            assert matches.distances[row].tolist() == [np.sqrt(distance) for distance, _ in expected]


@pytest.mark.parametrize(
    ("width", "height", "dimension"),
    [(40, 33, 3), (33, 40, 2), (90, 3, 5), (17, 19, 40), (7, 9, 1), (1, 1, 20)],
)
def test_searches_agree_on_larger_maps(width: int, height: int, dimension: int) -> None:
    generator = np.random.default_rng(width)
    weights = np.sort(generator.random((width, height, dimension)), axis=0)
    samples = generator.random((500, dimension))
    assert_all_agree(weights, samples)
    samples[generator.random(samples.shape) < 0.2] = np.nan
    samples[:, 0] = 0.5
    assert_all_agree(weights, samples)


def test_searches_agree_on_units_that_are_hard_to_tell_apart() -> None:
    generator = np.random.default_rng(1)
    weights, samples = generator.random((20, 11, 18)), generator.random((50, 18))
    same = np.broadcast_to(weights[:1, :1], weights.shape)
    assert_all_agree(weights[np.zeros(20, dtype=int)], samples)  # each unit twenty times
    assert_all_agree(same, samples)
    assert_all_agree(np.zeros_like(weights), samples)
    assert_all_agree(np.zeros_like(weights), np.zeros_like(samples))
    assert_all_agree(same + 1e-12 * weights, samples)
    # Samples in the middle between two units, up to rounding.
    assert_all_agree(weights, (weights[:, :4] + weights[:, 4:8]).reshape(-1, 18) / 2)
    # Samples so far away that the distances of most units are equal when rounded, and one beyond the filter.
    assert_all_agree(weights, samples * np.logspace(0, 20, 50)[:, None])


@needs_kernel
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (1e6, 1e-3), (0.0, 1e150), (0.0, 1e-150)])
@pytest.mark.parametrize("dimension", [16, 50])
def test_the_filter_leaves_few_candidates(
    level: int, offset: float, scale: float, dimension: int, distances: list[int]
) -> None:
    generator = np.random.default_rng(2)
    weights, samples = (
        offset + scale * generator.uniform(-1, 1, (*shape, dimension)) for shape in [(30, 40), (201,)]
    )
    for count in (1, 2):
        expected = by_sums(weights, samples, count=count)
        distances.clear()
        matches = by_kernel(weights, samples, count=count, method=FILTER, level=level)
        assert sum(distances) <= 2 * count * len(samples)
        np.testing.assert_array_equal(matches.units, expected.units)
        np.testing.assert_array_equal(matches.distances, expected.distances)


@needs_kernel
def test_rows_with_gaps_are_searched_beside_the_filter(distances: list[int]) -> None:
    generator = np.random.default_rng(3)
    weights, samples = generator.random((12, 13, 20)), generator.random((301, 20))
    samples[::10, 3:] = np.nan
    assert_all_agree(weights, samples)
    distances.clear()
    by_kernel(weights, samples, method=FILTER)
    assert sum(distances) < 2 * 301 + 31 * 256  # there are four tiles


@needs_kernel
@pytest.mark.parametrize("structure", [False, True])
def test_the_method_is_chosen_by_the_data(structure: bool, distances: list[int]) -> None:
    generator = np.random.default_rng(5)
    weights = generator.random((24, 24, 60))
    samples = generator.random((300, 60))
    if structure:
        across, down, slope = np.linspace(0, 1, 24), np.linspace(0, 1, 24), generator.random((2, 60))
        weights = across[:, None, None] * slope[0] + down[:, None] * slope[1]
        samples = generator.random((300, 2)) @ slope
    expected = by_sums(weights, samples)
    matches = match(weights, samples)
    np.testing.assert_array_equal(matches.units, expected.units)
    np.testing.assert_array_equal(matches.distances, expected.distances)
    least = 64 * len(samples)  # the bounds of tiles leave at least one
    assert (sum(distances) >= least) is structure
    assert not structure or sum(distances) < 3 * least


@needs_kernel
def test_the_instruction_set_is_chosen_when_a_search_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found is not None
    levels = []
    begin = found.search_open

    def opened(*arguments: int) -> int | None:
        levels.append(arguments[-1])
        handle: int | None = begin(*arguments)
        return handle

    monkeypatch.setattr(found, "search_open", opened)
    for level in LEVELS:
        monkeypatch.setattr(found, "highest_level", lambda level=level: level)
        match(np.zeros((2, 2, 1)), np.zeros((1, 1)))
    assert levels == list(LEVELS)


@pytest.mark.parametrize("searched", SEARCHES)
def test_arrays_need_not_be_contiguous(searched: Callable[..., search.Matches]) -> None:
    generator = np.random.default_rng(0)
    weights, samples = generator.random((6, 5, 8)), generator.random((7, 8))
    np.testing.assert_array_equal(
        searched(weights[:, :, ::2], samples[:, ::2]).units,
        searched(weights[:, :, ::2].copy(), samples[:, ::2].copy()).units,
    )


def test_without_samples_there_is_nothing_to_find() -> None:
    for searched in SEARCHES:
        assert searched(np.zeros((2, 2, 3)), np.zeros((0, 3)), count=2).units.shape == (0, 2)
