"""Elementary functions with the same bits on every processor.

NumPy's own functions differ in the last bit between processors, and those of C between libraries. The
functions here are fixed sequences of IEEE-754 additions, multiplications, divisions and square roots, and
scaling by powers of two. ``kernel/arithmetic.h`` does the same operations in C, with equal results.

Every function takes numbers of any shape and returns float64 values of that shape. Infinities, zeros and NaN
give what NumPy's functions give, without warnings. Errors are in units in the last place of the result.

References
----------
W. J. Cody and W. Waite, *Software Manual for the Elementary Functions*, Prentice-Hall 1980: reduction of
arguments.

T. J. Dekker, "A floating-point technique for extending the available precision", *Numerische Mathematik* 18,
1971: sums and products without loss.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["asinh", "cbrt", "exp", "ln", "log1p", "power"]

#: log2(e); ln(2) as a sum, whose first part has 32 significant bits; 1/12 as a sum.
_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
_TWELFTH_HIGH, _TWELFTH_LOW = 1.0 / 12.0, 2.0**-54 / 12.0

_SQRT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")

#: 1/n! and 1 / ((2n + 1) 4^n), for n = 2, 3, ...
_FACTORIALS = [1.0 / math.factorial(n) for n in range(2, 15)]
_LOGARITHM = [0.25**n / (2 * n + 1) for n in range(2, 13)]

#: Values computed at a time, which fit the processor's cache.
_BLOCK = 4096

Pair = tuple[Any, Any]


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a function of float64 arrays to numbers of any shape, a block at a time."""

    @functools.wraps(function)
    def apply(x: npt.ArrayLike, *parameters: float) -> Any:
        values = np.asarray(x, dtype=np.float64)
        flat, found = values.ravel(), np.empty(values.size)
        with np.errstate(all="ignore"):
            for start in range(0, flat.size, _BLOCK):
                block = slice(start, start + _BLOCK)
                found[block] = function(flat[block], *parameters)
        found[np.isnan(found)] = np.nan  # of one sign
        return found.reshape(values.shape)[()]

    return apply


@_elementwise
def exp(x: Any) -> Any:
    """Return ``e^x``, with an error below 0.7, and below 0.8 where the result is subnormal.

    Notes
    -----
    With ``k`` the integer next to ``x / ln 2``, ``exp(x) = 2^k exp(r)`` where ``|r| <= ln 2 / 2``, and
    ``exp(r)`` is its Taylor polynomial of degree 14. What rounding ``r`` loses is added at the end.
    """
    return _exp_of_sum(x, 0.0)


@_elementwise
def ln(x: Any) -> Any:
    """Return the natural logarithm, with an error below 0.51.

    Notes
    -----
    With ``x = 2^k m``, where ``1/2 <= m^2 < 2``, and ``s = 2 (m - 1) / (m + 1)``, ``ln x`` is ``k ln 2 + s +
    s^3/12 + s^5/80 + ...``, with the series of ``2 artanh(s/2)``. The quotient, the cube and the sum are
    computed to some 100 bits, the other terms to 53, so that the sum is exact to some 65.
    """
    return _ln_of_sum(x, 0.0, 0.0)[0]


@_elementwise
def log1p(x: Any) -> Any:
    """Return ``ln(1 + x)``, with an error below 0.51; the logarithm takes the sum without rounding."""
    return np.where(np.abs(x) < 2.0**-54, x, _ln_of_sum(*_two_sum(1.0, x), 0.0)[0])


@_elementwise
def asinh(x: Any) -> Any:
    """Return ``ln(x + sqrt(x^2 + 1))``, the inverse of the hyperbolic sine, with an error below 0.51.

    Notes
    -----
    The argument of the logarithm is computed to some 100 bits. Below ``2^-26`` two terms of the series are
    enough, and above ``2^500`` the argument is ``2 x``.
    """
    a = np.abs(x)
    square = _two_product(a, a)
    total = _two_sum(1.0, square[0])
    root = np.sqrt(total[0])
    back, argument = _two_product(root, root), _two_sum(a, root)
    rest = ((total[0] - back[0]) - back[1]) + (total[1] + square[1])
    large = a > 2.0**500
    value = _ln_of_sum(
        np.where(large, a, argument[0]), np.where(large, 0.0, argument[1] + rest / (2.0 * root)), 1.0 * large
    )[0]
    return np.copysign(np.where(a < 2.0**-26, a - a * a * a / 6.0, value), x)


@_elementwise
def cbrt(x: Any) -> Any:
    """Return the cube root, with an error below 0.51.

    Notes
    -----
    Two steps of Halley's method and one of Newton's, whose residual is computed without loss.
    """
    a = np.abs(x)
    third = (np.frexp(a)[1] + 1074) // 3 - 358
    m = _scaled(a, -3 * third)
    root = 0.73 + 0.23 * m
    for _ in range(2):
        cubed = root * root * root
        root = root * ((cubed + 2.0 * m) / (2.0 * cubed + m))
    square = _two_product(root, root)
    cube = _two_product(square[0], root)
    rest = ((m - cube[0]) - cube[1]) - square[1] * root
    value = np.copysign(_scaled(root + rest / (3.0 * square[0]), third), x)
    return np.where((a == 0.0) | (a == np.inf), x, value)


