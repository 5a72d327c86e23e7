"""Dialects of files with tables: delimiter, header, encoding, marks of missing values, signs of numbers."""

import codecs
import csv
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from kohonen.errors import InvalidParameterError, InvalidTableError

__all__ = [
    "ABSENT",
    "DECIMALS",
    "DELIMITERS",
    "THOUSANDS",
    "Dialect",
    "find_delimiter",
    "is_comment",
    "parse_rows",
    "texts_of",
]

#: Texts that always mark a missing value.
ABSENT = frozenset(
    [
        "",
        "NA",
        "N/A",
        "NaN",
        "nan",
        "null",
        "NULL",
        "None",
        "-",
        ".",
        "?",
        "#N/A",
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
    ]
)
#: Delimiters by name, in the order in which they are tried.
DELIMITERS = {"tab": "\t", "semicolon": ";", "pipe": "|", "comma": ",", "space": " "}
DECIMALS = {"point": ".", "comma": ","}
THOUSANDS = {"comma": ",", "point": ".", "space": " ", "apostrophe": "'"}

#: Codecs of Python that are no encodings of files, or take very long.
_NO_ENCODINGS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7")
#: Lines from which the delimiter is found.
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """The dialect of a file with a table; None is found from the file.

    Attributes
    ----------
    absent : tuple of str
        Texts that mark a missing value, in addition to `ABSENT`; compared as texts and as numbers.
    decimal : {"point", "comma"} or None
        The decimal sign.
    thousands : {"comma", "point", "space", "apostrophe"} or None
        The sign between thousands.
    delimiter : {"comma", "semicolon", "tab", "pipe", "space"} or None
        What separates the values of a line; "space" is any white space.
    header : bool or None
        Whether the first line names the columns. By default it does, and names that are numbers are an error.
    encoding : str or None
        A name that Python knows.
    """

    absent: tuple[str, ...] = ()
    decimal: str | None = None
    thousands: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Dialect":
        """Return a dialect from options, of which some may be missing or None.

        Raises
        ------
        InvalidParameterError
            If a value is not known.
        """
        given: dict[str, Any] = {each.name: options.get(each.name) for each in fields(cls)}
        given["absent"] = texts_of("absent", _marks(given["absent"]))
        for name, known in (("decimal", DECIMALS), ("thousands", THOUSANDS), ("delimiter", DELIMITERS)):
            given[name] = _named(name, given[name], known)
        if given["decimal"] is not None and given["decimal"] == given["thousands"]:
            message = f"decimal and thousands must differ, but both are {given['decimal']!r}"
            raise InvalidParameterError(message, parameter="thousands")
        header = {"true": True, "false": False}.get(str(given["header"]).lower())
        if header is None and given["header"] is not None:
            message = f"header must be true or false, but is {str(given['header'])[:20]!r}"
            raise InvalidParameterError(message, parameter="header")
        return cls(**{**given, "header": header, "encoding": _encoding(given["encoding"])})

    def to_json(self) -> dict[str, Any]:
        """Return the options that are given, from which `of` makes the dialect again."""
        options = {each.name: getattr(self, each.name) for each in fields(self)}
        options["absent"] = list(self.absent)
        return {name: value for name, value in options.items() if value is not None and value != []}


def _marks(value: Any) -> Any:
    """Return marks of missing values with numbers as texts, whole ones without a decimal sign."""
    if isinstance(value, list | tuple):
        return [_marks(mark) for mark in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value).removesuffix(".0") if number else value


def texts_of(name: str, value: Any) -> tuple[str, ...]:
    """Return an option that is one text or several as a tuple of texts."""
    texts = () if value is None else (value,) if isinstance(value, str) else tuple(value)
    for text in texts:
        if not isinstance(text, str):
            raise InvalidParameterError(f"{name} must hold texts, but holds {text!r}", parameter=name)
    return texts


