"""Compares the matrix products with literal loops, bit for bit."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import cores, products
from kohonen.engines.products import native_product, numpy_product
from kohonen.kernel import kernel
from tests.kohonen.oracle import Array

Product = Callable[[Array, Array], Array]


def literal(a: Array, b: Array) -> Array:
    """Sum each element in ascending order."""
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    lefts, rights = (np.broadcast_to(x, stack + x.shape[-2:]) for x in (a, b))
    out = np.empty((*stack, a.shape[-2], b.shape[-1]))
    for item in np.ndindex(*out.shape):
        total = 0.0
        for k in range(a.shape[-1]):
            total = total + float(lefts[*item[:-2], item[-2], k]) * float(rights[*item[:-2], k, item[-1]])
        out[item] = total
    return out


def every_product() -> Iterator[Product]:
    """Yield the products, the compiled one for each instruction set of this processor."""
    yield numpy_product
    if found := kernel():
        with pytest.MonkeyPatch.context() as patch:
            for level in range(found.highest_level() + 1):
                patch.setattr(found, "highest_level", lambda level=level: level)
                yield native_product


def check(a: Array, b: Array) -> None:
    expected = literal(a, b)
    for product in every_product():
        found = product(a, b)
        np.testing.assert_array_equal(found, expected)
        assert not np.signbit(found[found == 0.0]).any()


def numbers(generator: np.random.Generator, shape: tuple[int, ...], kind: str) -> Array:
    """Return random numbers: all of different size, or in a band, or few that are not zero."""
    values: Array = np.exp(generator.normal(0.0, 3.0, shape)) * generator.choice([-1.0, 1.0], shape)
    if kind == "band":
        rows, columns = np.indices(shape[-2:])
        values *= np.abs(rows - columns - generator.integers(-3, 4)) < generator.integers(1, 5)
    if kind == "sparse":
        values *= generator.random(shape) < 0.1
    return values


kinds = st.sampled_from(["dense", "band", "sparse"])


@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(0, 13),
    depth=st.integers(1, 13),
    width=st.integers(0, 37),
    stacks=st.sampled_from([(None, None), (2, None), (None, 3), (2, 2)]),
    left=kinds,
    right=kinds,
    block=st.sampled_from([5, 128]),
)
def test_sums_are_in_ascending_order(
    seed: int,
    height: int,
    depth: int,
    width: int,
    stacks: tuple[int | None, int | None],
    left: str,
    right: str,
    block: int,
) -> None:
    generator = np.random.default_rng(seed)
    a = numbers(generator, (*filter(None, stacks[:1]), height, depth), left)
    b = numbers(generator, (*filter(None, stacks[1:]), depth, width), right)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK", block)
        check(a, b)


@pytest.mark.parametrize("shape", [(1, 700, 1), (3, 257, 33), (130, 5, 40), (129, 300, 2)])
def test_matrices_of_several_blocks(shape: tuple[int, int, int]) -> None:
    height, depth, width = shape
    generator = np.random.default_rng(0)
    check(numbers(generator, (height, depth), "dense"), numbers(generator, (2, depth, width), "dense"))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_does_not_matter(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    a, b = numbers(generator, (3, 300, 40), "dense"), numbers(generator, (40, 50), "band")
    monkeypatch.setattr(cores, "cores", lambda: threads)
    monkeypatch.setattr(products, "PART", 1)
    found = [product(a, b) for product in every_product()]
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
    np.testing.assert_array_equal(found[0][2, 290:], literal(a[2, 290:], b))


def test_the_order_and_the_rounding_of_products_matter() -> None:
    """The sums differ in descending order, and with fused multiplication and addition."""
    a = np.array([[1e16, 1.0, 1.0, -1e16]])
    np.testing.assert_array_equal(literal(a, np.ones((4, 1))), [[0.0]])
    check(a, np.ones((4, 9)))
    x = 1.0 + 2.0**-30
    check(np.array([[1.0, x]]), np.array([[-x * x] * 9, [x] * 9]))
    np.testing.assert_array_equal(literal(np.array([[1.0, x]]), np.array([[-x * x], [x]])), [[0.0]])


def test_zeros_are_positive() -> None:
    check(np.array([[-0.0, 0.0], [-1.0, 0.0]]), np.array([[-0.0, 0.0, -1.0], [0.0, -0.0, -0.0]]))
