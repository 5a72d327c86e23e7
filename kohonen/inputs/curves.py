"""Curves that bend numbers before they are scaled: logarithm, inverse hyperbolic sine, and ranks.

They have the same bits on every machine; see :mod:`kohonen.arithmetic`.
"""

from typing import TypeAlias

import numpy as np

from kohonen.arithmetic import asinh, log1p
from kohonen.errors import InvalidTableError
from kohonen.inputs.arrays import FloatArray

__all__ = ["CURVES", "MOST_KNOTS", "Knots", "bend", "check_curve", "knots_of", "unbend", "unit_rows"]

Knots: TypeAlias = tuple[float, ...]

#: The normalisations that bend numbers.
CURVES = ("log", "asinh", "rank")
#: Most values that ranks are interpolated between.
MOST_KNOTS = 257


def check_curve(name: str, numbers: FloatArray, curve: str) -> None:
    """Refuse numbers of a column that have no logarithm.

    Raises
    ------
    InvalidTableError
        For the first that is negative.
    """
    for row in np.flatnonzero(numbers < 0)[:1].tolist() if curve == "log" else ():
        raise InvalidTableError(
            f"column {name!r} holds {numbers[row]:g} in row {row + 1}, but the normalisation 'log' needs "
            "numbers from 0: use 'asinh' or 'rank' instead",
            column=name,
            row=row,
        )


def knots_of(ordered: FloatArray) -> Knots:
    """Return evenly spaced values of sorted numbers, between which ranks are interpolated."""
    count = min(len(ordered), MOST_KNOTS)
    places = np.arange(count) * (len(ordered) - 1) // max(count - 1, 1)
    return tuple(ordered[places].tolist())


def bend(values: FloatArray, curve: str, knots: Knots | None) -> FloatArray:
    """Return numbers on a curve, with NaN for NaN: log1p, asinh, or ranks from 0 to 1; else unchanged."""
    if curve == "log":
        return np.asarray(log1p(values))
    if curve == "asinh":
        return np.asarray(asinh(values))
    return _ranks(values, np.array(knots)) if curve == "rank" else values


def unbend(values: FloatArray, curve: str, knots: Knots | None) -> FloatArray:
    """Return the numbers that one of the `CURVES` takes to values; near, since it is for people to read."""
    if curve == "log":
        return np.asarray(np.expm1(values))
    if curve == "asinh":
        return np.asarray(np.sinh(values))
    return np.asarray(np.interp(values, np.linspace(0, 1, len(knots or ())), knots or ()))


def unit_rows(samples: FloatArray) -> FloatArray:
    """Return samples (n, dim) of length 1, so that distances follow the cosine; zeros remain."""
    lengths = np.zeros(len(samples))
    for column in samples.T:  # in order of dimension
        lengths = lengths + np.where(np.isnan(column), 0.0, column * column)
    lengths = np.sqrt(lengths)
    return samples / np.where(lengths > 0, lengths, 1.0)[:, None]


def _ranks(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the ranks of numbers among knots, those of equal knots their mean."""
    last = len(knots) - 1
    left, right = (np.searchsorted(knots, values, side) for side in ("left", "right"))
    above = np.minimum(left, last)
    below = np.maximum(above - 1, 0)
    step = knots[above] - knots[below]
    part = (values - knots[below]) / np.where(step > 0, step, 1.0)
    between = below + np.clip(part, 0.0, 1.0) * (step > 0)
    places = np.where(right > left, (left + right - 1) / 2, between)
    return np.where(np.isnan(values), np.nan, places / max(last, 1))
