"""Tables with named columns, read from CSV.

A table is a mapping of names to columns of equal length. A column holds numbers or texts, and None (or NaN,
among numbers) where a value is missing. :mod:`kohonen.preparation` makes samples of it.
"""

import csv
import io
import itertools
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TextIO, TypeAlias

import numpy as np

from kohonen.data import FloatArray
from kohonen.errors import InvalidTableError

__all__ = [
    "DELIMITERS",
    "LONGEST_TEXT",
    "Column",
    "Columns",
    "Table",
    "check_text",
    "read_csv",
    "refuse_commas",
    "shown",
]

#: A column as somebody gives it.
Column: TypeAlias = Sequence[float | str | None] | FloatArray
Columns: TypeAlias = Mapping[str, Column]
#: A table as it is read.
Table: TypeAlias = dict[str, FloatArray | list[str | None]]

#: What may stand between two values.
DELIMITERS = (",", ";", "\t")
#: Characters of a name or of a category at most.
LONGEST_TEXT = 100
#: Rows that are read at a time.
CHUNK = 4096

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: With a comma for the decimals, or between thousands; which of them nobody can tell.
_WITH_COMMA = re.compile(r"[+-]?[\d.]*+(,\d++)?([eE][+-]?\d++)?", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def read_csv(
    source: str | bytes | TextIO,
    *,
    delimiter: str | None = None,
    absent: Collection[str] = (),
    categorical: Collection[str] = (),
    ignore: Collection[str] = (),
    most_columns: int | None = None,
) -> Table:
    """Read a table of comma-separated values, whose first line names the columns.

    A column whose values are all numbers is one of numbers, with a point for the decimals; any other is one
    of texts. White space around values does not count, and nor do empty lines.

    Parameters
    ----------
    source : str, bytes or file
        The text; bytes are UTF-8, with or without a byte order mark.
    delimiter : str, optional
        What stands between values: a comma, a semicolon or a tab; by default the one that splits the first
        line into the most names.
    absent : collection of str
        Texts that stand for a missing value, besides nothing at all: such as ``["NA"]``.
    categorical : collection of str
        Names of columns that are texts even where they look like numbers.
    ignore : collection of str
        Names of columns to leave out.
    most_columns : int, optional
        How many columns there may be.

    Returns
    -------
    dict of str to ndarray or list
        By name, in the order of the file: float64 with NaN for what is missing, or texts with None.

    Raises
    ------
    InvalidTableError
        For anything else; the message names line and column.
    """
    text = _decoded(source)
    if delimiter is not None and delimiter not in DELIMITERS:
        raise InvalidTableError(
            f"the delimiter must be a comma, a semicolon or a tab, but is {delimiter[:20]!r}"
        )
    between = delimiter or max(DELIMITERS, key=lambda one: _width(text, one))
    names = _names(text, between, most_columns)
    for wanted in (*categorical, *ignore):
        if wanted not in names:
            raise InvalidTableError(f"there is no column {wanted[:LONGEST_TEXT]!r}; there are {shown(names)}")
    places = {name: place for place, name in enumerate(names) if name not in set(ignore)}
    nothing = {"", *absent}
    maybe = {name: place for name, place in places.items() if name not in set(categorical)}
    numbers = _numbers(_chunks(text, between, len(names)), maybe, nothing)
    others = {name: place for name, place in places.items() if name not in numbers}
    texts = _texts(_chunks(text, between, len(names)), others, nothing) if others else {}
    return {name: numbers[name] if name in numbers else texts[name] for name in places}


def refuse_commas(table: Table, *, categorical: Collection[str] = ()) -> None:
    """Refuse a table in which numbers have commas, before these are taken for categories.

    Parameters
    ----------
    table : dict of str to ndarray or list
        From `read_csv`.
    categorical : collection of str
        Names of columns that are texts by somebody's word.

    Raises
    ------
    InvalidTableError
        For the first column of texts that are numbers but for a comma.
    """
    for name, values in table.items():
        if isinstance(values, np.ndarray) or name in categorical:
            continue
        if all(value is None or _WITH_COMMA.fullmatch(value) for value in values):
            row = next((row for row, value in enumerate(values) if value and "," in value), None)
            if row is not None:
                raise InvalidTableError(
                    f"column {name!r} holds numbers with a comma, such as {str(values[row])[:40]!r} in row "
                    f"{row + 1}: write them with a point, as in 3.5; or name the column among the "
                    "categorical ones, if it is one of texts",
                    column=name,
                    row=row,
                )


def check_text(text: str, what: str) -> str:
    """Return the name of a column, or of a category, if it can be one.

    Raises
    ------
    InvalidTableError
        When it is empty, too long, or holds what cannot be shown.
    """
    if not text:
        raise InvalidTableError(f"{what} is empty")
    if len(text) > LONGEST_TEXT:
        raise InvalidTableError(
            f"{what} has {len(text):,} characters, and {LONGEST_TEXT} are allowed: {text[:20]!r}..."
        )
    if _CONTROL.search(text):
        raise InvalidTableError(f"{what} holds control characters: {text!r}")
    return text


def shown(names: Collection[str]) -> str:
    """Return some names for people to read."""
    listed = ", ".join(repr(name[:LONGEST_TEXT]) for name in itertools.islice(names, 10))
    return listed + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")


def _decoded(source: str | bytes | TextIO) -> str:
    if isinstance(source, bytes):
        try:
            return source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = source.count(b"\n", 0, error.start) + 1
            raise InvalidTableError(f"line {line} is not UTF-8 (byte {error.start})") from error
    text = source if isinstance(source, str) else source.read()
    return text.removeprefix("\ufeff")


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that are not empty, each with the number of the line that it ends in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise InvalidTableError(f"line {reader.line_num} is no row of values: {error}") from error


def _width(text: str, delimiter: str) -> int:
    try:
        return len(next(_rows(text, delimiter), (0, []))[1])
    except InvalidTableError:  # with another delimiter it may be a row
        return 0


def _names(text: str, delimiter: str, most: int | None) -> list[str]:
    _, row = next(_rows(text, delimiter), (0, []))
    if not row:
        raise InvalidTableError("the table is empty: its first line must name the columns")
    if most is not None and len(row) > most:
        raise InvalidTableError(f"the table has {len(row):,} columns, and {most:,} are allowed")
    names = [
        check_text(name.strip(), f"the name of column {place}") for place, name in enumerate(row, start=1)
    ]
    if all(_NUMBER.fullmatch(name) for name in names):
        raise InvalidTableError(
            f"the first line must name the columns, but holds numbers only: {shown(names)}; put a line of "
            "names before it, with a letter in each"
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidTableError(f"two columns are called {name!r}", column=name)
        seen.add(name)
    return names


def _chunks(text: str, delimiter: str, width: int) -> Iterator[list[tuple[str, ...]]]:
    """Give the values below the header, some rows at a time and column by column."""
    rows = itertools.islice(_rows(text, delimiter), 1, None)
    while chunk := list(itertools.islice(rows, CHUNK)):
        for line, row in chunk:
            if len(row) != width:
                raise InvalidTableError(
                    f"line {line} has {len(row):,} values, but the first line names {width:,} columns"
                )
        yield list(zip(*(row for _, row in chunk), strict=True))


def _numbers(
    chunks: Iterator[list[tuple[str, ...]]], places: dict[str, int], absent: set[str]
) -> dict[str, FloatArray]:
    """Return those of some columns that are nothing but numbers."""
    parts: dict[str, list[FloatArray]] = {name: [np.empty(0)] for name in places}
    for columns in chunks:
        for name in list(parts):
            values = _as_numbers(columns[places[name]], absent)
            if values is None:
                del parts[name]
            else:
                parts[name].append(values)
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _as_numbers(cells: Sequence[str], absent: set[str]) -> FloatArray | None:
    """Return texts as numbers, or None when one of them is none."""
    stripped = [cell.strip() for cell in cells]
    try:
        values = np.array([math.nan if cell in absent else float(cell) for cell in stripped])
    except ValueError:
        return None
    # Python also knows nan, inf, 1_000 and other alphabets' digits as numbers.
    there = [cell for cell in stripped if cell not in absent] if absent.intersection(stripped) else stripped
    together = "".join(there)
    plain = together.isascii() and "_" not in together and np.isfinite(values).sum() == len(there)
    return values if plain else None


def _texts(
    chunks: Iterator[list[tuple[str, ...]]], places: dict[str, int], absent: set[str]
) -> dict[str, list[str | None]]:
    """Return columns as texts; equal ones are one object, so that few categories take little memory."""
    found: dict[str, list[str | None]] = {name: [] for name in places}
    known: dict[str, str] = {}
    for columns in chunks:
        for name, place in places.items():
            cells = map(str.strip, columns[place])
            found[name] += [None if cell in absent else known.setdefault(cell, cell) for cell in cells]
    return found
