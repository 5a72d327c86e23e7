"""Annotations: columns of labels and of ids, which take no part in the training and stay with the rows."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kohonen.inputs.frames import Column, Columns
from kohonen.inputs.looks import ColumnLook, named

__all__ = ["LEAF", "Annotations", "TextColumn", "annotated", "annotations_in"]

IntArray = npt.NDArray[np.int64]

#: Rows per leaf of a tree hash.
LEAF = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of texts.

    Attributes
    ----------
    values : tuple of str
        The different texts, in alphabetical order (that of their code points).
    codes : ndarray of shape (n,)
        The position of each row's text in `values`; -1 where it is missing.
    """

    values: tuple[str, ...]
    codes: IntArray

    @classmethod
    def of(cls, cells: Sequence[str | None]) -> "TextColumn":
        """Return a column of these cells, with None for missing values."""
        values = sorted({cell for cell in cells if cell is not None})
        places: dict[str | None, int] = {value: place for place, value in enumerate(values)}
        return cls(tuple(values), np.array([places.get(cell, -1) for cell in cells], dtype=np.int64))

    def cells(self) -> list[str | None]:
        """Return the text of each row."""
        values: list[str | None] = [*self.values, None]
        return [values[code] for code in self.codes.tolist()]

    def to_json(self) -> dict[str, Any]:
        """Return the column as a JSON object."""
        return {"values": list(self.values), "codes": self.codes.tolist()}


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """The labels and the ids of the rows of a table.

    Attributes
    ----------
    labels, ids : dict of str to TextColumn
        The columns by name; those that were chosen come before those that were found.
    units : ndarray of shape (n,) or None
        The best matching unit of each row, as an index in C order of ``[x, y]``, once there is a map.
    """

    labels: Mapping[str, TextColumn]
    ids: Mapping[str, TextColumn]
    units: IntArray | None = None

    @classmethod
    def of(
        cls, labels: Mapping[str, Sequence[str | None]], ids: Mapping[str, Sequence[str | None]]
    ) -> "Annotations | None":
        """Return columns of texts as annotations; None if there are none."""
        if not (labels or ids):
            return None
        columns = [{name: TextColumn.of(cells) for name, cells in each.items()} for each in (labels, ids)]
        return cls(columns[0], columns[1])

    def on_units(self, units: IntArray) -> "Annotations":
        """Return the annotations with the best matching unit (n,) of each row."""
        return replace(self, units=units)

    def first_ids(self) -> list[str | None] | None:
        """Return the texts of the first column of ids; None if there is none."""
        return next((column.cells() for column in self.ids.values()), None)

    @property
    def fingerprint(self) -> str:
        """The SHA-256, in hexadecimal, of the names of labels and ids and of each row's texts.

        It is a tree hash. The root is over the names of labels and ids and the number of rows, as JSON. A
        leaf is over 65,536 rows of all columns, as JSON: a list for each column, in ASCII.
        """
        columns = [column.cells() for each in (self.labels, self.ids) for column in each.values()]
        rows = len(columns[0])
        root = hashlib.sha256(json.dumps([list(self.labels), list(self.ids), rows]).encode())
        for start in range(0, rows, LEAF):
            leaf = json.dumps([cells[start : start + LEAF] for cells in columns])
            root.update(hashlib.sha256(leaf.encode()).digest())
        return root.hexdigest()

    def encode(self) -> bytes:
        """Return the annotations as a JSON document, which `decode` reads."""
        document: dict[str, Any] = {
            kind: [{"name": name, **column.to_json()} for name, column in columns.items()]
            for kind, columns in (("labels", self.labels), ("ids", self.ids))
        }
        document["units"] = None if self.units is None else self.units.tolist()
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, content: bytes, *, rows: int, units: int) -> "Annotations":
        """Return the annotations of a number of rows on a map of a number of units.

        Raises
        ------
        ValueError
            If the document holds anything else.
        """
        try:
            document = json.loads(content)
            labels, ids = (
                {one["name"]: _column(one, rows) for one in document[kind]} for kind in ("labels", "ids")
            )
            given = document["units"]
            places = None if given is None else _integers(given, rows, 0, units)
        except (KeyError, TypeError, RecursionError, OverflowError) as error:
            raise ValueError(f"the file does not hold annotations: {error!r}") from error
        return cls(labels, ids, places)


def annotated(roles: Sequence[ColumnLook]) -> list[str]:
    """Return the names of the columns of labels and of ids."""
    return named(roles, "label") + named(roles, "id")


def annotations_in(columns: Columns, roles: Sequence[ColumnLook]) -> Annotations | None:
    """Return the labels and ids of the rows of a table with these roles, as texts; None if it has none."""
    labels, ids = (
        {name: _as_texts(columns[name]) for name in named(roles, role) if name in columns}
        for role in ("label", "id")
    )
    return Annotations.of(labels, ids)


def _as_texts(values: Column) -> list[str | None]:
    return [None if value is None or value != value else str(value) for value in values]


def _column(document: Mapping[str, Any], rows: int) -> TextColumn:
    values = tuple(document["values"])
    if not all(isinstance(text, str) for text in (document["name"], *values)) or list(values) != sorted(
        set(values)
    ):
        raise ValueError("the values of a column are not different texts in order")
    return TextColumn(values, _integers(document["codes"], rows, -1, len(values)))


def _integers(given: Any, count: int, least: int, end: int) -> IntArray:
    """Return a list of `count` integers, from `least` to below `end`, as an array."""
    array = np.array(given, dtype=np.int64) if all(type(one) is int for one in given) else np.empty(0)
    if array.shape != (count,) or array.min() < least or array.max() >= end:
        raise ValueError(f"the file does not hold {count:,} integers from {least} to {end - 1}")
    return array.astype(np.int64)
