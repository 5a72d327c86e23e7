"""Choices of the roles of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from kohonen.delimited.dialects import texts_of
from kohonen.delimited.names import shown
from kohonen.errors import InvalidTableError

__all__ = ["Choices"]


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices of the roles of columns, by name or by position from 1.

    Attributes
    ----------
    label, id : tuple of str
        Columns that take no part in the training and stay with the rows.
    only : tuple of str
        The only columns that take part.
    ignore : tuple of str
        Columns to leave out.
    categorical : tuple of str
        Columns to read as texts even if they hold numbers.
    date : tuple of str
        Dates that take part, as days since the first.
    sample_weight : tuple of str
        The column of the sample weights, if there is one.
    """

    label: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    sample_weight: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Choices":
        """Return the choices among options; each is one text or several, or None."""
        return cls(**{each.name: texts_of(each.name, options.get(each.name)) for each in fields(cls)})

    def places(self, names: Sequence[str]) -> dict[str, frozenset[int]]:
        """Return the positions of the columns by choice, from 0.

        Raises
        ------
        InvalidTableError
            If there is no such column, or two choices contradict each other.
        """
        places = {
            each.name: frozenset(_place(name, names, each.name) for name in getattr(self, each.name))
            for each in fields(self)
        }
        seen: dict[int, str] = {}
        for choice in ("label", "id", "ignore", "categorical", "date", "sample_weight"):
            for place in places[choice]:
                if place in seen:
                    message = f"column {names[place]!r} is named in {seen[place]} and in {choice}: choose one"
                    raise InvalidTableError(message, column=names[place])
                seen[place] = choice
        return places


def _place(wanted: str, names: Sequence[str], choice: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    import difflib  # which takes a while, and only this message needs

    near = difflib.get_close_matches(wanted, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    what = " of sample weights" if choice == "sample_weight" else ""
    raise InvalidTableError(f"there is no column {wanted[:100]!r}{what}{hint}; there are {shown(names)}")
