"""Compares the kernel's random numbers with those of NumPy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.kernel import address, kernel, loaded_kernel

pytestmark = pytest.mark.skipif(kernel() is None, reason="the kernel is not compiled")

Seed = int | list[int]
SEEDS: list[Seed] = [
    0,
    1,
    42,
    2**32 - 1,
    2**32,
    2**64 - 1,
    2**64,
    2**200 + 17,
    [],
    [0],
    [7, 1],
    [2**40, 0, 5],
    [1] * 9,
]
HIGHS = [1, 2, 3, 6, 1000, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 3 * 2**61, 2**62 + 1, 2**63 - 1]


def words(seed: Seed) -> npt.NDArray[np.uint32]:
    """Return a seed's digits to base 2^32, the lowest first; those of a list follow each other."""
    seeds: Sequence[int] = [seed] if isinstance(seed, int) else seed
    digits = [one >> shift & 0xFFFFFFFF for one in seeds for shift in range(0, max(one.bit_length(), 1), 32)]
    return np.array(digits, dtype=np.uint32)


def random(seed: Seed, count: int) -> npt.NDArray[np.float64]:
    given, found = words(seed), np.empty(count)
    loaded_kernel().random(address(given), given.size, address(found), count)
    return found


def integers(seed: Seed, high: int, count: int) -> npt.NDArray[np.int64]:
    given, found = words(seed), np.empty(count, dtype=np.int64)
    loaded_kernel().integers(address(given), given.size, high, address(found), count)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_random_is_numpy_s(seed: Seed) -> None:
    np.testing.assert_array_equal(random(seed, 1000), np.random.default_rng(seed).random(1000))


@pytest.mark.parametrize("high", HIGHS)
@pytest.mark.parametrize("seed", SEEDS)
def test_integers_are_numpy_s(seed: Seed, high: int) -> None:
    expected = np.random.default_rng(seed).integers(0, high, 999)
    np.testing.assert_array_equal(integers(seed, high, 999), expected)


def test_the_same_seeds_for_many_models() -> None:
    for seed in range(300):
        assert random(seed, 1) == np.random.default_rng(seed).random()
        assert random([seed, 1], 1) == np.random.default_rng([seed, 1]).random()


@given(
    seed=st.integers(0, 2**128) | st.lists(st.integers(0, 2**70), max_size=8),
    high=st.integers(1, 2**63 - 1) | st.integers(1, 2**33) | st.integers(1, 100),
    count=st.integers(0, 50),
)
def test_any_seed_and_limit(seed: Seed, high: int, count: int) -> None:
    np.testing.assert_array_equal(random(seed, count), np.random.default_rng(seed).random(count))
    expected = np.random.default_rng(seed).integers(0, high, count)
    np.testing.assert_array_equal(integers(seed, high, count), expected)
