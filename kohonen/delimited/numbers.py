"""Numbers in the dress that files give them: decimal signs, thousands, units, percent and currency signs."""

import functools
import math
import re
from collections.abc import Collection
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.delimited.dialects import ABSENT, DECIMALS, THOUSANDS, Dialect

__all__ = [
    "AUTOMATIC",
    "Absent",
    "Convention",
    "FloatArray",
    "Kind",
    "classify",
    "convention_of",
    "split_unit",
    "to_number",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]

_SPACES = "\u00a0\u202f\u2009"
_MINUS = "\u2212"
#: Longest number with a unit.
_LONGEST = 60
_CURRENCY = "[$€£¥₹₩₽₺₫฿₴₪]"
_CODES = "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|INR|BRL|MXN|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY|ZAR|KRW|SGD|HKD"
_WITH_UNIT = re.compile(
    rf"(?P<sign>[+{_MINUS}-]?)\s*(?P<prefix>[A-Z]{{0,3}}{_CURRENCY}|{_CODES}|kr|Rs)?\s*"
    rf"(?P<core>[+{_MINUS}-]?[0-9.,'\u2019{_SPACES}]*[0-9][.,]?(?:[eE][+-]?[0-9]+)?)"
    rf"\s*(?P<suffix>(?:[%‰°]|{_CURRENCY}|[^\W\d_])[^0-9]{{0,11}})?",
)


class Convention(NamedTuple):
    """A convention for numbers: the decimal sign, and the sign between thousands."""

    decimal: str
    thousands: str


#: Conventions that are found from the values: points; points with commas between thousands; commas.
AUTOMATIC = (Convention(".", ""), Convention(".", ","), Convention(",", "."))


class Kind(NamedTuple):
    """The kind of a cell: a number in some of the `AUTOMATIC` conventions, with a unit or without, or a text.

    Attributes
    ----------
    fits : tuple of bool
        Whether it is a number in each of the conventions.
    unit : str
        What stands before or after the number.
    infinite : bool
        Whether it is an infinity, which is a number and cannot be trained on.
    """

    fits: tuple[bool, ...]
    unit: str = ""
    infinite: bool = False


def convention_of(dialect: Dialect) -> Convention | None:
    """Return the convention of a dialect; None if it names none."""
    if dialect.decimal is None and dialect.thousands is None:
        return None
    if dialect.decimal is None:
        decimal = "," if dialect.thousands == "point" else "."
    else:
        decimal = DECIMALS[dialect.decimal]
    if dialect.thousands is None:
        return Convention(decimal, "." if decimal == "," else "")
    return Convention(decimal, THOUSANDS[dialect.thousands])


@functools.cache
def _pattern(convention: Convention) -> re.Pattern[str]:
    decimal, thousands = re.escape(convention.decimal), _between(convention)
    whole = rf"(?:\d{{1,3}}(?:[{thousands}]\d{{3}})+|\d+)"
    return re.compile(rf"[+{_MINUS}-]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def _between(convention: Convention) -> str:
    signs = {"'": "'\u2019"}.get(convention.thousands, convention.thousands)
    return re.escape(signs) + _SPACES


@functools.cache
def _plain(convention: Convention) -> dict[int, str | None]:
    """Return the translation of a number's text to Python's."""
    table: dict[int, str | None] = {ord(sign): None for sign in _between(convention).replace("\\", "")}
    return {**table, ord(convention.decimal): ".", ord(_MINUS): "-"}


def to_number(text: str, convention: Convention) -> float | None:
    """Return a text as a number, or None if it is not one or is too large."""
    # 0.750 and 000.100 have no thousands.
    if not _pattern(convention).fullmatch(text):
        return None
    if convention.thousands and re.match(rf"[+{_MINUS}-]?0\d*[{_between(convention)}]", text):
        return None
    number = float(text.translate(_plain(convention)))
    return number if math.isfinite(number) else None


def classify(text: str, conventions: tuple[Convention, ...] = AUTOMATIC) -> Kind:
    """Return what a cell is."""
    return Kind((False,) * len(conventions)) if len(text) > _LONGEST else _classify(text, conventions)


@functools.lru_cache(maxsize=1 << 15)
def _classify(text: str, conventions: tuple[Convention, ...]) -> Kind:
    fits = tuple(to_number(text, convention) is not None for convention in conventions)
    if any(fits):
        return Kind(fits)
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return Kind(fits, infinite=True)
    core, unit = split_unit(text)
    fits = tuple(to_number(core, convention) is not None for convention in conventions)
    return Kind(fits, unit if any(fits) else "")


def split_unit(text: str) -> tuple[str, str]:
    """Return the number in a text, and its unit, percent sign or currency; the unit is empty without any."""
    found = _WITH_UNIT.fullmatch(text) if len(text) <= _LONGEST else None
    if (
        found is None
        or not (found["prefix"] or found["suffix"])
        or (found["sign"] and found["core"][0] in "+-")
    ):
        return text, ""
    unit = " ".join(part.strip() for part in (found["prefix"], found["suffix"]) if part)
    return found["sign"] + found["core"], unit


class Absent:
    """The marks of missing values.

    Parameters
    ----------
    marks : collection of str
        Texts in addition to those that always are marks. Those that are numbers are compared as numbers, too.
    """

    def __init__(
        self,
        marks: Collection[str],
        convention: Convention = AUTOMATIC[0],
        *,
        always: frozenset[str] = ABSENT,
    ) -> None:
        self.texts = always.union(mark.strip() for mark in marks)
        self._convention = convention
        known = (convention, AUTOMATIC[0])  # a mark that is given as a number has a point
        numbers = [[to_number(mark.strip(), one) for one in known] for mark in marks]
        found = [next((number for number in each if number is not None), None) for each in numbers]
        self._numbers = np.array([number for number in found if number is not None])

    def among(self, numbers: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which numbers mark a missing value."""
        if not len(self._numbers):
            return np.zeros(len(numbers), dtype=np.bool_)
        return np.isin(numbers, self._numbers)

    def __contains__(self, text: str) -> bool:
        if text in self.texts:
            return True
        number = to_number(text, self._convention) if len(self._numbers) else None
        return number is not None and bool(self.among(np.array([number]))[0])
