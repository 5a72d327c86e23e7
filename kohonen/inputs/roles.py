"""Roles of columns: what each column of a table is, and why."""

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from kohonen.delimited.dates import AMBIGUOUS, COMPACT
from kohonen.delimited.names import check_text
from kohonen.delimited.numbers import Kind
from kohonen.delimited.scans import Scan
from kohonen.errors import InvalidTableError

__all__ = ["MOST_CATEGORIES", "Role", "Verdict", "date_form", "judge", "judge_texts", "judge_weights"]

Role: TypeAlias = Literal["number", "category", "label", "id", "date", "weight", "left out"]

#: Maximum number of categories of a column; columns with more are usually identifiers.
MOST_CATEGORIES = 64
#: In a column where most texts occur once, fewer are categories.
_FEW_CATEGORIES = 32
#: Texts are not categories where this share is different, of so many rows.
_DIFFERENT, _ROWS = 0.95, 20
#: As many consecutive numbers are not a coincidence.
_COUNTED = 10

#: Names of identifiers: as a part of the name, and as the whole name.
_ID_PARTS = frozenset(["id", "ids", "uuid", "guid", "uid", "pidnum", "idnum", "identifier"])
_ID_NAMES = _ID_PARTS | {
    *("no", "nr", "num", "number", "key", "index", "idx", "row", "rownames", "rownum", "obs", "observation"),
    *("serial", "case", "subject", "participant", "patient", "individual", "respondent", "record", "sample"),
}
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The role of a column, the reason for it, and the options to read its cells with.

    Attributes
    ----------
    role : Role
        The role.
    reason : str
        Why.
    unit : str
        What is taken off its numbers.
    form : str
        The form of the dates that become numbers.
    refusal, row : str, and int or None
        Why it cannot be trained on as it is, and the row of the problem.
    """

    role: Role
    reason: str
    unit: str = ""
    form: str = ""
    refusal: str = ""
    row: int | None = None


def judge(name: str, scan: Scan, *, unnamed: bool, asked: bool, fit: int) -> Verdict:
    """Return what a column is that no choice names, or that is `asked` for as one of the only ones.

    Parameters
    ----------
    name : str
        The name of the column.
    scan : Scan
        What its cells are.
    unnamed : bool
        Whether it is the first column and has no name.
    asked : bool
        Whether it must take part.
    fit : int
        The position in each `Kind` of the convention in which numbers are written.
    """
    if not scan.present:
        return Verdict("left out", "it has no value")
    if unnamed and not asked:
        return Verdict("id", "row names: the first column has no name")
    if not asked and scan.rows > 1 and scan.constant():
        return Verdict("left out", f"all its values are {str(scan.first)[:40]!r}")
    unit = None if scan.codes else scan.unit_of_numbers([fit])
    if unit is not None:
        return _judge_numbers(name, scan, unit, asked, fit)
    return judge_texts(name, scan, asked=asked)


def _judge_numbers(name: str, scan: Scan, unit: str, asked: bool, fit: int) -> Verdict:
    wrong = [
        (found.row, found.text, kind)
        for kind, found in scan.kinds.items()
        if not kind.fits[fit] or kind.unit != unit
    ]
    if unit and scan.plain_row is not None:
        wrong.append((scan.plain_row, "", Kind(())))
    if wrong:
        first = min(wrong)
        return Verdict("number", "", refusal=_refusal(name, unit, *first), row=first[0])
    if scan.compact and scan.plain == scan.present and not asked:
        return Verdict("date", "dates such as 20240131; date= makes them days since the first", form=COMPACT)
    if scan.plain == scan.present and scan.whole and not asked:
        different = scan.all_different()
        if different and scan.present >= _COUNTED and scan.high - scan.low + 1 == scan.present:
            return Verdict(
                "id", f"whole numbers that are consecutive, from {scan.low:.0f} to {scan.high:.0f}"
            )
        if different and scan.present > 1 and _like_id(name, _ID_NAMES):
            return Verdict("id", "whole numbers that are all different, under such a name")
        if _like_id(name, _ID_PARTS):
            return Verdict("left out", "whole numbers under the name of an identifier, some more than once")
    taken = f"; {unit!r} stands in every cell and is taken off" if unit else ""
    missing = f", {scan.missing:,} missing" if scan.missing else ""
    return Verdict(
        "number", f"{scan.present:,} of {scan.rows:,} cells are numbers{missing}{taken}", unit=unit
    )


def _refusal(name: str, unit: str, row: int, text: str, kind: Kind) -> str:
    what = f"numbers with the unit {unit!r}" if unit else "numbers"
    cell = repr(text[:40]) if text else "a number without it"
    remedies = [f"absent={text[:40]} makes it missing"] if text else []
    if kind.unit:
        remedies.append("a unit is taken off only where every cell has the same")
    remedies.append(f"categorical={name} reads the column as texts")
    return f"column {name!r} holds {what}, but {cell} in row {row + 1}: correct it, or {'; '.join(remedies)}"


def judge_weights(name: str, scan: Scan, *, fit: int) -> Verdict:
    """Return how the column of the sample weights is read."""
    verdict = judge(name, scan, unnamed=False, asked=True, fit=fit)
    if verdict.role != "number":
        refusal = f"column {name!r} holds {'texts' if scan.present else 'no value'}, and no sample weights"
        return Verdict("weight", "", refusal=refusal)
    return replace(verdict, role="weight", reason="it has the weights of the rows")


def judge_texts(name: str, scan: Scan, *, asked: bool) -> Verdict:
    """Return what a column of texts is."""
    different = scan.different()
    if not asked:
        if scan.forms:
            form = next(iter(scan.forms))
            return Verdict("date", "dates or times; date= makes them days since the first", form=form)
        every = different == scan.present
        if scan.rows >= _ROWS and different >= _DIFFERENT * scan.present:
            reason = f"{different:,} of {scan.present:,} texts are different"
            return Verdict("id" if every else "label", reason)
        if every and scan.present > 1 and _like_id(name, _ID_NAMES):
            return Verdict("id", "texts that are all different, under such a name")
    if different > MOST_CATEGORIES or (different > _FEW_CATEGORIES and different > scan.present / 2):
        refusal = (
            f"column {name!r} has {different:,} different texts in {scan.present:,} rows, but at most "
            f"{MOST_CATEGORIES} categories are allowed, and {_FEW_CATEGORIES} if most texts occur once: "
            f"ignore={name} leaves it out, label={name} keeps it beside the rows"
        )
        return Verdict("category", "", refusal=refusal)
    try:
        for text in scan.texts:
            check_text(text, f"a category of column {name!r}")
    except InvalidTableError as error:
        remedies = f"ignore={name} leaves the column out, label={name} keeps it beside the rows"
        return Verdict("category", "", refusal=f"{error}: {remedies}")
    missing = f", {scan.missing:,} missing" if scan.missing else ""
    zeros = "; numbers with leading zeros are codes" if scan.codes else ""
    return Verdict("category", f"{different:,} different texts{missing}{zeros}")


def _like_id(name: str, names: frozenset[str]) -> bool:
    """Return whether a name is that of an identifier, or has such a part at one of its ends."""
    if name.lower().strip(" ._-#") in names:
        return True
    parts = [part.lower() for part in _PARTS.findall(name)]
    return bool(parts) and (parts[0] in _ID_PARTS or parts[-1] in _ID_PARTS)


def date_form(name: str, scan: Scan) -> str:
    """Return the form of a column of dates.

    Raises
    ------
    InvalidTableError
        If it does not hold dates, or days and months cannot be told apart.
    """
    if not scan.forms or scan.plain:
        raise InvalidTableError(
            f"column {name!r} does not hold dates of one form: write them as 2024-01-31", column=name
        )
    if scan.forms >= AMBIGUOUS:
        raise InvalidTableError(
            f"column {name!r} holds dates whose day and month cannot be told apart, such as "
            f"{str(scan.first)[:40]!r}: write them as 2024-01-31",
            column=name,
        )
    return next(iter(scan.forms))
