"""Planes of a column: one number for each unit, whether the column was trained on or is one of labels."""

from typing import NamedTuple

import numpy as np

from kohonen.analysis.labels import Tally, label_units
from kohonen.delimited.names import shown
from kohonen.delimited.numbers import AUTOMATIC, convention_of, split_unit, to_number
from kohonen.errors import InvalidParameterError
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.preparation import Preparation

__all__ = ["Planes", "column_planes"]

#: The most labels whose shares are planes, and the most values of all these planes.
MOST_PLANES, MOST_VALUES = 64, 2**24


class Planes(NamedTuple):
    """The planes of a column.

    Attributes
    ----------
    names : tuple of str
        The name of each plane.
    values : ndarray of shape (width, height, k)
        The planes; NaN for a unit of which nothing is known.
    """

    names: tuple[str, ...]
    values: FloatArray


def column_planes(
    weights: FloatArray,
    column: str,
    *,
    preparation: Preparation | None = None,
    annotations: Annotations | None = None,
) -> Planes:
    """Return the planes of a column.

    A column of numbers that was trained on has one plane: the weights, in the units of the table. Categories
    have a plane of shares each. A column of labels that are all numbers has the mean of each unit's rows;
    other labels have a plane each: the share of the unit's labelled rows that have it.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    column : str
        The name of a column, or of a component.
    preparation : Preparation, optional
        The preparation of the samples, if they come from a table.
    annotations : Annotations, optional
        The labels and ids of the rows, with their units.

    Raises
    ------
    InvalidParameterError
        If the column was neither trained on nor kept as labels, or has too many different labels.
    """
    dimension = weights.shape[2]
    if preparation is None:
        components: tuple[str, ...] = tuple(f"component {k}" for k in range(dimension))
        owners, in_units = components, weights
    else:
        components, in_units = preparation.components, preparation.inverse(weights)
        owners = tuple(each.name for each in preparation.columns for _ in each.components)
    places = [k for k in range(dimension) if column in (owners[k], components[k])]
    if places:
        return Planes(tuple(components[k] for k in places), in_units[:, :, places])
    labels = {} if annotations is None else annotations.labels
    if annotations is None or column not in labels:
        raise InvalidParameterError(_not_there(column, owners, preparation), parameter="column")
    found = label_units(weights, labels[column], units=annotations.units).tally
    return _label_planes(column, found, preparation, weights.shape[:2])


def _label_planes(
    column: str, found: Tally, preparation: Preparation | None, shape: tuple[int, ...]
) -> Planes:
    rows = np.where(found.rows, found.rows, np.nan)
    convention = AUTOMATIC[0] if preparation is None else convention_of(preparation.dialect) or AUTOMATIC[0]
    numbers = [to_number(split_unit(text)[0], convention) for text in found.values]
    if not numbers:
        raise InvalidParameterError(f"column {column!r} has no value", parameter="column")
    if all(number is not None for number in numbers):
        values = np.array(numbers, dtype=np.float64)
        sums = np.bincount(found.groups, found.counts * values[found.codes], found.size)
        return Planes((column,), (sums / rows).reshape(*shape, 1))
    most = min(MOST_PLANES, max(1, MOST_VALUES // found.size))
    if len(numbers) > most:
        raise InvalidParameterError(
            f"column {column!r} has {len(numbers):,} different labels, but at most {most} planes are "
            "drawn: use the view 'labels' instead, which shows the majority of each unit",
            parameter="column",
        )
    shares = np.zeros((found.size, len(numbers)))
    shares[found.groups, found.codes] = found.counts
    names = tuple(f"{column}: {value}" for value in found.values)
    return Planes(names, (shares / rows[:, None]).reshape(*shape, -1))


def _not_there(column: str, trained: tuple[str, ...], preparation: Preparation | None) -> str:
    """Return why a column has no plane, and the remedy."""
    roles = {} if preparation is None else {each.name: each.role for each in preparation.roles}
    if column not in roles:
        names = list(roles) or list(dict.fromkeys(trained))
        return f"there is no column {column[:100]!r}; there are {shown(names)}"
    if roles[column] == "label":
        return f"the labels of column {column!r} are not kept with this model: train with keep_data=true"
    if roles[column] == "id":
        return f"column {column!r} names the rows, so it has no plane"
    return (
        f"column {column!r} took no part in the training and is not kept: train with label={column}, and its "
        "plane is the mean of each unit's rows, or the share of each of its texts"
    )
