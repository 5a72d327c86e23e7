"""Preparation of single columns: scaling of numbers and one-hot encoding of categories.

Offsets and scales are part of a map's identity and have the same bits on every machine: sums are exact
before they are rounded, and quantiles are computed here rather than by NumPy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from kohonen.delimited.dates import days_of
from kohonen.delimited.names import check_text, shown
from kohonen.errors import InvalidTableError
from kohonen.inputs.arrays import FloatArray, Missing
from kohonen.inputs.curves import CURVES, Knots, bend, check_curve, knots_of
from kohonen.inputs.frames import Column, holds_texts, numbers_in, texts_in, too_large
from kohonen.inputs.roles import Role

__all__ = [
    "Normalisation",
    "PreparedColumn",
    "check_missing",
    "fit_categories",
    "fit_scale",
]

Normalisation: TypeAlias = Literal["none", "z-score", "min-max", "robust", "log", "asinh", "rank"]


@dataclass(frozen=True, slots=True)
class PreparedColumn:
    """The fitted preparation of one column.

    Attributes
    ----------
    name : str
        Name of the column.
    normalisation : {"none", "z-score", "min-max", "robust", "log", "asinh", "rank"}
        "none" leaves numbers unchanged. The next three subtract the mean, minimum or median and divide by the
        standard deviation (with denominator n), range or interquartile range; a divisor of zero counts as 1.
        The others take the z-scores of ``log1p`` of numbers from 0, of ``asinh``, or of ranks. Texts have
        "none".
    offset, scale : float
        A number (or its logarithm, or rank) becomes ``(number - offset) / scale``.
    categories : tuple of str or None
        The categories in sorted order; None for numbers.
    unit : str or None
        The unit that was taken off the numbers.
    knots : tuple of float or None
        The values between which ranks are interpolated.
    form, start : str and float, or None
        For dates that became numbers: their form, and the first date as days since the year 1.
    """

    name: str
    normalisation: Normalisation = "none"
    offset: float = 0.0
    scale: float = 1.0
    categories: tuple[str, ...] | None = None
    unit: str | None = None
    knots: Knots | None = None
    form: str | None = None
    start: float | None = None

    @property
    def role(self) -> Role:
        """The role of the column."""
        return "number" if self.categories is None else "category"

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the column's components in samples."""
        if self.categories is None:
            return (self.name,)
        return tuple(f"{self.name}: {category}" for category in self.categories)

    def transform(self, values: Column) -> FloatArray:
        """Return values as components of samples, of shape (n, components), with NaN for missing values.

        Raises
        ------
        InvalidTableError
            If a value has the wrong type or is out of range. An unknown category counts as missing.
        """
        if self.categories is not None:
            places: dict[str | None, int] = {category: k for k, category in enumerate(self.categories)}
            table = np.vstack([np.eye(len(places)), np.full(len(places), np.nan)])
            texts = texts_in(self.name, values)
            return np.asarray(table[[places.get(text, len(places)) for text in texts]])
        numbers = self._days(values)
        check_curve(self.name, numbers, self.normalisation)
        with np.errstate(over="ignore"):
            scaled = (bend(numbers, self.normalisation, self.knots) - self.offset) / self.scale
        for row in too_large(scaled):
            raise InvalidTableError(
                f"column {self.name!r} holds {numbers[row]:g} in row {row + 1}, which is too far from the "
                f"values it was fitted to (centre {self.offset:g}, scale {self.scale:g})",
                column=self.name,
                row=row,
            )
        return scaled[:, None]

    def _days(self, values: Column) -> FloatArray:
        """Return dates as days since the first; numbers are such days already."""
        if self.form is None or not holds_texts(values):
            return numbers_in(self.name, values)
        days = np.full(len(values), np.nan)
        for row, text in enumerate(texts_in(self.name, values)):
            if text is not None:
                try:
                    days[row] = days_of(text, self.form) - (self.start or 0.0)
                except InvalidTableError as error:
                    message = f"column {self.name!r}, row {row + 1}: {error}"
                    raise InvalidTableError(message, column=self.name, row=row) from error
        return days

    def unknown(self, values: Column) -> InvalidTableError | None:
        """Return an error about the values that are not among the categories; None if there are none."""
        known = {None, *(self.categories or ())}
        texts = [] if self.categories is None else texts_in(self.name, values)
        rows = [row for row, text in enumerate(texts) if text not in known]
        if not rows:
            return None
        return InvalidTableError(
            f"column {self.name!r} holds {len(rows):,} values that are not among its categories "
            f"{shown(self.categories or ())}, such as {str(texts[rows[0]])[:40]!r} in row {rows[0] + 1}",
            column=self.name,
            row=rows[0],
        )

    def named(self, components: FloatArray) -> list[str | None]:
        """Return the category with the largest component in each row of (n, k); None for missing values."""
        categories = self.categories or ()
        return [None if math.isnan(row[0]) else categories[int(row.argmax())] for row in components]


