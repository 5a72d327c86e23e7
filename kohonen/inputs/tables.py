"""Tables with named columns, read from CSV or given as columns.

A table is a mapping of names to columns of equal length. A column holds numbers or texts; None (or NaN in
columns of numbers) marks a missing value. :mod:`kohonen.inputs.look` decides what each column is, and
:mod:`kohonen.inputs.preparation` turns tables into samples.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from kohonen.delimited.dialects import Dialect
from kohonen.delimited.names import LONGEST_TEXT, check_text, shown
from kohonen.delimited.reader import Reader
from kohonen.delimited.texts import CsvSource
from kohonen.errors import InvalidParameterError, InvalidTableError
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.choices import Choices
from kohonen.inputs.frames import Columns, columns_of, count_missing
from kohonen.inputs.looking import look_at
from kohonen.inputs.looks import Given, Look, Rows, named
from kohonen.inputs.roles import Role
from kohonen.inputs.weights import weights_in

__all__ = [
    "LONGEST_TEXT",
    "Table",
    "check_text",
    "look_csv",
    "read_columns",
    "read_csv",
    "read_excel",
    "read_rows",
    "shown",
]


class Table(dict[str, FloatArray | list[str | None]]):
    """The columns of a table that take part in a training, by name, and what is said about the others.

    Attributes
    ----------
    look : Look
        The roles of all columns.
    labels, ids : dict of str to list
        The columns of labels and of ids, as texts; those that were chosen come first.
    rows : ndarray of shape (n,)
        The positions of the rows in the table as it was given; rows without values are dropped.
    sample_weight : ndarray of shape (n,) or None
        The weights of the rows, if a column has them.
    """

    def __init__(self, columns: Mapping[str, FloatArray | list[str | None]], look: Look) -> None:
        super().__init__(columns)
        self.look = look
        self.labels: dict[str, list[str | None]] = {}
        self.ids: dict[str, list[str | None]] = {}
        self.rows: npt.NDArray[np.intp] = np.arange(look.rows)
        self.sample_weight: FloatArray | None = None


def read_csv(
    source: CsvSource, *, most_columns: int | None = None, most_rows: int | None = None, **options: Any
) -> Table:
    """Read a table of comma-separated values.

    Parameters
    ----------
    source : path, bytes or file
        The file: a path (which may end in ``.csv.gz``), its bytes, or an open file of text or bytes.
    most_columns : int, optional
        Maximum number of columns.
    most_rows : int, optional
        Of a longer table, this number of rows is read at random, and columns without a value in them are
        left out.
    **options
        The dialect of the file: ``absent``, ``decimal``, ``thousands``, ``delimiter``, ``header`` and
        ``encoding`` as in :class:`kohonen.delimited.dialects.Dialect`; and roles of columns by name or
        position: ``label``, ``id``, ``only``, ``ignore``, ``categorical``, ``date`` and ``sample_weight``
        as in :class:`kohonen.inputs.choices.Choices`. What is not given is found from the file.

    Returns
    -------
    Table
        The columns that take part in a training, in the order of the file: float64 with NaN, or texts with
        None, for missing values. `Table.look` has the roles of all columns.

    Raises
    ------
    InvalidTableError
        If the file is not such a table; the message names line or row, column and remedy.
    InvalidParameterError
        If an option is not valid.

    Examples
    --------
    >>> import io
    >>> rows = ["id,age,colour", "1,20,red", "2,NA,blue", "3,35,red"]
    >>> table = read_csv(io.StringIO(chr(10).join(rows)))
    >>> list(table)
    ['age', 'colour']
    >>> [(column.name, column.role) for column in table.look.columns]
    [('id', 'id'), ('age', 'number'), ('colour', 'category')]
    """
    reader = Reader(source, _dialect(options), most_columns=most_columns)
    return _read(reader, look_at(reader, Choices.of(options)), most_rows)


def read_excel(
    source: str | os.PathLike[str] | bytes | IO[bytes], *, sheet: str | int = 0, **options: Any
) -> Table:
    """Read a sheet of an Excel or OpenDocument workbook; it needs ``pip install kohonen[excel]``.

    Parameters
    ----------
    source : path, bytes or file
        The workbook.
    sheet : str or int, default 0
        The name of the sheet, or its position from 0.
    **options
        The options of `read_csv`, but for ``delimiter`` and ``encoding``.

    Returns
    -------
    Table
        As `read_csv` returns it.

    Raises
    ------
    InvalidTableError
        If the sheet is not such a table.
    """
    from kohonen.delimited.excel import csv_of_sheet

    table = read_csv(csv_of_sheet(source, sheet), **{**options, "delimiter": "comma"})
    table.look = replace(table.look, kept=replace(table.look.kept, delimiter=None))
    return table


def look_csv(source: CsvSource, *, most_columns: int | None = None, **options: Any) -> Look:
    """Return the roles of the columns of a CSV file, in bounded memory.

    Parameters and exceptions are those of `read_csv`.
    """
    reader = Reader(source, _dialect(options), most_columns=most_columns)
    return look_at(reader, Choices.of(options))


def read_columns(columns: Any, **options: Any) -> Table:
    """Return columns in memory as a table, with the roles of `read_csv`.

    Parameters
    ----------
    columns : mapping of str to column, data frame or Arrow table
        Numbers or texts by name, all of one length, with None or NaN for missing values. Texts are not read
        as numbers.
    **options
        The roles of columns, as in `read_csv`, and of the dialect ``absent``; with ``decimal`` or
        ``thousands`` texts may be numbers.

    Raises
    ------
    InvalidTableError
        If columns differ in length, mix numbers and texts, or have roles that leave nothing to train on.
    InvalidParameterError
        If an option is not valid.
    """
    dialect = _dialect(options)
    for name in ("delimiter", "header", "encoding"):
        if getattr(dialect, name) is not None:
            raise InvalidParameterError(f"{name} is for a file, and these are columns", parameter=name)
    given = Given(columns_of(columns), dialect)
    return _read(given, look_at(given, Choices.of(options)))


def read_rows(
    source: CsvSource | Columns,
    *,
    numbers: Mapping[str, str | None] | None = None,
    texts: Collection[str] = (),
    dialect: Dialect = Dialect(),  # noqa: B008 - it is immutable
    most_columns: int | None = None,
) -> dict[str, FloatArray | list[str | None]]:
    """Read the columns of a CSV file, or columns in memory, that an existing model knows.

    Parameters
    ----------
    source : path, bytes or file, or mapping of str to column
        The file, or the columns.
    numbers : mapping of str to str, optional
        The columns of numbers, with the units that may stand in their cells; by default all columns.
    texts : collection of str
        The columns of texts.
    dialect : Dialect
        What is known of the file's dialect.
    most_columns : int, optional
        Maximum number of columns.

    Returns
    -------
    dict of str to ndarray or list
        The columns that are there, with all rows.

    Raises
    ------
    InvalidTableError
        If the file is not such a table.
    """
    reader: Reader | Given = (
        Given(source, dialect)
        if isinstance(source, Mapping)
        else Reader(source, dialect, most_columns=most_columns)
    )
    if numbers is None:
        numbers = dict.fromkeys(reader.names)
    known = {name for name in reader.names if name in numbers or name in texts}
    choices = Choices(
        only=tuple(name for name in known if name in numbers),
        label=tuple(name for name in known if name not in numbers),
        ignore=tuple(name for name in reader.names if name not in known),
    )
    look = look_at(reader, choices, training=False)
    parts: dict[int, list[Any]] = {place: [] for place, name in enumerate(reader.names) if name in known}
    for chunk in reader.chunks():
        for place, part in parts.items():
            column, reading = look.columns[place], look.readings[place]
            unit = numbers.get(column.name)
            if reading.unit not in ("", unit):
                raise InvalidTableError(
                    f"column {column.name!r} has the unit {reading.unit!r}, but the model was trained on "
                    f"{unit!r}",
                    column=column.name,
                )
            as_texts = column.name not in numbers or column.role == "category"
            part.append(reading.texts(chunk, place) if as_texts else reading.numbers(chunk, place))
    return {
        reader.names[place]: np.concatenate(part) if isinstance(part[0], np.ndarray) else list(chain(*part))
        for place, part in parts.items()
    }


def _dialect(options: Mapping[str, Any]) -> Dialect:
    known = {*Dialect.__slots__, *Choices.__slots__}
    for name in options:
        if name not in known:
            raise TypeError(f"read_csv() got an unexpected keyword argument {name!r}")
    return Dialect.of(options)


def _read(source: Rows, look: Look, most_rows: int | None = None) -> Table:
    """Return the values of the columns that take part, of labels and of ids."""
    some = None
    if most_rows is not None and most_rows < look.rows:
        some = np.unique(np.random.default_rng(0).integers(0, look.rows, most_rows))
    places = look.places("number", "category", "label", "id", "weight")
    parts: dict[int, list[Any]] = {place: [] for place in places}
    kept: list[npt.NDArray[np.intp]] = []
    known: dict[str | None, str | None] = {}
    before = done = 0
    for chunk in source.chunks():
        values, present = look.values(chunk, places)
        rows = np.flatnonzero(present)
        done += len(rows)
        if some is not None:
            rows = rows[some[(some >= done - len(rows)) & (some < done)] - (done - len(rows))]
        kept.append(rows + before)
        before += len(present)
        for place, cells in values.items():
            if isinstance(cells, np.ndarray):
                parts[place].append(cells[rows])
            else:
                # Equal texts are one object, which saves memory.
                parts[place] += [known.setdefault(cells[row], cells[row]) for row in rows.tolist()]
    numbers = look.places("number", "weight")
    columns = {place: np.concatenate(part) if place in numbers else part for place, part in parts.items()}

    # A column may be missing in all of some rows.
    by_name = {
        look.columns[place].name: values
        for place, values in columns.items()
        if some is None or count_missing(values) < len(values)
    }

    def of(role: Role) -> dict[str, Any]:
        return {name: by_name[name] for name in named(look.columns, role) if name in by_name}

    trained = [look.columns[place].name for place in look.places("number", "category")]
    table = Table({name: by_name[name] for name in trained if name in by_name}, look)
    table.labels, table.ids, table.rows = of("label"), of("id"), np.concatenate(kept)
    for name, values in of("weight").items():
        table.sample_weight = weights_in(name, values, table.rows)
    return table
