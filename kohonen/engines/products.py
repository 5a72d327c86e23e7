"""Matrix products with the same bits everywhere: each element is summed from zero, in ascending order.

The order of a BLAS depends on its version, the processor and the number of threads. Rows and columns that are
zero are skipped: a sum that starts from zero is never -0.0, so adding a zero does not change it.
"""

import math

import numpy as np

from kohonen.engines.cores import for_each
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import address, loaded_kernel

__all__ = ["native_product", "numpy_product"]

#: Multiplications per task of a thread.
PART = 2**24
#: Rows and columns of a block of the product in NumPy, which stays in the cache.
BLOCK = 128


def numpy_product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Multiply matrices with NumPy.

    Parameters
    ----------
    a : ndarray of shape (height, depth) or (count, height, depth)
        A matrix, or a stack of matrices; finite.
    b : ndarray of shape (depth, width) or (count, depth, width)
        Likewise.

    Returns
    -------
    ndarray of shape (height, width) or (count, height, width)
        A stack if one of the factors is a stack.
    """
    out = _empty(a, b)
    stack = out.shape[:-2]
    lefts, rights = (np.broadcast_to(factor, stack + factor.shape[-2:]) for factor in (a, b))
    for item in np.ndindex(*stack):
        for row in range(0, out.shape[-2], BLOCK):
            for column in range(0, out.shape[-1], BLOCK):
                left, right = lefts[item][row : row + BLOCK], rights[item][:, column : column + BLOCK]
                _multiply(left, right, out[item][row : row + BLOCK, column : column + BLOCK])
    return out


def _multiply(left: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """Multiply two matrices, by one rank-one update after the other."""
    update = np.empty(out.shape)
    out.fill(0.0)
    for k in np.flatnonzero(left.any(axis=0) & right.any(axis=1)):
        np.multiply(left[:, k, None], right[k], out=update)
        out += update


def native_product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Multiply matrices with the compiled kernel, on all cores; arguments as for `numpy_product`."""
    found = loaded_kernel()
    a, b, out = np.ascontiguousarray(a), np.ascontiguousarray(b), _empty(a, b)
    height, depth, width = *a.shape[-2:], b.shape[-1]
    steps = [factor[0].size if factor.ndim > 2 else 0 for factor in (a, b)]
    rows = math.prod(out.shape[:-1])

    def multiply(part: range) -> None:
        found.product(
            address(a), steps[0], address(b), steps[1], address(out), height, depth, width,
            part.start, part.stop, found.highest_level(),
        )  # fmt: skip

    step = max(256, PART // max(1, depth * width))
    for _ in for_each(multiply, [range(row, min(row + step, rows)) for row in range(0, rows, step)]):
        pass
    return out


def _empty(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return an uninitialised array of the shape of a product."""
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.empty((*stack, a.shape[-2], b.shape[-1]))
