"""Converts tables with named columns to samples, and weights back to the table's units.

Numbers are normalised or left unchanged. Texts are categories and are one-hot encoded: one component per
category, 1 for the text's own and 0 for the others. A missing value is NaN in all its components, which
masks it; see :mod:`kohonen.engines.search`.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from kohonen.errors import InvalidDataError, InvalidParameterError, InvalidTableError
from kohonen.inputs.arrays import FloatArray, Missing, as_sample_weight, as_samples
from kohonen.inputs.columns import Normalisation, PreparedColumn, fit_categories, fit_scale, holds_texts
from kohonen.inputs.tables import Columns, Table, check_text, shown

__all__ = ["MOST_CATEGORIES", "Preparation", "take_weights"]

#: Maximum number of categories of a column; columns with more are usually identifiers.
MOST_CATEGORIES = 64
#: Version of the JSON document of a preparation.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Preparation:
    """The conversion of tables to samples, fitted to one table and applicable to others.

    Attributes
    ----------
    columns : tuple of PreparedColumn
        The columns, in the order of their components.
    missing : {"mask", "error"}
        Leave missing values out of every distance and update, or refuse them.

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

    @classmethod
    def fit(
        cls,
        columns: Columns,
        *,
        normalisation: Normalisation | Mapping[str, Normalisation] = "z-score",
        missing: Missing = "mask",
        most_categories: int = MOST_CATEGORIES,
    ) -> "Preparation":
        """Fit a preparation to a table.

        Parameters
        ----------
        columns : mapping of str to column
            Numbers or texts by name, all columns of one length, with None (or NaN) for missing values: lists,
            or the result of :func:`kohonen.inputs.tables.read_csv`.
        normalisation : {"z-score", "none", "min-max", "robust"} or mapping, default "z-score"
            Normalisation of all columns of numbers, or by name; columns that are not named use z-scores.
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
        _check_lengths(columns)
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
        return cls(tuple(fitted), missing)

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

    def transform(self, columns: Columns) -> FloatArray:
        """Return the rows of a table as samples.

        Parameters
        ----------
        columns : mapping of str to column
            As in `fit`; unknown columns are ignored.

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
        for name in self.names:
            if name not in columns:
                raise InvalidTableError(
                    f"there is no column {name!r}; there are {shown(columns)}. If its values are unknown, "
                    "add it with missing values",
                    column=name,
                )
        wanted = {name: columns[name] for name in self.names}
        _check_lengths(wanted)
        samples = np.hstack([column.transform(wanted[column.name]) for column in self.columns])
        self._check_missing(np.isnan(samples))
        return as_samples(samples, missing="mask")

    def count_missing(self, samples: FloatArray) -> int:
        """Return the number of missing values in the table that became samples (n, dim)."""
        sizes = [len(column.components) for column in self.columns]
        firsts = np.cumsum([0, *sizes[:-1]])
        return int(np.isnan(samples[:, firsts]).sum())

    def inverse(self, weights: FloatArray) -> FloatArray:
        """Return weights (..., dim) in the table's units; those of categories remain shares of 1."""
        each = [(column.offset, column.scale) for column in self.columns for _ in column.components]
        offsets, scales = np.array(each).T
        return np.asarray(weights * scales + offsets)

    def restore(self, samples: FloatArray) -> Table:
        """Return samples (n, dim) as rows of a table, in the table's units."""
        values, place = self.inverse(samples), 0
        table: Table = {}
        for column in self.columns:
            part = values[:, place : place + len(column.components)]
            place += len(column.components)
            table[column.name] = part[:, 0] if column.categories is None else column.named(part)
        return table

    @property
    def transformation(self) -> dict[str, Any]:
        """What determines the samples of a table, as a JSON document: part of a model's identity."""
        columns = [
            {"name": column.name, "categories": list(column.categories)}
            if column.categories is not None
            else {"name": column.name, "offset": column.offset, "scale": column.scale}
            for column in self.columns
        ]
        return {"missing": self.missing, "columns": columns}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document from which `from_json` restores this preparation."""
        columns = [asdict(column) for column in self.columns]
        for column in columns:
            column["categories"] = column["categories"] and list(column["categories"])
        return {"version": VERSION, "missing": self.missing, "columns": columns}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Preparation":
        """Restore a preparation from a document of `to_json`.

        Raises
        ------
        InvalidTableError
            If the document is invalid or of another version.
        """
        try:
            version, missing = document["version"], document["missing"]
            columns = tuple(
                PreparedColumn(
                    **{**column, "categories": column["categories"] and tuple(column["categories"])}
                )
                for column in document["columns"]
            )
            known = all(
                column.components and math.isfinite(column.offset) and 0.0 < column.scale < math.inf
                for column in columns
            )
        except (KeyError, TypeError, OverflowError) as error:
            raise InvalidTableError(f"this is not a preparation: {error!r}") from error
        if version != VERSION or not (known and columns) or missing not in get_args(Missing):
            raise InvalidTableError(f"this is not a preparation of version {VERSION}")
        return cls(columns, missing)

    def _check_missing(self, absent: npt.NDArray[np.bool_]) -> None:
        empty = absent.all(axis=1)
        if empty.any():
            row = int(empty.argmax())
            raise InvalidTableError(f"row {row + 1} has no values: leave it out", row=row)
        if self.missing == "error" and absent.any():
            row, component = (int(place) for place in np.argwhere(absent)[0])
            owners = [column.name for column in self.columns for _ in column.components]
            raise InvalidTableError(
                f"column {owners[component]!r} has no value in row {row + 1}: fill it in, leave the row out, "
                'or set missing to "mask"',
                column=owners[component],
                row=row,
            )


def take_weights(table: dict[str, Any], column: str | None) -> FloatArray | None:
    """Remove the column of the sample weights from a table, and return the weights; None without a column.

    Raises
    ------
    InvalidTableError
        If there is no such column, or it does not hold a weight of at least 0 in each row.
    """
    if column is None:
        return None
    if column not in table:
        message = f"there is no column {column!r} of sample weights; there are {shown(table)}"
        raise InvalidTableError(message, column=column)
    values = table.pop(column)
    _check_lengths({column: values, **table})
    weights = PreparedColumn(column).transform(values)[:, 0]
    if np.isnan(weights).any():
        row = int(np.isnan(weights).argmax())
        message = f"column {column!r} has no weight in row {row + 1}: use 0 for a row that does not count"
        raise InvalidTableError(message, column=column, row=row)
    try:
        return as_sample_weight(weights, count=len(weights))
    except InvalidDataError as error:
        raise InvalidTableError(f"column {column!r}: {error}", column=column) from error


def _check_choice(parameter: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        known = ", ".join(map(repr, choices))
        raise InvalidParameterError(
            f"{parameter} must be one of {known}, but is {str(value)[:100]!r}", parameter=parameter
        )


def _check_lengths(columns: Columns) -> None:
    if not columns:
        raise InvalidTableError("a table must have at least one column")
    lengths = {name: len(values) for name, values in columns.items()}
    first, length = next(iter(lengths.items()))
    if not length:
        raise InvalidTableError("a table must have at least one row")
    for name, other in lengths.items():
        if other != length:
            raise InvalidTableError(
                f"column {name!r} has {other:,} values, but {first!r} has {length:,}", column=name
            )