def _named(name: str, value: Any, known: Mapping[str, str]) -> str | None:
    """Return the name of a sign that is given by its name or itself."""
    if value is None or value in known:
        return value if value is None else str(value)
    for word, sign in known.items():
        if value == sign:
            return word
    words = ", ".join(map(repr, known))
    raise InvalidParameterError(f"{name} must be one of {words}, but is {str(value)[:20]!r}", parameter=name)


def _encoding(value: Any) -> str | None:
    if value is None:
        return None
    try:
        found = codecs.lookup(str(value))
    except (LookupError, ValueError):
        found = None
    # Codecs such as base64 change bytes to bytes.
    if found is None or found.name.replace("-", "_") in _NO_ENCODINGS or not found._is_text_encoding:
        message = (
            f"encoding must be the name of an encoding, such as windows-1250, but is {str(value)[:40]!r}"
        )
        raise InvalidParameterError(message, parameter="encoding")
    return str(value)


def parse_rows(lines: Iterable[str], delimiter: str, before: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of lines that are not blank, each with the number of its last line.

    Raises
    ------
    InvalidTableError
        If a line is not valid CSV; so many lines are `before` the first.
    """
    if delimiter == " ":
        lines = (line.strip().replace("\t", " ") + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if row and row != [""]:
                yield before + reader.line_num, row
    except csv.Error as error:
        raise InvalidTableError(
            f"line {before + reader.line_num} is not valid CSV: {error}; quotes in a quoted value are doubled"
        ) from error


def is_comment(row: Sequence[str], width: int) -> bool:
    """Return whether a row is a comment, which begins with # or %.

    A mark of a missing value such as #N/A is a value, and so is a text such as #e63946 in a row that is
    complete.
    """
    first = row[0]
    if first[:1] not in ("#", "%") or first.strip() in ABSENT:
        return False
    return len(row) != width or first[1:2] in ("", " ", "\t")


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that gives every line the same number of values.

    Raises
    ------
    InvalidTableError
        If there is one column and each line is cut by another delimiter.
    """
    lines = [line for line in lines if line.strip()][:_SAMPLE]
    plain = [
        line for line in lines if not line.startswith(("#", "%")) or line.startswith(tuple(ABSENT - {""}))
    ]
    lines = plain or lines
    best, most = "", 0.5
    for delimiter in DELIMITERS.values():
        share = _evenness(lines, delimiter)
        if share > most:
            best, most = delimiter, share
        if share == 1:
            break
    if best:
        return best
    for sign in (":", "~", "^", "\x01", *DELIMITERS.values()):
        if len(lines) > 1 and all(sign in line.strip() for line in lines):
            what = "each line a different number" if sign in DELIMITERS.values() else "which is not supported"
            raise InvalidTableError(
                f"the table seems to have one column, but every line holds {sign!r}, which may be its "
                f"delimiter ({what}): separate the values of all lines by one of {', '.join(DELIMITERS)}"
            )
    return ","


def _evenness(lines: Sequence[str], delimiter: str) -> float:
    """Return the share of lines that have as many values as most; 0 if that is one value."""
    rows: list[list[str]] = []
    try:
        for _, row in itertools.islice(parse_rows(lines, delimiter), _SAMPLE):
            rows.append(row)
    except InvalidTableError:
        if len(rows) < len(lines) / 2 or delimiter == " ":
            return 0.0
    if not rows:
        return 0.0
    header, *below = rows if len(rows) > 1 else [rows[0], *rows]
    width = Counter(map(len, below)).most_common(1)[0][0]
    even = sum(len(row) == width or (len(row) == width + 1 and not row[-1]) for row in below)
    fits = len(header) in (width, width - 1) or (len(header) == width + 1 and not header[-1])
    # White space also separates words: it must fit everywhere.
    if width < 2 or (delimiter == " " and not (fits and len(header) > 1 and even == len(below))):
        return 0.0
    return (even + fits) / (len(below) + 1)
