"""Columns in memory: of lists, arrays, data frames and Arrow tables.

pandas, polars and pyarrow are not imported: their columns have a method ``to_numpy``, and what is missing in
the result is known by its type.
"""

import datetime
import decimal
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.delimited.names import shown
from kohonen.errors import InvalidDataError, InvalidTableError
from kohonen.inputs.arrays import LARGEST_MAGNITUDE, FloatArray, unmasked

__all__ = [
    "Column",
    "Columns",
    "Samples",
    "check_lengths",
    "columns_of",
    "count_missing",
    "holds_texts",
    "names_of",
    "numbers_in",
    "samples_in",
    "texts_in",
    "too_large",
]

#: A column as passed by a caller.
Column: TypeAlias = Sequence[float | str | None] | FloatArray
Columns: TypeAlias = Mapping[str, Column]
#: Samples: an array_like of shape (n, dim), or a data frame or Arrow table of columns of numbers.
Samples: TypeAlias = Any

#: The types of Arrow that become arrays of numbers or times.
_ARRAYS = ("int", "uint", "float", "double", "halffloat", "timestamp", "date")


def names_of(data: Any) -> list[str] | None:
    """Return the names of the columns of a data frame or an Arrow table; None for other data.

    Raises
    ------
    InvalidTableError
        If two columns have one name, or the rows are not computed yet.
    """
    kind = type(data)
    if not hasattr(kind, "columns"):
        return None
    if hasattr(kind, "collect") or hasattr(kind, "compute"):
        raise InvalidTableError("the data frame is not computed yet: call its collect() or compute()")
    names = [str(name) for name in (data.column_names if hasattr(kind, "column_names") else data.columns)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InvalidTableError(
            f"there are two columns of the name {twice[0]!r}: rename one", column=twice[0]
        )
    return names


def columns_of(table: Any) -> Columns:
    """Return the columns of a mapping, a data frame or an Arrow table by their names.

    Numbers become an array, with NaN for missing values, and all others texts, with None: categories and
    booleans as they are written, and dates in the form of ISO 8601.

    Raises
    ------
    InvalidTableError
        If it is not a table.
    """
    names = names_of(table)
    if names is not None:
        keys = names if hasattr(type(table), "column_names") else table.columns
        return {name: _column(table[key]) for name, key in zip(names, keys, strict=True)}
    if isinstance(table, Mapping):
        return {str(name): _column(values) for name, values in table.items()}
    raise InvalidTableError(
        "a table must be columns by name, a data frame or an Arrow table, but is of the type "
        f"{type(table).__name__}"
    )


def samples_in(data: Samples, names: Sequence[str] | None = None) -> npt.ArrayLike:
    """Return samples as an array; what is not a data frame, an Arrow table or a masked array is unchanged.

    Parameters
    ----------
    data : array_like of shape (n, dim), data frame or Arrow table
        The samples. Booleans become 0 and 1, and missing values NaN.
    names : sequence of str, optional
        The names that the columns must have, in any order; if there are none, a data frame is refused.

    Raises
    ------
    InvalidDataError
        If a column does not hold numbers, or the names are others.
    """
    there = names_of(data)
    if there is None:
        return unmasked(data)  # type: ignore[no-any-return]
    if names is not None and not names:
        raise InvalidDataError("the map was trained on an array, without names: give an array here, too")
    if names is not None and sorted(names) != sorted(there):
        wrong = [
            f"{what} {shown(found)}"
            for what, found in (
                ("there is no", [name for name in names if name not in there]),
                ("the map does not know", [name for name in there if name not in names]),
            )
            if found
        ]
        raise InvalidDataError(f"the columns must be those of the training: {'; '.join(wrong)}")
    keys = dict(zip(there, there if hasattr(type(data), "column_names") else data.columns, strict=True))
    return np.column_stack([_numbers(name, data[keys[name]]) for name in names or there])


def _numbers(name: str, values: Any) -> FloatArray:
    cells = _cells(values)
    try:
        if isinstance(cells, np.ndarray):
            return np.asarray(cells, dtype=np.float64)
        if not any(isinstance(cell, str) for cell in cells):
            return np.array(cells, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    raise InvalidDataError(
        f"column {name!r} does not hold numbers: kohonen.Preparation makes samples of tables"
    )


def _column(values: Any) -> Column:
    cells = _cells(values)
    if isinstance(cells, np.ndarray):
        return cells if cells.dtype.kind != "b" else [str(cell) for cell in cells.tolist()]
    if cells is values:
        return cells  # type: ignore[no-any-return]
    return [str(cell) if isinstance(cell, bool) else cell for cell in cells]


def _cells(values: Any) -> Any:
    """Return the cells of a column: an array of numbers or booleans, or a list with None for missing values.

    A list is returned unchanged.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = unmasked(values) if values.dtype.kind in "iuf" else np.array(values.tolist(), dtype=object)
    elif hasattr(
        values, "to_pylist"
    ):  # of Arrow, whose to_numpy() forgets which texts of a dictionary are null
        if not str(values.type).startswith(_ARRAYS):
            return [None if cell is None else _plain(cell) for cell in values.to_pylist()]
        values = values.to_numpy(zero_copy_only=False)
    elif getattr(getattr(values, "dtype", None), "name", "") == "category":  # of pandas
        return [None if _is_missing(cell) else str(cell) for cell in values.astype(object)]
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    elif not isinstance(values, np.ndarray):
        return values
    if values.dtype.kind in "iufb":
        return values
    if values.dtype.kind == "M":
        days = values.astype("datetime64[D]")
        whole = (np.isnat(values) | (days == values)).all()
        texts = (days if whole else values.astype("datetime64[s]")).astype(str)
        return [None if text == "NaT" else text for text in texts.tolist()]
    return [None if _is_missing(cell) else _plain(cell) for cell in values.tolist()]


def _is_missing(cell: Any) -> bool:
    """Return whether a cell is None, NaN, or pandas' NA or NaT."""
    if isinstance(cell, float | np.floating | decimal.Decimal):
        return bool(cell != cell)
    return cell is None or type(cell).__name__ in ("NAType", "NaTType")


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return float(cell) if isinstance(cell, decimal.Decimal) else cell


def count_missing(values: Column) -> int:
    """Return how many values of a column are missing."""
    return sum(bool(value is None or value != value) for value in values)


def holds_texts(values: Column) -> bool:
    """Return whether a column holds any text."""
    return not _is_array_of_numbers(values) and any(isinstance(value, str) for value in values)


def _is_array_of_numbers(values: Column) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "iuf"


def numbers_in(name: str, values: Column) -> FloatArray:
    """Return a column of numbers, with NaN for missing values."""
    if not _is_array_of_numbers(values):
        cells = list(values)
        _check_kinds(name, cells, (int, float, np.integer, np.floating), "numbers")
        # Python's integers may exceed the range of float64.
        values = [
            math.nan if cell is None else math.inf if abs(cell) > LARGEST_MAGNITUDE else cell
            for cell in cells
        ]
    numbers = np.asarray(values, dtype=np.float64)
    for row in too_large(numbers):
        raise InvalidTableError(
            f"column {name!r} holds a number in row {row + 1} that is not finite or whose magnitude is above "
            f"{LARGEST_MAGNITUDE:g}",
            column=name,
            row=row,
        )
    return numbers


def texts_in(name: str, values: Column) -> list[str | None]:
    """Return a column of texts, with None for missing values."""
    cells = [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in values]
    _check_kinds(name, cells, (str,), "texts")
    return cells  # type: ignore[return-value]


def _check_kinds(name: str, cells: list[float | str | None], kinds: tuple[type, ...], what: str) -> None:
    strange = tuple(
        kind for kind in set(map(type, cells)) if kind is bool or not issubclass(kind, (*kinds, type(None)))
    )
    if strange:
        row = next(row for row, cell in enumerate(cells) if isinstance(cell, strange))
        raise InvalidTableError(
            f"column {name!r} holds {what}, but {str(cells[row])[:40]!r} in row {row + 1}: a column must "
            "hold either numbers or texts, and nothing for missing values",
            column=name,
            row=row,
        )


def too_large(numbers: FloatArray) -> list[int]:
    """Return the first row whose magnitude is too large, as a list of at most one."""
    rows: list[int] = np.flatnonzero(np.abs(numbers) > LARGEST_MAGNITUDE)[:1].tolist()
    return rows


def check_lengths(columns: Columns) -> None:
    """Validate that a table has columns and rows, and that all columns have one length."""
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
