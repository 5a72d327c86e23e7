from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import search
from kohonen.engines.search import by_bounds, by_products, match
from kohonen.kernel import kernel
from tests.kohonen import oracle

SEARCHES = [by_products, by_bounds] if kernel() else [by_products]


def brute_force(weights: oracle.Array, sample: oracle.Array, count: int) -> list[tuple[float, int]]:
    distances = [oracle.squared_distance(unit, sample) for unit in weights.reshape(-1, weights.shape[2])]
    return sorted((distance, index) for index, distance in enumerate(distances))[:count]


@given(
    width=st.integers(1, 7),
    height=st.integers(1, 7),
    dimension=st.integers(1, 5),
    count=st.integers(1, 2),
    levels=st.sampled_from([2, 3, 10**6]),
    offset=st.sampled_from([0.0, 1e4]),
    block=st.sampled_from([1, 500, 2**20]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_a_brute_force_search(
    width: int, height: int, dimension: int, count: int, levels: int, offset: float, block: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    weights = generator.integers(0, levels, (width, height, dimension)) / (levels - 1) + offset
    samples = generator.integers(0, levels, (9, dimension)) / (levels - 1) + offset
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "BLOCK_BYTES", block)
        patch.setattr(search, "PART", max(1, block // 100))
        found = [matcher(weights, samples, count=count) for matcher in SEARCHES]
    for row, sample in enumerate(samples):
        expected = brute_force(weights, sample, count)
        for matches in found:
            assert matches.units[row].tolist() == [index for _, index in expected]
            assert matches.distances[row].tolist() == [np.sqrt(distance) for distance, _ in expected]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("width", "height", "dimension"), [(40, 33, 3), (33, 40, 2), (90, 3, 5), (17, 19, 40)]
)
def test_searches_agree_on_larger_maps(width: int, height: int, dimension: int, count: int) -> None:
    generator = np.random.default_rng(width)
    weights = np.sort(generator.random((width, height, dimension)), axis=0)
    samples = generator.random((500, dimension))
    one, *others = [matcher(weights, samples, count=count) for matcher in SEARCHES]
    for other in others:
        np.testing.assert_array_equal(one.units, other.units)
        np.testing.assert_array_equal(one.distances, other.distances)


@pytest.mark.parametrize("matcher", SEARCHES)
def test_arrays_need_not_be_contiguous(matcher: Callable[..., search.Matches]) -> None:
    generator = np.random.default_rng(0)
    weights, samples = generator.random((6, 5, 8)), generator.random((7, 8))
    np.testing.assert_array_equal(
        matcher(weights[:, :, ::2], samples[:, ::2]).units,
        matcher(weights[:, :, ::2].copy(), samples[:, ::2].copy()).units,
    )


@pytest.mark.parametrize("structure", [False, True])
def test_data_without_structure_in_many_dimensions_are_found_too(structure: bool) -> None:
    generator = np.random.default_rng(5)
    weights = generator.random((12, 12, 60))
    samples = (
        generator.random((300, 60))
        if not structure
        else np.repeat(weights[:3, :10].reshape(30, 60), 10, axis=0)
    )
    np.testing.assert_array_equal(match(weights, samples).units, by_products(weights, samples).units)
    if kernel():
        assert search._is_evenly_far(weights, samples) is not structure
