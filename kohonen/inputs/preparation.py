"""Converts tables with named columns to samples, and weights back to the table's units.

Numbers are normalised or left unchanged. Texts are categories and are one-hot encoded: one component per
category, 1 for the text's own and 0 for the others. A missing value is NaN in all its components, which
masks it; see :mod:`kohonen.engines.search`.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from kohonen.delimited.dialects import Dialect
from kohonen.delimited.names import check_text, shown
from kohonen.delimited.texts import CsvSource
from kohonen.errors import InvalidParameterError, InvalidTableError
from kohonen.inputs import documents
from kohonen.inputs.annotations import annotated
from kohonen.inputs.arrays import FloatArray, Missing, as_samples
from kohonen.inputs.columns import (
    Normalisation,
    PreparedColumn,
    check_missing,
    fit_categories,
    fit_scale,
)
from kohonen.inputs.curves import CURVES, unbend, unit_rows
from kohonen.inputs.frames import Columns, check_lengths, columns_of, count_missing, holds_texts
from kohonen.inputs.looks import ColumnLook
from kohonen.inputs.roles import MOST_CATEGORIES
from kohonen.inputs.tables import Table, read_rows

__all__ = ["MOST_CATEGORIES", "Preparation"]


@dataclass(frozen=True, slots=True)
class Preparation:
    """The conversion of tables to samples, fitted to one table and applicable to others.

    Attributes
    ----------
    columns : tuple of PreparedColumn
        The columns, in the order of their components.
    missing : {"mask", "error"}
        Leave missing values out of every distance and update, or refuse them.
    rows : {"none", "l2"}
        Divide each sample by its length, so that distances follow the cosine.
    roles : tuple of ColumnLook
        What all columns of the table are, and why.
    notes : tuple of str
        What else was found when the table was read.
    dialect : Dialect
        The dialect of the file, with which further files are read.

    Examples
    --------
    >>> from kohonen import Preparation
    >>> preparation = Preparation.fit({"age": [20, 30, None], "colour": ["red", "blue", "red"]})
    >>> preparation.components
    ('age', 'colour: blue', 'colour: red')
    >>> preparation.transform({"age": [25], "colour": ["blue"]}).tolist()
    [[0.0, 1.0, 0.0]]
    """

    columns: tuple[PreparedColumn, ...]
    missing: Missing = "mask"
    rows: Literal["none", "l2"] = "none"
    roles: tuple[ColumnLook, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    dialect: Dialect = field(default=Dialect(), compare=False)

    @classmethod
    def fit(
        cls,
        columns: Any,
        *,
        normalisation: Normalisation | Literal["l2"] | Mapping[str, Normalisation] = "z-score",
        missing: Missing = "mask",
        most_categories: int = MOST_CATEGORIES,
    ) -> "Preparation":
        """Fit a preparation to a table.

        Parameters
        ----------
        columns : mapping of str to column, data frame or Arrow table
            Numbers or texts by name, all columns of one length, with None (or NaN) for missing values: all
            are taken, unless the table is of :func:`kohonen.read_csv` or `read_columns`. Booleans and
            categories of a data frame are texts.
        normalisation : str or mapping, default "z-score"
            Normalisation of all columns of numbers, or by name; columns that are not named use z-scores. See
            :class:`kohonen.inputs.columns.PreparedColumn`; and "l2" leaves numbers unchanged and makes all
            samples of length 1.
        missing : {"mask", "error"}, default "mask"
            Whether values may be missing.
        most_categories : int, default 64
            Maximum number of categories of a column.

        Raises
        ------
        InvalidTableError
            If columns differ in length, mix numbers and texts, or have no values.
        InvalidParameterError
            If a normalisation is unknown or names a column that does not hold numbers.
        """
        _check_choice("missing", missing, get_args(Missing))
        if not isinstance(columns, Table):
            columns = columns_of(columns)
        check_lengths(columns)
        rows: Literal["none", "l2"] = "l2" if normalisation == "l2" else "none"
        if normalisation == "l2":
            normalisation = "none"
        by_name: dict[str, Normalisation] = {} if isinstance(normalisation, str) else dict(normalisation)
        others: Normalisation = normalisation if isinstance(normalisation, str) else "z-score"
        for chosen in (others, *by_name.values()):
            _check_choice("normalisation", chosen, get_args(Normalisation))
        fitted = []
        for name, values in columns.items():
            check_text(name, "the name of a column")
            if holds_texts(values):
                fitted.append(fit_categories(name, values, most_categories))
            else:
                fitted.append(fit_scale(name, values, by_name.pop(name, others)))
        for name in by_name:
            message = f"there is no column of numbers {name[:100]!r} to normalise"
            raise InvalidParameterError(message, parameter="normalisation")
        if not isinstance(columns, Table):
            roles = [
                ColumnLook(column.name, column.role, "given as a column", count_missing(columns[column.name]))
                for column in fitted
            ]
            return cls(tuple(fitted), missing, rows, tuple(roles))
        look = columns.look
        roles = [replace(column, first=None, components=0) for column in look.columns]
        read = {role.name: reading.found() for role, reading in zip(roles, look.readings, strict=True)}
        read_as = tuple(replace(column, **read[column.name]) for column in fitted)
        return cls(read_as, missing, rows, tuple(roles), look.notes, look.kept)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def categorical(self) -> tuple[str, ...]:
        """The names of the columns of texts."""
        return tuple(column.name for column in self.columns if column.categories is not None)

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the samples' components: the column's name, or ``"column: category"``."""
        return tuple(component for column in self.columns for component in column.components)

    def transform(self, columns: Any, *, unknown: Literal["warn", "missing", "error"] = "warn") -> FloatArray:
        """Return the rows of a table as samples.

        Parameters
        ----------
        columns : mapping of str to column, data frame or Arrow table
            As in `fit`; unknown columns are ignored.
        unknown : {"warn", "missing", "error"}, default "warn"
            A text that is not among the categories counts as missing, with a warning or without, or it is
            refused.

        Returns
        -------
        ndarray of shape (n, dim)
            The samples, with NaN for missing values.

        Raises
        ------
        InvalidTableError
            If a column is missing, a value does not fit its column, a value is missing and `missing` is
            "error", or a row has no values.
        """
        columns = columns_of(columns)
        for name in self.names:
            if name not in columns:
                raise InvalidTableError(
                    f"there is no column {name!r}; there are {shown(columns)}. If its values are unknown, "
                    "add it with missing values",
                    column=name,
                )
        wanted = {name: columns[name] for name in (*self.names, *annotated(self.roles)) if name in columns}
        check_lengths(wanted)
        for error in self.unknown(wanted) if unknown != "missing" else ():
            if unknown == "error":
                raise error
            warnings.warn(f"{error}; they count as missing", stacklevel=2)
        samples = self.encode(wanted)
        check_missing(self.columns, samples, self.missing)
        return as_samples(samples, missing="mask")

    def unknown(self, columns: Any) -> list[InvalidTableError]:
        """Return what is wrong with the texts of a table that are not among the categories, by column."""
        found = [column.unknown(columns[column.name]) for column in self.columns if column.name in columns]
        return [error for error in found if error is not None]

    def encode(self, columns: Columns) -> FloatArray:
        """Return the rows of a table as samples, as `transform` does, without checking what is missing."""
        samples = np.hstack([column.transform(columns[column.name]) for column in self.columns])
        return unit_rows(samples) if self.rows == "l2" else samples

    def read_rows(
        self,
        source: CsvSource | Columns,
        *,
        sample_weight: str | None = None,
        most_columns: int | None = None,
        **dialect: Any,
    ) -> dict[str, FloatArray | list[str | None]]:
        """Read the columns of a CSV file that `transform` needs, labels and ids, in the training's dialect.

        Parameters
        ----------
        source : path, bytes or file, or mapping of str to column
            The file; or columns in memory, with the same marks of missing values.
        sample_weight : str, optional
            A column of numbers to read, too.
        most_columns : int, optional
            Maximum number of columns.
        **dialect
            What is different in this file; see :class:`kohonen.delimited.dialects.Dialect`.
        """
        given = {name: value for name, value in dialect.items() if value is not None}
        weight: dict[str, str | None] = {} if sample_weight is None else {sample_weight: None}
        absent = [*self.dialect.absent, *given.pop("absent", ())]
        return read_rows(
            source,
            numbers=weight
            | {
                column.name: column.unit
                for column in self.columns
                if column.role == "number" and not column.form
            },
            texts=[column.name for column in self.columns if column.role == "category" or column.form]
            + annotated(self.roles),
            dialect=Dialect.of({**self.dialect.to_json(), **given, "absent": absent}),
            most_columns=most_columns,
        )

    def count_missing(self, samples: FloatArray) -> int:
        """Return the number of missing values in the table that became samples (n, dim)."""
        sizes = [len(column.components) for column in self.columns]
        firsts = np.cumsum([0, *sizes[:-1]])
        return int(np.isnan(samples[:, firsts]).sum())

    def inverse(self, weights: FloatArray) -> FloatArray:
        """Return weights (..., dim) in the table's units; those of categories remain shares of 1."""
        each = [(column.offset, column.scale) for column in self.columns for _ in column.components]
        offsets, scales = np.array(each).T
        values = np.asarray(weights * scales + offsets)
        bent = [column for column in self.columns for _ in column.components]
        for place, column in enumerate(bent):
            if column.normalisation in CURVES:
                values[..., place] = unbend(values[..., place], column.normalisation, column.knots)
        return values

    def restore(self, samples: FloatArray) -> dict[str, FloatArray | list[str | None]]:
        """Return samples (n, dim) as rows of a table, in the table's units."""
        values, place = self.inverse(samples), 0
        table: dict[str, FloatArray | list[str | None]] = {}
        for column in self.columns:
            part = values[:, place : place + len(column.components)]
            place += len(column.components)
            table[column.name] = part[:, 0] if column.categories is None else column.named(part)
        return table

    @property
    def transformation(self) -> dict[str, Any]:
        """The operations that make samples of a table, as a JSON document: part of a model's identity."""
        rows = {} if self.rows == "none" else {"rows": self.rows}
        return {"missing": self.missing, "columns": list(map(documents.transformation, self.columns)), **rows}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document from which `from_json` restores this preparation."""
        return {
            "version": documents.VERSION,
            "missing": self.missing,
            "rows": self.rows,
            "columns": documents.columns(self.columns, self.roles),
            "notes": list(self.notes),
            "dialect": self.dialect.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Preparation":
        """Restore a preparation from `to_json`; `InvalidTableError` is raised for any other document."""
        return cls(*documents.read(document))


def _check_choice(parameter: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        known = ", ".join(map(repr, choices))
        raise InvalidParameterError(
            f"{parameter} must be one of {known}, but is {str(value)[:100]!r}", parameter=parameter
        )
