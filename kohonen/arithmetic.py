"""Elementary functions with the same bits on every processor.

NumPy's own functions differ in the last bit between processors, and those of C between libraries. The
functions here are fixed sequences of IEEE-754 double additions, multiplications and divisions, and scaling by
powers of two. ``kernel/arithmetic.h`` does the same operations in C, with equal results.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["exp"]

#: log2(e); ln(2) as a sum, whose first part has 32 significant bits.
_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")

#: 1/n! for n = 2, 3, ...
_FACTORIALS = [1.0 / math.factorial(n) for n in range(2, 15)]


def exp(x: npt.ArrayLike) -> Any:
    """Return the exponential function of each value.

    The error is below 0.8 units in the last place; ``exp(0)`` is 1.

    Parameters
    ----------
    x : array_like
        Numbers of any shape, converted to float64.

    Returns
    -------
    ndarray or float64
        Values of the same shape.

    Notes
    -----
    With ``k`` the integer next to ``x / ln 2``, ``exp(x) = 2^k exp(r)`` where ``|r| <= ln 2 / 2``, and
    ``exp(r)`` is its Taylor polynomial of degree 14. ``ln 2`` is subtracted in two parts, and the digits that
    rounding ``r`` loses are added at the end.

    References
    ----------
    W. J. Cody and W. Waite, *Software Manual for the Elementary Functions*, Prentice-Hall 1980, chapter 6.
    """
    with np.errstate(all="ignore"):
        return _exp_of_sum(np.asarray(x, dtype=np.float64), 0.0)[()]


def _nearest_integer(x: Any) -> Any:
    """Return the nearest integer, ties to even, for magnitudes up to 2^51."""
    return (x + 1.5 * 2.0**52) - 1.5 * 2.0**52


def _exp_of_sum(x: Any, low: Any) -> Any:
    """Return ``exp(x + low)``, where ``|low|`` is at most half a unit in the last place of ``x``."""
    bounded = np.clip(np.where(np.isnan(x), 0.0, x), -760.0, 720.0)
    k = _nearest_integer(bounded * _LOG2_E)
    high, rest = bounded - k * _LN2_HIGH, k * _LN2_LOW
    r = high - rest
    low = ((high - r) - rest) + low
    series = _FACTORIALS[-1]
    for coefficient in _FACTORIALS[-2::-1]:
        series = series * r + coefficient
    total = 1.0 + r
    y = total + ((((1.0 - total) + r) + low) + series * (r * r))
    exponent = k.astype(np.int32)
    half = exponent // 2
    scaled = y * np.ldexp(1.0, half) * np.ldexp(1.0, exponent - half)
    return np.where(np.isnan(x), np.nan, scaled)
