"""Looks at tables: decides what every column is, and says why, before anything is trained."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kohonen.delimited.dialects import Dialect
from kohonen.delimited.names import shown
from kohonen.delimited.numbers import AUTOMATIC, Convention, convention_of
from kohonen.delimited.scans import Scan, find_convention
from kohonen.errors import InvalidTableError
from kohonen.inputs.choices import Choices
from kohonen.inputs.looks import CHOSEN, ColumnLook, Look, Reading, Rows
from kohonen.inputs.roles import Role, Verdict, date_form, judge, judge_texts, judge_weights

__all__ = ["look_at"]

_CHOSEN: tuple[tuple[str, Role], ...] = (("ignore", "left out"), ("label", "label"), ("id", "id"))


def look_at(table: Rows, choices: Choices, *, training: bool = True) -> Look:
    """Return the roles of the columns of a table.

    For a `training`, rows without values are dropped, and some column must take part.

    Raises
    ------
    InvalidTableError
        If the table cannot be trained on as it is; the message names the column, the row and the remedies.
    """
    names, notes = table.names, list(table.notes)
    places = choices.places(names)
    as_texts = table.no_numbers | places["label"] | places["id"] | places["categorical"] | places["date"]
    given = convention_of(table.dialect)
    scans = _scan(table, {place: place in as_texts for place in range(len(names))}, given)
    if not scans[0].rows:
        raise InvalidTableError("a table must have at least one row below the names of its columns")
    skip = as_texts | places["ignore"]
    if places["only"]:
        skip |= frozenset(range(len(names))) - places["only"] - places["sample_weight"]
    looked = {
        name: scan
        for place, (name, scan) in enumerate(zip(names, scans.values(), strict=True))
        if place not in skip
    }
    convention, note = (given, "") if given is not None else find_convention(looked, table.dialect.delimiter)
    notes += [note] if note else []

    def decide(place: int) -> Verdict:
        return _decide(
            place, names[place], scans[place], places, table.unnamed, convention, given is not None
        )

    verdicts = [decide(place) for place in range(len(names))]
    mixed = [
        place
        for place, (verdict, scan) in enumerate(zip(verdicts, scans.values(), strict=True))
        if verdict.role in ("category", "id", "label") and scan.plain and (scan.kinds or scan.codes)
    ]
    # In columns of texts numbers are texts, too: look at them again.
    for place, scan in _scan(table, dict.fromkeys(mixed, True), given).items() if mixed else ():
        scans[place] = replace(scan, codes=scans[place].codes)
        verdicts[place] = decide(place)
    if training and not table.sure:
        _check_names(names, scans)
    _refuse(names, verdicts, training)
    readings = [Reading(table.absent, convention, verdict.unit, verdict.form) for verdict in verdicts]
    for place, verdict in enumerate(verdicts):
        if verdict.role == "number" and verdict.form:
            days = [
                np.nanmin(readings[place].numbers(chunk, place), initial=np.inf) for chunk in table.chunks()
            ]
            readings[place] = replace(readings[place], start=float(min(days)))
    columns = [_column(*each) for each in zip(names, verdicts, scans.values(), readings, strict=True)]
    look = Look(
        scans[0].rows,
        tuple(columns),
        tuple(notes),
        _resolved(table.dialect, convention),
        _resolved(table.given, convention),
        tuple(readings),
    )
    if training and min(columns[place].missing for place in look.places("number", "category")):
        look = _without_empty_rows(table, look)
    return look


def _scan(table: Rows, as_texts: Mapping[int, bool], given: Convention | None) -> dict[int, Scan]:
    """Return the scans of some columns; those that are texts have no numbers."""
    scans = {place: Scan() for place in as_texts}
    conventions = AUTOMATIC if given is None else (given,)
    for chunk in table.chunks():
        for place, scan in scans.items():
            text = as_texts[place]
            whole = text or given not in (None, AUTOMATIC[0])
            before = scan.rows
            scan.add(
                chunk.count(place, as_texts=whole),
                table.absent,
                () if text else conventions,
            )
            if scan.first is None and scan.first_row is not None:
                scan.first = chunk.cells(place, np.array([scan.first_row - before]))[0]
    return scans


def _decide(
    place: int,
    name: str,
    scan: Scan,
    places: Mapping[str, Collection[int]],
    unnamed: bool,
    convention: Convention,
    given: bool,
) -> Verdict:
    """Return what a column is, by choice or by its cells."""
    for choice, role in _CHOSEN:
        if place in places[choice]:
            return Verdict(role, f"{CHOSEN}{choice}=")
    if place in places["date"]:
        return Verdict("number", "dates, as days since the first", form=date_form(name, scan))
    fit = 0 if given else AUTOMATIC.index(convention)
    if place in places["sample_weight"]:
        return judge_weights(name, scan, fit=fit)
    asked = place in places["only"]
    if place in places["categorical"]:
        return judge_texts(name, scan, asked=True)
    verdict = judge(name, scan, unnamed=unnamed and not place, asked=asked, fit=fit)
    if places["only"] and not asked and verdict.role in ("number", "category"):
        return Verdict("left out", "not among those of only=")
    return verdict


def _check_names(names: Sequence[str], scans: Mapping[int, Scan]) -> None:
    """Refuse names that are values of their own columns, as in a file without a header."""
    values = [name for name, scan in zip(names, scans.values(), strict=True) if name in scan.texts]
    if len(values) > len(names) / 2:
        raise InvalidTableError(
            f"the first line must name the columns, but looks like a row: {shown(values)} stand below, too. "
            "header=false reads it as a row and names the columns c1, c2, ...; header=true takes it as names"
        )


def _refuse(names: Sequence[str], verdicts: Sequence[Verdict], training: bool) -> None:
    refused = {name: verdict for name, verdict in zip(names, verdicts, strict=True) if verdict.refusal}
    for name, verdict in refused.items():
        others = [other for other in refused if other != name]
        also = f". There is a problem with {shown(others)}, too" if others else ""
        raise InvalidTableError(verdict.refusal + also, column=name, row=verdict.row)
    if training and not any(verdict.role in ("number", "category") for verdict in verdicts):
        told = [
            f"{name!r} is {verdict.role}: {verdict.reason}"
            for name, verdict in zip(names, verdicts, strict=True)
        ]
        more = f"; and {len(told) - 5:,} more" if len(told) > 5 else ""
        raise InvalidTableError(
            f"no column is left to train on ({'; '.join(told[:5])}{more}): only= or categorical= "
            "names columns to train on"
        )


def _column(name: str, verdict: Verdict, scan: Scan, reading: Reading) -> ColumnLook:
    first: float | str | None = scan.first
    if verdict.role in ("number", "weight") and scan.first is not None:
        first = reading.number(scan.first)
    components = {"number": 1, "category": scan.different()}.get(verdict.role, 0)
    return ColumnLook(name, verdict.role, verdict.reason, scan.missing, first, components)


def _resolved(dialect: Dialect, convention: Convention) -> Dialect:
    if convention == AUTOMATIC[1]:
        return replace(dialect, thousands=dialect.thousands or "comma")
    return replace(dialect, decimal="comma") if convention == AUTOMATIC[2] else dialect


def _without_empty_rows(table: Rows, look: Look) -> Look:
    """Return the look at the rows that have a value in a column that takes part."""
    rows, dropped = 0, np.zeros(len(look.columns), dtype=np.int64)
    everything = range(len(look.columns))
    for chunk in table.chunks():
        values, present = look.values(chunk, everything)
        rows += int(present.sum())
        for place, cells in values.items():
            missing = (
                np.isnan(cells)
                if isinstance(cells, np.ndarray)
                else np.array([cell is None for cell in cells])
            )
            dropped[place] += (missing & ~present).sum()
    if not rows:
        raise InvalidTableError("no row has a value in a column that takes part in the training")
    if rows == look.rows:
        return look
    note = f"{look.rows - rows:,} rows without a value in any column that takes part are dropped"
    columns = [
        replace(column, missing=column.missing - less)
        for column, less in zip(look.columns, dropped.tolist(), strict=True)
    ]
    return replace(look, rows=rows, columns=tuple(columns), notes=(*look.notes, note))
