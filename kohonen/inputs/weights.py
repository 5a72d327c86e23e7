"""Sample weights in a column of a table."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kohonen.delimited.names import shown
from kohonen.errors import InvalidDataError, InvalidTableError
from kohonen.inputs.arrays import FloatArray, as_sample_weight
from kohonen.inputs.frames import numbers_in

__all__ = ["take_weights", "weights_in"]


def take_weights(table: dict[str, Any], column: str) -> FloatArray:
    """Remove the column of the sample weights from a table, and return the weights.

    Raises
    ------
    InvalidTableError
        If there is no such column, or it does not hold a weight of at least 0 in each row.
    """
    if column not in table:
        message = f"there is no column {column!r} of sample weights; there are {shown(table)}"
        raise InvalidTableError(message, column=column)
    numbers = numbers_in(column, table.pop(column))
    return weights_in(column, numbers, np.arange(len(numbers)))


def weights_in(column: str, numbers: FloatArray, rows: npt.NDArray[np.intp]) -> FloatArray:
    """Return the numbers (n,) of a column, in these rows of the table, as sample weights.

    Raises
    ------
    InvalidTableError
        If there is not a weight of at least 0 in each row.
    """
    for row in rows[np.isnan(numbers)][:1].tolist():
        message = f"column {column!r} has no weight in row {row + 1}: use 0 for a row that does not count"
        raise InvalidTableError(message, column=column, row=row)
    try:
        weights = as_sample_weight(numbers, count=len(numbers))
    except InvalidDataError as error:
        raise InvalidTableError(f"column {column!r}: {error}", column=column) from error
    assert weights is not None
    return weights
