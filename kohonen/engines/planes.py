"""Operations on planes of weights, one plane per dimension."""

import math
from collections.abc import Iterator

import numpy as np

from kohonen.inputs.arrays import FloatArray

__all__ = [
    "ROUNDING",
    "aligned",
    "error_of_scores",
    "mirrored",
    "move_at_once",
    "squared_distances",
    "sum_planes",
    "windows",
]

#: Numbers in a cache line.
LINE = 8
#: Bound of the rounding error in an update of a weight and of its bounds, relative to the largest magnitude.
ROUNDING = 64 * float(np.finfo(np.float64).eps)
#: Columns are updated whole when they are as short as this, or not much longer than the window.
SHORT_COLUMN, LONG_RUN = 64, 3


def aligned(*shape: int) -> FloatArray:
    """Return an uninitialised array aligned to a cache line, where full vectors are read faster."""
    size = math.prod(shape)
    room = np.empty(size + LINE)
    start = -room.ctypes.data % (8 * LINE) // 8
    return room[start : start + size].reshape(shape)


def mirrored(table: list[float], size: int) -> FloatArray:
    """Return ``g(|k|)`` for ``-size < k < size``: slices of it are the neighbourhoods of all units."""
    mirrored = np.zeros(2 * size - 1)
    used = min(len(table), size)
    mirrored[size - 1 : size - 1 + used] = table[:used]
    mirrored[: size - 1] = mirrored[: size - 1 : -1]
    return mirrored


def error_of_scores(dimension: int, magnitude: float, *, steps: int) -> float:
    """Bound the total rounding error of two units' scores and of their squared distances.

    Weights stay within the hull of the samples and the initial weights, so that `magnitude` bounds them: no
    squared norm is larger than ``dimension * magnitude**2``, no score than three times that, and no squared
    distance than four times. In each of the `steps` updates a norm inherits the error of the scores, reduced,
    and adds a rounding error for each of its operations and those of the weights.
    """
    roundings = 4 * steps * (10 + dimension)
    return float(roundings * np.finfo(np.float64).eps * dimension * magnitude**2)


def sum_planes(planes: list[FloatArray], out: FloatArray) -> None:
    """Sum planes in order of dimension, which np.sum does not guarantee."""
    if len(planes) == 1:
        out[:] = planes[0]
        return
    np.add(planes[0], planes[1], out)
    for plane in planes[2:]:
        np.add(out, plane, out)


def squared_distances(differences: FloatArray) -> FloatArray:
    """Return the sums of the squares of planes of differences, which are overwritten."""
    np.multiply(differences, differences, differences)
    distances: FloatArray = differences[0]
    sum_planes(list(differences), distances)
    return distances


def windows(
    x: int, y: int, reach: int, columns: FloatArray, rows: FloatArray, *, cells: int
) -> Iterator[tuple[slice, slice, FloatArray, FloatArray]]:
    """Yield the windows to update around a best matching unit, each of about `cells` units.

    The neighbourhood is the product of ``columns`` (2 * width - 1, 1) and ``rows`` (1, 2 * height - 1), with
    that unit in the middle; beyond the reach it is zero. A window is its columns and rows of the map, and the
    factors of both. It has the rows in reach, or all rows, since contiguous memory is much faster.
    """
    width, height = columns.shape[0] // 2 + 1, rows.shape[1] // 2 + 1
    left, right = max(x - reach, 0), min(x + reach + 1, width)
    top, bottom = max(y - reach, 0), min(y + reach + 1, height)
    if height <= SHORT_COLUMN + LONG_RUN * (bottom - top):
        top, bottom = 0, height
    row = rows[:, height - 1 - y + top : height - 1 - y + bottom]
    thickness = max(1, cells // (bottom - top))
    for start in range(left, right, thickness):
        stop = min(start + thickness, right)
        yield (
            slice(start, stop),
            slice(top, bottom),
            columns[width - 1 - x + start : width - 1 - x + stop],
            row,
        )


def move_at_once(sample: FloatArray, planes: FloatArray, scores: FloatArray, theta: FloatArray) -> None:
    """Move all planes of weights, and compute their new norms from the scores.

    ``W + h (v - W)`` has the squared norm ``r - h (r - h |v|^2)`` where ``r = |W|^2 - h (|W|^2 - 2 W.v)``:
    the scores of the search, which are overwritten, save passes over all planes.
    """
    weights, norms = planes[:-1], planes[-1]
    change = np.subtract(sample, weights)
    np.multiply(change, theta, change)
    np.add(weights, change, weights)
    np.multiply(scores, theta, scores)
    np.subtract(norms, scores, norms)
    np.multiply(theta, np.vdot(sample, sample), scores)
    np.subtract(norms, scores, scores)
    np.multiply(scores, theta, scores)
    np.subtract(norms, scores, norms)
