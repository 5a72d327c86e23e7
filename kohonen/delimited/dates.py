"""Dates and times in the forms that files give them."""

import datetime
import functools
import re

from kohonen.errors import InvalidTableError

__all__ = ["AMBIGUOUS", "COMPACT", "date_forms", "days_of"]

_DAY, _MONTH, _YEAR = r"(?P<d>0?[1-9]|[12]\d|3[01])", r"(?P<m>0?[1-9]|1[0-2])", r"(?P<y>\d{4}|\d\d)"
_SECOND, _HALF = r"(?::(?P<second>[0-5]\d(?:\.\d+)?))?", r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_CLOCK = rf"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d){_SECOND}{_HALF}"
_TIME = rf"(?:(?:[T,]| )\s*{_CLOCK}\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"
_NAMED = r"(?P<b>[A-Za-z]{3,9})\.?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

#: Forms by name. A column is of dates where all its texts have one form.
_FORMS = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "year-month-day": rf"(?P<y>\d{{4}})(?P<sign>[-/.]){_MONTH}(?P=sign){_DAY}{_TIME}",
        "day-month-year": rf"{_DAY}(?P<sign>[-/.]){_MONTH}(?P=sign){_YEAR}{_TIME}",
        "month-day-year": rf"{_MONTH}(?P<sign>[-/]){_DAY}(?P=sign){_YEAR}{_TIME}",
        "day-name-year": rf"{_DAY}[-/ ]?{_NAMED}[-/, ]*{_YEAR}{_TIME}",
        "name-day-year": rf"{_NAMED}[- ]{_DAY},?[- ](?P<y>\d{{4}}){_TIME}",
        "name-year": rf"{_NAMED}[- ](?P<y>\d{{4}})",
        "year-month": rf"(?P<y>\d{{4}})[-/]{_MONTH}",
        "year-quarter": r"(?P<y>\d{4})[-: ]?[Qq](?P<q>[1-4])",
        "compact": r"(?P<y>1[89]\d\d|20\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])",
        "time": _CLOCK,
    }.items()
}
#: Longest text of a date.
_LONGEST = 60
#: Digits only, as in 20240131: such columns look like numbers.
COMPACT = "compact"
#: Forms that may both fit all texts of a column.
AMBIGUOUS = frozenset(["day-month-year", "month-day-year"])


def date_forms(text: str) -> frozenset[str]:
    """Return the forms of a date or a time that a text has."""
    return _date_forms(text) if len(text) <= _LONGEST else frozenset()


@functools.lru_cache(maxsize=1 << 15)
def _date_forms(text: str) -> frozenset[str]:
    found = {name: pattern.fullmatch(text) for name, pattern in _FORMS.items()}
    return frozenset(
        name
        for name, match in found.items()
        if match and ("b" not in match.re.groupindex or match["b"][:3].lower() in _MONTHS)
    )


def days_of(text: str, form: str) -> float:
    """Return a date as days since the year 1, or a time as a part of the day.

    Raises
    ------
    InvalidTableError
        If the text is not a date of that form, such as the 31st of April.
    """
    match = _FORMS[form].fullmatch(text)
    if match is None:
        raise InvalidTableError(f"{text[:40]!r} is not a date of the form {form}")
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    day = 0
    if form != "time":
        year, month = int(parts["y"]), int(parts.get("m", 1))
        if len(parts["y"]) == 2:
            year += 1900 if year > 68 else 2000
        if "b" in parts:
            month = _MONTHS.index(parts["b"][:3].lower()) + 1
        if "q" in parts:
            month = 3 * int(parts["q"]) - 2
        try:
            day = datetime.date(year, month, int(parts.get("d", 1))).toordinal()
        except ValueError as error:
            raise InvalidTableError(f"{text[:40]!r} is no date: {error}") from error
    return day + _seconds(parts) / 86_400


def _seconds(parts: dict[str, str]) -> float:
    if "hour" not in parts:
        return 0.0
    hour = int(parts["hour"])
    if "half" in parts:
        hour = hour % 12 + 12 * (parts["half"] in "Pp")
    zone = parts.get("zone", "Z")
    shift = 0
    if zone not in ("Z", "UTC"):
        digits = zone[1:].replace(":", "")
        shift = (60 * int(digits[:2]) + int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    return 3600.0 * hour + 60.0 * (int(parts["minute"]) - shift) + float(parts.get("second", 0))
