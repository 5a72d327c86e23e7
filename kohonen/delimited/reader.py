"""Reading of CSV in chunks of rows, whose numbers are parsed in bulk."""

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kohonen.delimited.chunks import Chunk
from kohonen.delimited.dialects import ABSENT, DELIMITERS, Dialect, find_delimiter, is_comment, parse_rows
from kohonen.delimited.names import check_header, count_numbers, number_names
from kohonen.delimited.numbers import AUTOMATIC, Absent, convention_of
from kohonen.delimited.texts import CsvSource, Source
from kohonen.errors import InvalidTableError

__all__ = ["CHUNK", "Reader"]

#: Rows per chunk where csv parses the lines.
CHUNK = 16_384
#: Lines from which the layout is found.
_SAMPLE = 200
#: The first line that Excel writes and reads, such as sep=;
_SEPARATOR_LINE = re.compile(r'"?sep=(.|\\t)"?[;,\t]*', re.IGNORECASE)


class Reader:
    """A CSV file: its dialect and the names of its columns, and its rows in chunks.

    Parameters
    ----------
    source : path, bytes or file
        The file.
    dialect : Dialect
        What is known of its dialect.
    most_columns : int, optional
        Maximum number of columns.

    Attributes
    ----------
    dialect, given : Dialect
        The dialect, with the delimiter, header and encoding that were found; and as it was given.
    names : list of str
        The names of the columns.
    unnamed, sure : bool
        Whether the first column has no name in the file, and whether the caller says that there is a header.
    absent : Absent
        The marks of missing values.
    notes : list of str
        What was found or changed.

    Raises
    ------
    InvalidTableError
        If the file is not a table.
    """

    def __init__(self, source: CsvSource, dialect: Dialect, *, most_columns: int | None = None) -> None:
        self._source = Source(source, dialect.encoding)
        self.notes: list[str] = []
        self.no_numbers: frozenset[int] = frozenset()
        if self._source.guessed:
            self.notes.append("the file is not UTF-8 and was read as Windows-1252; encoding= sets another")
        head = next(self._source.blocks(), "")
        lines = head.split("\n", _SAMPLE)[:-1]
        found = _SEPARATOR_LINE.fullmatch(lines[0].strip()) if lines else None
        if found:
            self._delimiter = found[1].replace("\\t", "\t")
        elif dialect.delimiter is not None:
            self._delimiter = DELIMITERS[dialect.delimiter]
        else:
            self._delimiter = find_delimiter(lines)
        # UTF-8 is found again.
        utf8 = str(dialect.encoding).lower() in ("utf-8", "utf8")
        self.given = replace(dialect, encoding=None) if utf8 else dialect
        self.sure = dialect.header is not None
        self.absent = Absent(dialect.absent, convention_of(dialect) or AUTOMATIC[0])
        names, header = self._layout(lines, 1 if found else 0, dialect.header)
        if most_columns is not None and len(names) > most_columns:
            raise InvalidTableError(
                f"the table has {len(names):,} columns, but at most {most_columns:,} are allowed"
            )
        self.unnamed = not names[0]
        self.names, notes = number_names(names)
        self.notes += notes
        self.dialect = replace(
            dialect,
            delimiter=next((name for name, sign in DELIMITERS.items() if sign == self._delimiter), None),
            encoding=None if self._source.encoding is None else self._source.encoding.removesuffix("-sig"),
            header=header,
        )

    def _layout(self, lines: Sequence[str], skip: int, header: bool | None) -> tuple[list[str], bool]:
        """Return the names of the columns and whether the file holds them, and find where the rows begin."""
        records = _records(lines, skip, self._delimiter)
        if not records:
            raise InvalidTableError("the table is empty: its first line must name the columns")
        plain = [row for _, row in records if row[0][:1] not in ("#", "%") or row[0] in ABSENT]
        below = plain[1:] or plain or [records[0][1]]
        width = Counter(map(len, below)).most_common(1)[0][0]
        place = next((k for k, (_, row) in enumerate(records) if not is_comment(row, width)), 0)
        line, row = records[place]
        self._skip = records[place - 1][0] if place else skip
        if header is False:
            return [f"c{k + 1}" for k in range(len(row))], False
        names = [name.strip() for name in row]
        if header is None and self._skip > skip and is_comment(records[place - 1][1], width):
            # NumPy writes the names as a comment.
            above = (
                " ".join(records[place - 1][1])
                if self._delimiter == " "
                else self._delimiter.join(records[place - 1][1])
            )
            said = next(iter(_records([above.lstrip("#% ")], 0, self._delimiter)), (0, []))[1]
            if len(said) == width == len(row) and count_numbers(said) == 0 and count_numbers(names) == width:
                self.notes.append("the names of the columns are those of the comment above the rows")
                return [name.strip() for name in said], True
        self._skip = line
        if len(names) == width - 1 and _are_row_names(below, width):
            names.insert(0, "")
        if not header:
            check_header(names)
        return names, True

    def texts(self) -> dict[str, list[str]]:
        """Return all cells by column, as they stand in the file; missing ones are empty texts or marks."""
        columns: dict[str, list[str]] = {name: [] for name in self.names}
        for chunk in self.chunks():
            for place, cells in enumerate(columns.values()):
                cells += chunk.cells(place)
        return columns

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in chunks.

        Raises
        ------
        InvalidTableError
            If a line has another number of values than there are names, or is not valid CSV.
        """
        blocks, line = self._blocks(), self._skip
        for block in blocks:
            chunk = (
                None if self._delimiter == " " else Chunk.of_lines(block, self._delimiter, len(self.names))
            )
            if chunk is not None:
                yield chunk
            elif '"' in block:
                # Quoted values may hold line feeds: csv reads everything from here.
                yield from self._parsed(itertools.chain([block], blocks), line)
            else:
                yield from self._parsed([block], line)
            line += block.count("\n")

    def _blocks(self) -> Iterator[str]:
        """Yield the blocks below the header."""
        left = self._skip
        for block in self._source.blocks():
            while left and block:
                block = block.partition("\n")[2]
                left -= 1
            if block:
                yield block

    def _parsed(self, blocks: Iterable[str], before: int) -> Iterator[Chunk]:
        """Yield the chunks of blocks that csv parses; so many lines are before them."""
        lines = itertools.chain.from_iterable(io.StringIO(block, newline="\n") for block in blocks)
        rows = self._rows(lines, before)
        while some := list(itertools.islice(rows, CHUNK)):
            yield Chunk.of_rows(some, len(self.names))

    def _rows(self, lines: Iterable[str], before: int) -> Iterator[list[str]]:
        width = len(self.names)
        for line, row in parse_rows(lines, self._delimiter, before):
            if is_comment(row, width):
                continue
            if len(row) == width + 1 and not row[-1].strip():
                row.pop()
            if len(row) != width:
                raise InvalidTableError(
                    f"line {line} has {len(row):,} values, but the first line names {width:,} columns"
                )
            yield row


def _records(lines: Sequence[str], skip: int, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the rows of the first lines, as far as they are valid, with the numbers of their last lines."""
    records: list[tuple[int, list[str]]] = []
    try:
        records.extend(parse_rows((line + "\n" for line in lines[skip:]), delimiter, skip))
    except InvalidTableError:
        if not records:
            raise
    return records


def _are_row_names(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Return whether the first column has names of rows: different texts, or numbers that count up."""
    first = [row[0] for row in rows if len(row) == width]
    if len(first) < 2 or len(set(first)) < len(first):
        return False
    if not all(text.isascii() and text.isdigit() for text in first):
        return count_numbers(first) == 0
    return all(int(one) + 1 == int(other) for one, other in itertools.pairwise(first))
