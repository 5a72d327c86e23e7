"""Scans of columns: what the cells of a column are, found in one pass and in bounded memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kohonen.delimited.chunks import Counted
from kohonen.delimited.dates import date_forms
from kohonen.delimited.names import shown
from kohonen.delimited.numbers import AUTOMATIC, Absent, Convention, FloatArray, Kind, classify, split_unit
from kohonen.errors import InvalidTableError

__all__ = ["Found", "Scan", "find_convention"]

#: Kinds of cells and texts that are told apart, per column.
_MOST_KINDS, MOST_TEXTS = 40, 200


@dataclass(slots=True)
class Found:
    """Cells of one kind: how many, and the first of them."""

    row: int
    text: str
    count: int = 0


@dataclass(slots=True)
class Scan:
    """Counts of the kinds of cells in a column.

    Attributes
    ----------
    rows, missing, plain : int
        Number of cells, of those that are missing, and of those that are plain decimal numbers.
    kinds : dict of Kind to Found
        The other cells by their kind.
    texts : Counter of str
        The first different texts, at most `MOST_TEXTS`; in columns of numbers, those that are not.
    first_row, first : int and str, or None
        The row of the first cell that is present, and the cell.
    plain_row : int or None
        The row of the first plain number.
    low, high : float
        The range of the plain numbers.
    whole, counting : bool
        Whether all plain numbers are integers, and each is one more than that before it.
    compact : bool
        Whether all plain numbers are dates such as 20240131.
    pointed, codes : bool
        As in :class:`kohonen.delimited.chunks.Counted`.
    forms : frozenset of str or None
        The forms of dates that all texts have; None before the first.
    """

    rows: int = 0
    missing: int = 0
    plain: int = 0
    kinds: dict[Kind, Found] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)
    first_row: int | None = None
    first: str | None = None
    plain_row: int | None = None
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    counting: bool = True
    compact: bool = True
    pointed: bool = False
    codes: bool = False
    forms: frozenset[str] | None = None
    _last: float | None = None
    #: Different numbers and hashes of different texts, by chunk; None for numbers once one is there twice.
    _numbers: list[FloatArray] | None = field(default_factory=list)
    _hashes: list[npt.NDArray[np.int64]] = field(default_factory=list)

    @property
    def present(self) -> int:
        """The number of cells that are present."""
        return self.rows - self.missing

    def different(self) -> int:
        """Return how many of the cells that are not plain numbers are different texts."""
        return len(np.unique(np.concatenate(self._hashes))) if self._hashes else 0

    def all_different(self) -> bool:
        """Return whether the plain numbers are all different."""
        if self._numbers is None:
            return False
        return not self._numbers or len(np.unique(np.concatenate(self._numbers))) == self.plain

    def constant(self) -> bool:
        """Return whether the cells that are present are all equal."""
        if self.kinds:
            return not self.plain and self.different() == 1
        return self.low == self.high

    def unit_of_numbers(self, fits: Iterable[int] = range(len(AUTOMATIC))) -> str | None:
        """Return the unit of a column of numbers, empty without one; None for other columns.

        At least half of the cells that are present are numbers, in one of the conventions at these places,
        and have the same unit.
        """
        numbers, with_unit, units = self.plain, 0, set()
        for kind, found in self.kinds.items():
            if kind.infinite or (kind.fits and any(kind.fits[place] for place in fits)):
                numbers += 0 if kind.unit else found.count
                with_unit += found.count if kind.unit else 0
                units |= {kind.unit} if kind.unit else set()
        if self.present and numbers >= self.present / 2:
            return ""
        if len(units) != 1 or numbers + with_unit < self.present / 2:
            return None
        (unit,) = units
        values = {number for number, this in map(split_unit, self.texts) if this == unit}
        # Texts such as "2 years old" beside "mature" are categories.
        return unit if len(values) > 1 or with_unit == self.present else None

    def add(self, cells: Counted, absent: Absent, conventions: tuple[Convention, ...]) -> None:
        """Add cells; their texts are numbers in some of the conventions."""
        before, self.rows = self.rows, self.rows + len(cells.values)
        plain = ~(np.isnan(cells.values) | absent.among(cells.values))
        numbers = cells.values[plain]
        texts = [each for each in cells.texts if each[0] not in absent]
        for text, row, count, _ in texts:
            self._add_text(before + row, text, count, conventions)
        self._hashes.append(np.array([each[3] for each in texts], dtype=np.int64))
        self.missing += len(cells.values) - len(numbers) - sum(each[2] for each in texts)
        self._add_numbers(numbers)
        self.pointed, self.codes = self.pointed or cells.pointed, self.codes or cells.codes
        if self.plain_row is None and len(numbers):
            self.plain_row = before + int(plain.argmax())
        if self.first_row is None:
            rows = [
                row for row in (self.plain_row, *(before + each[1] for each in texts[:1])) if row is not None
            ]
            self.first_row = min(rows, default=None)

    def _add_text(self, row: int, text: str, count: int, conventions: tuple[Convention, ...]) -> None:
        kind = classify(text, conventions) if conventions else Kind(())
        if kind not in self.kinds and len(self.kinds) >= _MOST_KINDS:
            kind = Kind((False,) * len(conventions))
        self.kinds.setdefault(kind, Found(row, text)).count += count
        if text in self.texts or len(self.texts) < MOST_TEXTS:
            self.texts[text] += count
        if self.forms is None or self.forms:
            forms = date_forms(text)
            self.forms = forms if self.forms is None else self.forms & forms

    def _add_numbers(self, numbers: FloatArray) -> None:
        if not len(numbers):
            return
        self.plain += len(numbers)
        self.low, self.high = min(self.low, float(numbers.min())), max(self.high, float(numbers.max()))
        self.whole = self.whole and bool((numbers == np.floor(numbers)).all())
        if not self.whole:
            self._numbers, self.counting, self.compact = None, False, False
            return
        if self.compact:
            month, day = numbers // 100 % 100, numbers % 100
            dates = (
                (numbers >= 18000101)
                & (numbers <= 21001231)
                & (month >= 1)
                & (month <= 12)
                & (day >= 1)
                & (day <= 31)
            )
            self.compact = bool(dates.all())
        if self.counting:
            steps = np.diff(numbers, prepend=numbers[0] - 1 if self._last is None else self._last)
            self.counting, self._last = bool((steps == 1).all()), float(numbers[-1])
        if self._numbers is not None:
            different = np.unique(numbers)
            self._numbers = [*self._numbers, different] if len(different) == len(numbers) else None


def find_convention(scans: Mapping[str, Scan], delimiter: str | None) -> tuple[Convention, str]:
    """Return how the numbers of a file are written, and a note on it.

    Raises
    ------
    InvalidTableError
        If a comma may be a decimal sign or stand between thousands.
    """
    numbers = {name: scan for name, scan in scans.items() if scan.unit_of_numbers() is not None}
    # Cells with commas by column: between thousands, for decimals, or either.
    grouped, decimal, either = (
        {
            name: min(found, key=lambda each: each.row)
            for name, scan in numbers.items()
            if (found := [found for kind, found in scan.kinds.items() if kind.fits == fits])
        }
        for fits in ((False, True, False), (False, False, True), (False, True, True))
    )
    commas = [name for name in numbers if name in grouped or name in decimal or name in either]
    if not commas:
        return AUTOMATIC[0], ""
    pointed = any(
        scan.pointed or any(kind.fits == (True, True, False) for kind in scan.kinds)
        for scan in numbers.values()
    )
    if delimiter != "comma" and not grouped and not pointed and (delimiter == "semicolon" or decimal):
        return AUTOMATIC[
            2
        ], f"commas are decimal signs, as in {shown([next(iter((decimal | either).values())).text])}"
    if not decimal:
        example = (grouped | either)[commas[0]].text
        return AUTOMATIC[1], f"commas stand between thousands, as in {example!r} of column {commas[0]!r}"
    name, first = min(decimal.items(), key=lambda item: item[1].row)
    raise InvalidTableError(
        f"column {name!r} holds numbers with a comma, such as {first.text[:40]!r} in row {first.row + 1}, "
        "which may be a decimal sign or stand between thousands: decimal=comma or thousands=comma says, "
        f"categorical={name} reads the column as texts",
        column=name,
        row=first.row,
    )
