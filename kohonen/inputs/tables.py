"""Tables with named columns, read from CSV.

A table is a mapping of names to columns of equal length. A column holds numbers or texts; None (or NaN in
columns of numbers) marks a missing value. :mod:`kohonen.inputs.preparation` turns tables into samples.
"""

import csv
import io
import itertools
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TextIO, TypeAlias

import numpy as np

from kohonen.errors import InvalidTableError
from kohonen.inputs.arrays import FloatArray

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

#: A column as passed by a caller.
Column: TypeAlias = Sequence[float | str | None] | FloatArray
Columns: TypeAlias = Mapping[str, Column]
#: A table as returned by `read_csv`.
Table: TypeAlias = dict[str, FloatArray | list[str | None]]

#: Supported delimiters.
DELIMITERS = (",", ";", "\t")
#: Maximum length of a column's name or of a category, in characters.
LONGEST_TEXT = 100
#: Rows per chunk while reading.
CHUNK = 4096

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: A number with a comma, either for decimals or between thousands.
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
    """Read a table of comma-separated values whose first line names the columns.

    A column is numeric if all its values are numbers, with a decimal point; otherwise it holds texts. White
    space around values and empty lines are ignored.

    Parameters
    ----------
    source : str, bytes or file
        The text; bytes are UTF-8, with or without a byte order mark.
    delimiter : str, optional
        A comma, a semicolon or a tab; by default the one that splits the first line into the most names.
    absent : collection of str
        Texts that mark a missing value, in addition to the empty text: for example ``["NA"]``.
    categorical : collection of str
        Names of columns to read as texts even if they look like numbers.
    ignore : collection of str
        Names of columns to leave out.
    most_columns : int, optional
        Maximum number of columns.

    Returns
    -------
    dict of str to ndarray or list
        Columns by name, in the order of the file: float64 with NaN, or texts with None, for missing values.

    Raises
    ------
    InvalidTableError
        If the text is not such a table; the message names line and column.
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
    """Refuse a table whose numbers have commas, which would be read as categories.

    Parameters
    ----------
    table : dict of str to ndarray or list
        From `read_csv`.
    categorical : collection of str
        Names of columns that the caller declared as texts.

    Raises
    ------
    InvalidTableError
        For the first column whose texts are numbers with a comma.
    """
    for name, values in table.items():
        if isinstance(values, np.ndarray) or name in categorical:
            continue
        if all(value is None or _WITH_COMMA.fullmatch(value) for value in values):
            row = next((row for row, value in enumerate(values) if value and "," in value), None)
            if row is not None:
                raise InvalidTableError(
                    f"column {name!r} holds numbers with a comma, such as {str(values[row])[:40]!r} in row "
                    f"{row + 1}: write them with a point, as in 3.5, or list the column as categorical if it "
                    "holds texts",
                    column=name,
                    row=row,
                )


def check_text(text: str, what: str) -> str:
    """Validate the name of a column or of a category, and return it.

    Raises
    ------
    InvalidTableError
        If it is empty, too long or holds control characters.
    """
    if not text:
        raise InvalidTableError(f"{what} is empty")
    if len(text) > LONGEST_TEXT:
        raise InvalidTableError(
            f"{what} has {len(text):,} characters, but at most {LONGEST_TEXT} are allowed: {text[:20]!r}..."
        )
    if _CONTROL.search(text):
        raise InvalidTableError(f"{what} holds control characters: {text!r}")
    return text


def shown(names: Collection[str]) -> str:
    """Return the first ten names, quoted, for a message."""
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
    """Yield the rows that are not empty, each with the number of its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise InvalidTableError(f"line {reader.line_num} is not valid CSV: {error}") from error


def _width(text: str, delimiter: str) -> int:
    try:
        return len(next(_rows(text, delimiter), (0, []))[1])
    except InvalidTableError:  # another delimiter may fit
        return 0


def _names(text: str, delimiter: str, most: int | None) -> list[str]:
    _, row = next(_rows(text, delimiter), (0, []))
    if not row:
        raise InvalidTableError("the table is empty: its first line must name the columns")
    if most is not None and len(row) > most:
        raise InvalidTableError(f"the table has {len(row):,} columns, but at most {most:,} are allowed")
    names = [
        check_text(name.strip(), f"the name of column {place}") for place, name in enumerate(row, start=1)
    ]
    if all(_NUMBER.fullmatch(name) for name in names):
        raise InvalidTableError(
            f"the first line must name the columns, but holds numbers only: {shown(names)}; insert a line of "
            "names above it, with a letter in each"
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidTableError(f"two columns are called {name!r}", column=name)
        seen.add(name)
    return names


def _chunks(text: str, delimiter: str, width: int) -> Iterator[list[tuple[str, ...]]]:
    """Yield the values below the header in chunks of rows, each as a list of columns."""
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
    """Return those of the columns at `places` whose values are all numbers."""
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
    """Return texts as numbers, or None if one of them is not a number."""
    stripped = [cell.strip() for cell in cells]
    try:
        values = np.array([math.nan if cell in absent else float(cell) for cell in stripped])
    except ValueError:
        return None
    # float() also accepts nan, inf, 1_000 and digits of other scripts.
    there = [cell for cell in stripped if cell not in absent] if absent.intersection(stripped) else stripped
    together = "".join(there)
    plain = together.isascii() and "_" not in together and np.isfinite(values).sum() == len(there)
    return values if plain else None


def _texts(
    chunks: Iterator[list[tuple[str, ...]]], places: dict[str, int], absent: set[str]
) -> dict[str, list[str | None]]:
    """Return columns as texts; equal texts are one object, which saves memory."""
    found: dict[str, list[str | None]] = {name: [] for name in places}
    known: dict[str, str] = {}
    for columns in chunks:
        for name, place in places.items():
            cells = map(str.strip, columns[place])
            found[name] += [None if cell in absent else known.setdefault(cell, cell) for cell in cells]
    return found
