"""Names of columns."""

import itertools
import re
from collections.abc import Collection, Sequence

from kohonen.errors import InvalidTableError

__all__ = ["LONGEST_TEXT", "check_header", "check_text", "count_numbers", "number_names", "shown"]

#: Maximum length of a column's name or of a category, in characters.
LONGEST_TEXT = 100

_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d|2100", re.ASCII)


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


def count_numbers(names: Sequence[str]) -> int:
    """Return how many of the names are numbers."""
    return sum(_NUMBER.fullmatch(name) is not None for name in names)


def check_header(names: Sequence[str]) -> None:
    """Refuse a first line that is more likely a row than names.

    Raises
    ------
    InvalidTableError
        If most of the names are numbers, or one is that is not a year.
    """
    numbers = [name for name in names if _NUMBER.fullmatch(name)]
    odd = [name for name in numbers if not _YEAR.fullmatch(name)]
    if odd or len(numbers) > len(names) / 2:
        raise InvalidTableError(
            f"the first line must name the columns, but holds numbers: {shown(odd or numbers)}. "
            "header=false reads it as a row and names the columns c1, c2, ...; header=true takes them "
            "as names"
        )


def number_names(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return names that all differ, and notes on those that were changed.

    A name that is there already gets a number, as in ``weight_2``; without a name a column is ``c3`` by its
    place.
    """
    names: list[str] = []
    notes: list[str] = []
    taken = {name for name in given if name}
    for place, name in enumerate(given, start=1):
        chosen = name or f"c{place}"
        if chosen in names or (not name and chosen in taken):
            chosen = next(
                one for k in itertools.count(2) if (one := f"{chosen}_{k}") not in taken and one not in names
            )
        if name and chosen != name:
            notes.append(f"two columns are called {name!r}: the one at position {place} is {chosen!r}")
        elif not name and place > 1:
            notes.append(f"the column at position {place} has no name and is called {chosen!r}")
        names.append(check_text(chosen, f"the name of column {place}"))
    return names, notes
