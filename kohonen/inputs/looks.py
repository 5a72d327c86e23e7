"""Looks at tables: what every column is, and why, before anything is trained."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kohonen.delimited.chunks import Cells, Counted
from kohonen.delimited.dates import days_of
from kohonen.delimited.dialects import Dialect
from kohonen.delimited.names import check_text
from kohonen.delimited.numbers import AUTOMATIC, Absent, Convention, convention_of, split_unit, to_number
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.frames import Columns, check_lengths, holds_texts, numbers_in, texts_in
from kohonen.inputs.roles import Role

__all__ = ["CHOSEN", "Chunk", "ColumnLook", "Given", "Look", "Reading", "Rows", "named"]

#: The reason for a role that was chosen begins with this.
CHOSEN = "chosen by "


class Chunk(Protocol):
    """Some rows of a table."""

    def count(self, column: int, *, as_texts: bool) -> Counted:
        """Return the cells of a column with equal texts counted."""

    def read(self, column: int) -> Cells:
        """Return the numbers of a column, and its other cells."""

    def texts(self, column: int) -> Cells:
        """Return all cells of a column as texts."""


class Rows(Protocol):
    """A table that can be read several times: a file, or columns in memory.

    Attributes
    ----------
    names, notes : list of str
        The names of the columns, and what was found.
    unnamed : bool
        Whether the first column has no name.
    sure : bool
        Whether the names are known to be names.
    absent : Absent
        The marks of missing values.
    dialect, given : Dialect
        The dialect, and what was given of it.
    no_numbers : frozenset of int
        The positions of columns of texts that are not to be read as numbers.
    """

    names: list[str]
    notes: list[str]
    unnamed: bool
    sure: bool
    absent: Absent
    dialect: Dialect
    given: Dialect
    no_numbers: frozenset[int]

    def chunks(self) -> Iterator[Any]:
        """Yield the rows in chunks."""


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """The role of a column, and the reason for it.

    Attributes
    ----------
    name : str
        Its name.
    role : {"number", "category", "label", "id", "date", "weight", "left out"}
        The role; numbers and categories take part in the training.
    reason : str
        Why.
    missing : int
        How many values are missing.
    first : float, str or None
        The first value that is present.
    components : int
        How many values of a sample it becomes: one for a number, and one for each category.
    """

    name: str
    role: Role
    reason: str
    missing: int
    first: float | str | None = None
    components: int = 0

    @property
    def chosen(self) -> bool:
        """Whether the role was chosen, and not found."""
        return self.reason.startswith(CHOSEN)


@dataclass(frozen=True, slots=True)
class Reading:
    """Options to read the cells of a column with.

    Attributes
    ----------
    absent : Absent
        The marks of missing values.
    convention : Convention
        How numbers are written.
    unit : str
        What is taken off the numbers.
    form : str
        The form of dates that are read as numbers: days after `start`.
    """

    absent: Absent
    convention: Convention
    unit: str = ""
    form: str = ""
    start: float = 0.0

    def found(self) -> dict[str, Any]:
        """Return what was found about the cells, as the fields of a prepared column."""
        start = self.start if self.form else None
        return {"unit": self.unit or None, "form": self.form or None, "start": start}

    def number(self, text: str) -> float:
        """Return a cell as a number; NaN if it is missing, or cannot be read."""
        if text in self.absent:
            return np.nan
        if self.form:
            return days_of(text, self.form) - self.start
        number = to_number(split_unit(text)[0] if self.unit else text, self.convention)
        return np.nan if number is None else number

    def numbers(self, chunk: Chunk, place: int) -> FloatArray:
        """Return the cells of a column as numbers, with NaN for missing values."""
        plain = not self.form and self.convention == AUTOMATIC[0]
        cells = chunk.read(place) if plain else chunk.texts(place)
        values = cells.values
        values[self.absent.among(values)] = np.nan
        known = {text: self.number(text) for text in set(cells.others)}
        values[cells.rows] = [known[text] for text in cells.others]
        return values

    def texts(self, chunk: Chunk, place: int) -> list[str | None]:
        """Return the cells of a column as texts, with None for missing values."""
        cells = chunk.texts(place)
        texts: list[str | None] = [None] * len(cells.values)
        absent = {text for text in set(cells.others) if text in self.absent}
        for row, text in zip(cells.rows.tolist(), cells.others, strict=True):
            texts[row] = None if text in absent else text
        return texts


@dataclass(frozen=True, slots=True)
class Look:
    """The roles of the columns of a table, and how its cells are read.

    Attributes
    ----------
    rows : int
        Number of rows that can be trained on.
    columns : tuple of ColumnLook
        The columns, in the order of the table.
    notes : tuple of str
        What else was found or decided.
    dialect, kept : Dialect
        The dialect of the file, as given and found; and what further files are read with: what was given, and
        how numbers are written.
    readings : tuple of Reading
        How the cells of each column are read.
    """

    rows: int
    columns: tuple[ColumnLook, ...]
    notes: tuple[str, ...]
    dialect: Dialect
    kept: Dialect
    readings: tuple[Reading, ...]

    def places(self, *roles: Role) -> list[int]:
        """Return the positions of the columns of some roles."""
        return [place for place, column in enumerate(self.columns) if column.role in roles]

    def values(self, chunk: Chunk, places: Sequence[int]) -> tuple[dict[int, Any], npt.NDArray[np.bool_]]:
        """Return some columns of a chunk, and which rows have a value in a column that takes part."""
        values: dict[int, Any] = {}
        present: list[npt.NDArray[np.bool_]] = []
        for place in places:
            role = self.columns[place].role
            if role in ("number", "weight"):
                values[place] = self.readings[place].numbers(chunk, place)
                if role == "number":
                    present.append(~np.isnan(values[place]))
            else:
                values[place] = self.readings[place].texts(chunk, place)
                if role == "category":
                    present.append(np.array([text is not None for text in values[place]]))
        return values, np.any(present, axis=0)

    def to_json(self) -> dict[str, Any]:
        """Return the look as a JSON document."""
        return {
            "rows": self.rows,
            "columns": [asdict(column) for column in self.columns],
            "notes": list(self.notes),
            "dialect": self.dialect.to_json(),
        }


def named(columns: Sequence[ColumnLook], role: Role) -> list[str]:
    """Return the names of the columns of a role: those that were chosen, then those that were found."""
    return [each.name for each in sorted(columns, key=lambda each: not each.chosen) if each.role == role]


class Given:
    """Columns in memory, as one chunk of rows."""

    def __init__(self, columns: Columns, dialect: Dialect) -> None:
        check_lengths(columns)
        self.names = [check_text(name, "the name of a column") for name in columns]
        self.notes: list[str] = []
        self.unnamed, self.sure = False, True
        self.dialect = self.given = dialect
        convention = convention_of(dialect) or AUTOMATIC[0]
        self.absent = Absent(dialect.absent, convention, always=frozenset())
        self._decimal = convention.decimal
        self._given = list(columns.values())
        self._columns = [
            texts_in(name, values) if holds_texts(values) else numbers_in(name, values)
            for name, values in columns.items()
        ]
        texts = [place for place, values in enumerate(self._columns) if isinstance(values, list)]
        self.no_numbers = frozenset(texts if convention_of(dialect) is None else ())

    def chunks(self) -> Iterator["Given"]:
        """Yield all rows."""
        yield self

    def count(self, column: int, *, as_texts: bool) -> Counted:
        """Return the cells of a column with equal texts counted."""
        values = self._columns[column]
        if isinstance(values, np.ndarray) and not as_texts:
            return Counted(values, [], pointed=True)
        cells = self.texts(column)
        counts = Counter(cells.others)
        # The last of equal keys stays in a dict: that of the first row.
        firsts = dict(zip(reversed(cells.others), reversed(cells.rows.tolist()), strict=True))
        texts = [(text, firsts[text], count, hash(text)) for text, count in counts.items()]
        return Counted(cells.values, texts)

    def read(self, column: int) -> Cells:
        """Return the numbers of a column."""
        return Cells(np.array(self._columns[column], dtype=np.float64), np.empty(0, dtype=np.intp), [])

    def texts(self, column: int) -> Cells:
        """Return all cells of a column as texts."""
        values = self._columns[column]
        if isinstance(values, np.ndarray):
            rows = np.flatnonzero(~np.isnan(values))
            texts = [self._text(column, row) for row in rows.tolist()]
        else:
            rows = np.array([row for row, text in enumerate(values) if text is not None], dtype=np.intp)
            texts = [text for text in values if text is not None]
        return Cells(np.full(len(values), np.nan), rows, texts)

    def cells(self, column: int, rows: Any) -> list[str]:
        """Return some cells of a column as texts."""
        return [self._text(column, row) for row in rows.tolist()]

    def _text(self, column: int, row: int) -> str:
        """Return a cell as a text; numbers have the decimal sign of the dialect."""
        cell = self._given[column][row]
        return cell if isinstance(cell, str) else str(cell).replace(".", self._decimal)