def fit_scale(name: str, values: Column, normalisation: Normalisation) -> PreparedColumn:
    """Fit the offset and the scale of a column of numbers.

    Raises
    ------
    InvalidTableError
        If the column holds other values, or none.
    """
    numbers = numbers_in(name, values)
    present = np.sort(numbers[~np.isnan(numbers)])
    if not len(present):
        raise InvalidTableError(f"column {name!r} has no values: leave it out", column=name)
    offset, scale, knots = 0.0, 1.0, None
    check_curve(name, numbers, normalisation)
    if normalisation in CURVES:
        knots = knots_of(present) if normalisation == "rank" else None
        present = bend(present, normalisation, knots)
    match normalisation:
        case "z-score" | "log" | "asinh" | "rank":
            offset = math.fsum(present) / len(present)
            scale = math.sqrt(math.fsum((present - offset) ** 2) / len(present))
        case "min-max":
            offset, scale = float(present[0]), float(present[-1] - present[0])
        case "robust":
            offset, scale = _quantile(present, 0.5), _quantile(present, 0.75) - _quantile(present, 0.25)
    # Rounding of the mean can give equal values a tiny deviation.
    if present[0] == present[-1] or scale < np.finfo(np.float64).tiny:
        scale = 1.0
    return PreparedColumn(name, normalisation, offset, scale, knots=knots)


def fit_categories(name: str, values: Column, most: int) -> PreparedColumn:
    """Fit the categories of a column of texts.

    Raises
    ------
    InvalidTableError
        If the column holds other values, or too many categories.
    """
    texts = texts_in(name, values)
    found = sorted({text for text in texts if text is not None})
    if len(found) > most:
        row = next((row for row, text in enumerate(texts) if text and not _is_number(text)), 0)
        raise InvalidTableError(
            f"column {name!r} has {len(found):,} different texts, but at most {most} categories are allowed: "
            f"leave it out or, if it should hold numbers, fix values such as {str(texts[row])[:40]!r} in row "
            f"{row + 1}",
            column=name,
            row=row,
        )
    for category in found:
        check_text(category, f"a category of column {name!r}")
    return PreparedColumn(name, categories=tuple(found))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quantile(ordered: FloatArray, share: float) -> float:
    """Return a quantile of sorted values by linear interpolation."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def check_missing(columns: Sequence[PreparedColumn], samples: FloatArray, missing: Missing) -> None:
    """Refuse samples (n, dim) without values, and missing values if they are an error."""
    absent = np.isnan(samples)
    empty = absent.all(axis=1)
    if empty.any():
        row = int(empty.argmax())
        raise InvalidTableError(f"row {row + 1} has no values: leave it out", row=row)
    if missing == "error" and absent.any():
        row, component = (int(place) for place in np.argwhere(absent)[0])
        name = [column.name for column in columns for _ in column.components][component]
        raise InvalidTableError(
            f"column {name!r} has no value in row {row + 1}: fill it in, leave the row out, "
            'or set missing to "mask"',
            column=name,
            row=row,
        )
