"""The columns of a table: what each holds, and how it becomes components of samples.

What is learnt from values comes out with the same bits on every machine, since it is part of a map's
identity: sums are exact before they are rounded, and quantiles are spelt out.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from kohonen.data import LARGEST_MAGNITUDE, FloatArray
from kohonen.errors import InvalidTableError
from kohonen.tables import Column, check_text, shown

__all__ = ["Normalisation", "PreparedColumn", "holds_texts", "learn_categories", "learn_scale"]

Normalisation: TypeAlias = Literal["none", "z-score", "min-max", "robust"]


@dataclass(frozen=True, slots=True)
class PreparedColumn:
    """How one column is prepared.

    Attributes
    ----------
    name : str
        Its name.
    normalisation : {"none", "z-score", "min-max", "robust"}
        Numbers are left as they are; or moved by their mean, minimum or median and divided by their standard
        deviation (that of these values, with n below the line), range or interquartile range. Where that is
        zero they are moved only. Texts have "none".
    offset, scale : float
        A number becomes ``(number - offset) / scale``.
    categories : tuple of str or None
        Of texts, in order; None for numbers.
    """

    name: str
    normalisation: Normalisation = "none"
    offset: float = 0.0
    scale: float = 1.0
    categories: tuple[str, ...] | None = None

    @property
    def components(self) -> tuple[str, ...]:
        """What the components of samples are called that it becomes."""
        if self.categories is None:
            return (self.name,)
        return tuple(f"{self.name}: {category}" for category in self.categories)

    def transform(self, values: Column) -> FloatArray:
        """Return values as components of samples, of shape (n, components), with NaN for what is missing.

        Raises
        ------
        InvalidTableError
            For a value that does not suit the column.
        """
        if self.categories is not None:
            return _encoded(self.name, _texts(self.name, values), self.categories)
        numbers = _numbers(self.name, values)
        with np.errstate(over="ignore"):
            scaled = (numbers - self.offset) / self.scale
        for row in _too_large(scaled):
            raise InvalidTableError(
                f"column {self.name!r} holds {numbers[row]:g} in row {row + 1}, which is too far from "
                f"what is usual there (about {self.offset:g}, give or take {self.scale:g})",
                column=self.name,
                row=row,
            )
        return scaled[:, None]

    def named(self, components: FloatArray) -> list[str | None]:
        """Return the categories that components (n, k) of a column of texts stand for."""
        categories = self.categories or ()
        return [None if math.isnan(row[0]) else categories[int(row.argmax())] for row in components]


def holds_texts(values: Column) -> bool:
    """Tell whether a column holds any text."""
    return not _is_array_of_numbers(values) and any(isinstance(value, str) for value in values)


def learn_scale(name: str, values: Column, normalisation: Normalisation) -> PreparedColumn:
    """Learn how to bring a column of numbers to scale.

    Raises
    ------
    InvalidTableError
        For a column of anything else, or of nothing.
    """
    numbers = _numbers(name, values)
    present = np.sort(numbers[~np.isnan(numbers)])
    if not len(present):
        raise InvalidTableError(f"column {name!r} has no value at all: leave it out", column=name)
    offset, scale = 0.0, 1.0
    match normalisation:
        case "z-score":
            offset = math.fsum(present) / len(present)
            scale = math.sqrt(math.fsum((present - offset) ** 2) / len(present))
        case "min-max":
            offset, scale = float(present[0]), float(present[-1] - present[0])
        case "robust":
            offset, scale = _quantile(present, 0.5), _quantile(present, 0.75) - _quantile(present, 0.25)
    # The mean of equal values may be off by a rounding, and is no spread.
    if present[0] == present[-1] or scale < np.finfo(np.float64).tiny:
        scale = 1.0
    return PreparedColumn(name, normalisation, offset, scale)


def learn_categories(name: str, values: Column, most: int) -> PreparedColumn:
    """Learn which categories a column of texts has.

    Raises
    ------
    InvalidTableError
        For a column that holds anything else, or too many categories.
    """
    texts = _texts(name, values)
    found = sorted({text for text in texts if text is not None})
    if len(found) > most:
        row = next((row for row, text in enumerate(texts) if text and not _is_number(text)), 0)
        raise InvalidTableError(
            f"column {name!r} has {len(found):,} different texts, and {most} categories are allowed: leave "
            f"it out or, if it is one of numbers, mend what is none, such as {str(texts[row])[:40]!r} in row "
            f"{row + 1}",
            column=name,
            row=row,
        )
    for category in found:
        check_text(category, f"a category of column {name!r}")
    return PreparedColumn(name, categories=tuple(found))


def _encoded(name: str, texts: list[str | None], categories: tuple[str, ...]) -> FloatArray:
    places: dict[str | None, int] = {category: k for k, category in enumerate(categories)}
    places[None] = len(categories)
    for row, text in enumerate(texts):
        if text not in places:
            raise InvalidTableError(
                f"column {name!r} holds {str(text)[:40]!r} in row {row + 1}, but the categories are "
                f"{shown(categories)}; leave the value out to have it count as missing",
                column=name,
                row=row,
            )
    table = np.vstack([np.eye(len(categories)), np.full(len(categories), np.nan)])
    encoded: FloatArray = table[[places[text] for text in texts]]
    return encoded


def _is_array_of_numbers(values: Column) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "iuf"


def _numbers(name: str, values: Column) -> FloatArray:
    """Return a column of numbers, with NaN for what is missing."""
    if not _is_array_of_numbers(values):
        cells = list(values)
        _check_kinds(name, cells, (int, float, np.integer, np.floating), "numbers")
        # Python's integers have no end.
        values = [
            math.nan if cell is None else math.inf if abs(cell) > LARGEST_MAGNITUDE else cell
            for cell in cells
        ]
    numbers = np.asarray(values, dtype=np.float64)
    for row in _too_large(numbers):
        raise InvalidTableError(
            f"column {name!r} holds a number in row {row + 1} that is not finite, or of a magnitude above "
            f"{LARGEST_MAGNITUDE:g}",
            column=name,
            row=row,
        )
    return numbers


def _texts(name: str, values: Column) -> list[str | None]:
    """Return a column of texts, with None for what is missing."""
    cells = [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in values]
    _check_kinds(name, cells, (str,), "texts")
    return cells  # type: ignore[return-value]


def _check_kinds(name: str, cells: list[float | str | None], kinds: tuple[type, ...], what: str) -> None:
    strange = tuple(
        kind for kind in set(map(type, cells)) if kind is bool or not issubclass(kind, (*kinds, type(None)))
    )
    if strange:
        row = next(row for row, cell in enumerate(cells) if isinstance(cell, strange))
        raise InvalidTableError(
            f"column {name!r} holds {what}, but {str(cells[row])[:40]!r} in row {row + 1}: a column is of "
            "numbers or of texts, with nothing where a value is missing",
            column=name,
            row=row,
        )


def _too_large(numbers: FloatArray) -> list[int]:
    """Return the first row that holds what cannot be computed with, if there is one."""
    rows: list[int] = np.flatnonzero(np.abs(numbers) > LARGEST_MAGNITUDE)[:1].tolist()
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quantile(ordered: FloatArray, share: float) -> float:
    """Return a quantile of values in order, between two of them in proportion."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