@_elementwise
def power(x: Any, exponent: float) -> Any:
    """Return ``x^exponent`` for ``x >= 0``, with an error below 0.8; NaN where ``x`` is negative.

    Parameters
    ----------
    x : array_like
        The bases.
    exponent : float
        A finite number; 2.4 and 1/2.4 convert between sRGB and linear light (IEC 61966-2-1).

    Notes
    -----
    The exponent times the logarithm, exact to some 65 bits, goes to the exponential function in two parts.
    """
    high, low = _ln_of_sum(x, 0.0, 0.0)
    product = _two_product(high, exponent)
    return np.where((x == 1.0) | (exponent == 0.0), 1.0, _exp_of_sum(product[0], product[1] + low * exponent))


def _two_sum(a: Any, b: Any) -> Pair:
    """Return ``a + b`` as a rounded sum and its rounding error."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _upper_half(x: Any) -> Any:
    """Return the upper 26 bits."""
    shifted = 134217729.0 * x
    return shifted - (shifted - x)


def _two_product(a: Any, b: Any) -> Pair:
    """Return ``a * b`` as a rounded product and its rounding error."""
    product, upper_a, upper_b = a * b, _upper_half(a), _upper_half(b)
    lower_a, lower_b = a - upper_a, b - upper_b
    rest = ((upper_a * upper_b - product) + upper_a * lower_b) + lower_a * upper_b
    return product, rest + lower_a * lower_b


def _pair_product(a: Pair, b: Pair) -> Pair:
    """Return the product of two sums."""
    high, low = _two_product(a[0], b[0])
    return _two_sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def _scaled(x: Any, exponent: Any) -> Any:
    """Return ``x * 2^exponent``, rounded once; ``x`` is of ordinary size unless the result is."""
    return x * np.ldexp(1.0, exponent // 2) * np.ldexp(1.0, exponent - exponent // 2)


def _nearest_integer(x: Any) -> Any:
    """Return the nearest integer, ties to even, for magnitudes up to 2^51."""
    return (x + 1.5 * 2.0**52) - 1.5 * 2.0**52


def _series(coefficients: list[float], x: Any) -> Any:
    """Return ``coefficients[0] + coefficients[1] * x + ...``."""
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def _exp_of_sum(x: Any, low: Any) -> Any:
    """Return ``exp(x + low)``, where ``low`` is much smaller than ``x``."""
    bounded = np.where(np.isnan(x), 0.0, np.clip(x, -760.0, 720.0))
    k = _nearest_integer(bounded * _LOG2_E)
    rest = _two_sum(bounded - k * _LN2_HIGH, -k * _LN2_LOW)
    r, low = _two_sum(rest[0], rest[1] + np.where(bounded == x, low, 0.0))
    total = _two_sum(1.0, r)
    value = total[0] + ((total[1] + low) + _series(_FACTORIALS, r) * (r * r))
    return np.where(np.isnan(x), np.nan, _scaled(value, k.astype(np.int32)))


def _ln_of_sum(x: Any, low: Any, exponent: Any) -> Pair:
    """Return ``ln((x + low) 2^exponent)`` as a sum."""
    ordinary = (x > 0.0) & (x < np.inf)
    special = np.where(x == 0.0, -np.inf, np.where(x > 0.0, np.inf, np.nan))
    x, low = np.where(ordinary, x, 1.0), np.where(ordinary, low, 0.0)
    shift = np.frexp(x)[1]
    shift = shift - (_scaled(x, -shift) < _SQRT_HALF)
    x, low = _scaled(x, -shift), _scaled(low, -shift)
    above, below = _two_sum(x - 1.0, low), _two_sum(x, 1.0)
    below = 0.5 * below[0], 0.5 * (below[1] + low)
    quotient = above[0] / below[0]
    back = _two_product(quotient, below[0])
    rest = ((above[0] - back[0]) - back[1]) + (above[1] - quotient * below[1])
    s = _two_sum(quotient, rest / below[0])
    square = _pair_product(s, s)
    factor = _two_sum(_TWELFTH_HIGH, _TWELFTH_LOW + _series(_LOGARITHM, square[0]) * square[0])
    more = _pair_product(s, _pair_product(square, factor))
    total = _two_sum(s[0], more[0])
    k = shift + exponent
    whole = _two_sum(k * _LN2_HIGH, total[0])
    high, low = _two_sum(whole[0], whole[1] + ((total[1] + (s[1] + more[1])) + k * _LN2_LOW))
    return np.where(ordinary, high, special), np.where(ordinary, low, 0.0)
