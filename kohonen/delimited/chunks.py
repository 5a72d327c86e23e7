"""Chunks of rows of a file, whose numbers are parsed in bulk."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kohonen.delimited.numbers import FloatArray
from kohonen.errors import InvalidTableError
from kohonen.kernel import address, kernel

__all__ = ["Cells", "Chunk", "Counted"]

#: Separate the cells and the rows that csv has parsed.
_CELL_END, _ROW_END = "\x1f", "\x1e"
#: What a cell is; see kernel.h.
_NUMBER, _EXACT, _POINTED, _CODE = 1, 2, 4, 8
_DECIMAL = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(rb"[+-]?[1-9]\d{0,2}\.\d{3}")


class Cells(NamedTuple):
    """The cells of a column in a chunk.

    Attributes
    ----------
    values : ndarray of shape (rows,)
        The numbers, NaN elsewhere.
    rows : ndarray
        The rows of the other cells that are not empty.
    others : list of str
        These cells.
    """

    values: FloatArray
    rows: npt.NDArray[np.intp]
    others: list[str]


class Counted(NamedTuple):
    """The cells of a column in a chunk, with equal texts counted.

    Attributes
    ----------
    values : ndarray of shape (rows,)
        The numbers, NaN elsewhere.
    texts : list of (str, int, int, int)
        The other cells that are not empty: each text with its first row, its number and a hash.
    pointed : bool
        Whether a number has a point that cannot stand between thousands, as in 1.234.
    codes : bool
        Whether a number is a code: it has four digits or more, and the first is zero.
    """

    values: FloatArray
    texts: list[tuple[str, int, int, int]]
    pointed: bool = False
    codes: bool = False


class Chunk:
    """Some rows of a file.

    Parameters
    ----------
    text : str
        The cells, each but the last of a row ended by `delimiter`, and the last by `line_end`.
    delimiter, line_end : str
        These signs, in ASCII.
    width : int
        Number of columns.
    quotes : bool
        Whether cells may stand between quotes.

    Attributes
    ----------
    rows : int
        Number of rows.

    Raises
    ------
    ValueError
        If the rows are not of this width, or it takes csv to read them.
    """

    def __init__(self, text: str, delimiter: str, line_end: str, width: int, *, quotes: bool = False) -> None:
        self._data = text.encode("utf-8", "surrogatepass")
        self.rows = text.count(line_end)
        shape = (width, self.rows)
        self._starts, self._lengths = np.empty(shape, np.int64), np.empty(shape, np.int64)
        self._hashes, self._values, self._kinds = (
            np.empty(shape, np.int64),
            np.empty(shape),
            np.empty(shape, np.uint8),
        )
        found = kernel()
        if found is None:
            if quotes and '"' in text:
                raise ValueError("it takes csv to read quotes")
            self._parse(delimiter.encode(), line_end.encode())
        elif found.cells(
            self._data,
            len(self._data),
            ord(delimiter),
            ord(line_end),
            ord('"') if quotes else -1,
            self.rows,
            width,
            *(address(each) for each in self._results()),
        ):
            raise ValueError("the rows have another width")

    def _results(self) -> tuple[npt.NDArray[Any], ...]:
        return self._starts, self._lengths, self._hashes, self._values, self._kinds

    @classmethod
    def of_lines(cls, text: str, delimiter: str, width: int) -> "Chunk | None":
        """Return whole lines as a chunk; None if it takes csv to read them."""
        try:
            chunk = cls(text, delimiter, "\n", width, quotes=True)
        except ValueError:
            return None
        firsts = np.frombuffer(chunk._data, np.uint8)[chunk._starts[0]]
        blank = width == 1 and not chunk._lengths.all()
        return None if blank or np.isin(firsts, (ord("#"), ord("%"))).any() else chunk

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[str]], width: int) -> "Chunk":
        """Return rows of this width as a chunk."""
        text = _ROW_END.join(map(_CELL_END.join, rows)) + _ROW_END
        try:
            chunk = cls(text, _CELL_END, _ROW_END, width)
        except ValueError as error:
            raise InvalidTableError("the table holds control characters") from error
        return chunk

    def cells(self, column: int, rows: npt.NDArray[np.intp] | None = None) -> list[str]:
        """Return the cells of a column, in some rows or all, without white space around them."""
        places = slice(None) if rows is None else rows
        starts = self._starts[column][places]
        ends = starts + self._lengths[column][places]
        data = self._data
        return [
            data[start:end].decode("utf-8", "surrogatepass").strip()
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]

    def count(self, column: int, *, as_texts: bool) -> Counted:
        """Return the cells of a column with equal texts counted. Numbers are near, or texts, too."""
        values, kinds = self._numbers(column), self._kinds[column]
        if as_texts:
            values[:] = np.nan
        rows = np.flatnonzero(np.isnan(values) & (self._lengths[column] > 0))
        hashes, firsts, counts = np.unique(self._hashes[column][rows], return_index=True, return_counts=True)
        order = np.argsort(firsts)
        firsts = rows[firsts[order]]
        texts = zip(
            self.cells(column, firsts),
            firsts.tolist(),
            counts[order].tolist(),
            hashes[order].tolist(),
            strict=True,
        )
        every = int(np.bitwise_or.reduce(kinds, initial=0)) * (not as_texts)
        return Counted(values, list(texts), bool(every & _POINTED), bool(every & _CODE))

    def read(self, column: int) -> Cells:
        """Return the numbers of a column, exact to the last bit, and its other cells."""
        values, kinds = self._numbers(column), self._kinds[column]
        near = np.flatnonzero(((kinds & (_NUMBER | _EXACT)) == _NUMBER) & ~np.isnan(values))
        values[near] = list(map(float, self.cells(column, near)))
        rows = np.flatnonzero(np.isnan(values) & (self._lengths[column] > 0))
        return Cells(values, rows, self.cells(column, rows))

    def _numbers(self, column: int) -> FloatArray:
        values = self._values[column].copy()
        values[np.isinf(values)] = np.nan
        return np.asarray(values)

    def texts(self, column: int) -> Cells:
        """Return all cells of a column as texts."""
        rows = np.flatnonzero(self._lengths[column])
        return Cells(np.full(self.rows, np.nan), rows, self.cells(column, rows))

    def _parse(self, delimiter: bytes, line_end: bytes) -> None:
        """Do what the kernel does, slowly."""
        width = len(self._starts)
        start = 0
        for row, line in enumerate(self._data.split(line_end)[:-1]):
            cells = line.split(delimiter)
            if len(cells) != width:
                raise ValueError("the rows have another width")
            for column, cell in enumerate(cells):
                place = column, row
                self._starts[place], self._lengths[place] = start, len(cell)
                self._hashes[place] = hash(cell.strip())
                self._values[place], self._kinds[place] = _number(cell.strip())
                start += len(cell) + 1


def _number(cell: bytes) -> tuple[float, int]:
    """Return a cell as a number, and what it is."""
    match = _DECIMAL.fullmatch(cell)
    if match is None:
        return np.nan, 0
    kind = _NUMBER | _EXACT
    if (b"." in cell and not _GROUPED.fullmatch(cell)) or match[3]:
        kind |= _POINTED
    if match[0].lstrip(b"+-")[:1] == b"0" and len(match[1]) > 3 and b"." not in cell and not match[3]:
        kind |= _CODE
    return float(cell), kind
