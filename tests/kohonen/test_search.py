import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kohonen import search
from kohonen.search import match
from tests.kohonen import oracle


def brute_force(weights: oracle.Array, sample: oracle.Array, count: int) -> list[tuple[float, int]]:
    distances = [oracle.squared_distance(unit, sample) for unit in weights.reshape(-1, weights.shape[2])]
    return sorted((distance, index) for index, distance in enumerate(distances))[:count]


@settings(max_examples=80, deadline=None)
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
        matches = match(weights, samples, count=count)
    for row, sample in enumerate(samples):
        expected = brute_force(weights, sample, count)
        assert matches.units[row].tolist() == [index for _, index in expected]
        assert matches.distances[row].tolist() == [np.sqrt(distance) for distance, _ in expected]
