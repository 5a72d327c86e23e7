"""Validation of samples and weights, which become contiguous float64 arrays."""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.errors import InvalidDataError

if TYPE_CHECKING:
    from kohonen.inputs.annotations import Annotations

__all__ = [
    "LARGEST_MAGNITUDE",
    "Dataset",
    "FloatArray",
    "Missing",
    "as_sample_weight",
    "as_samples",
    "as_weights",
    "fill_with_means",
    "unmasked",
    "weighted_mean",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
#: Treatment of missing values: "mask" leaves them out of every distance and update, "error" refuses them.
Missing: TypeAlias = Literal["mask", "error"]

#: Largest magnitude of a sample or a weight: squares of larger numbers could overflow.
LARGEST_MAGNITUDE = 1e150


class Dataset(NamedTuple):
    """Training data: samples, their weights, and the labels and ids of their rows.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples, with NaN for missing values.
    sample_weight : ndarray of shape (n,) or None
        Their weights.
    annotations : Annotations or None
        Their labels and ids.
    """

    samples: FloatArray
    sample_weight: FloatArray | None = None
    annotations: "Annotations | None" = None

    @classmethod
    def of(cls, table: FloatArray, *, weighted: bool) -> "Dataset":
        """Return the data of a `table`, whose last column has the sample weights if they are weighted."""
        if not weighted:
            return cls(table)
        return cls(np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1]))

    @property
    def table(self) -> FloatArray:
        """The samples and, as a last column, their weights: the form in which data are stored."""
        if self.sample_weight is None:
            return self.samples
        return np.column_stack([self.samples, self.sample_weight])


def as_samples(
    data: npt.ArrayLike, *, dimension: int | None = None, missing: Missing = "error"
) -> FloatArray:
    """Validate samples and return them as a contiguous float64 array.

    Parameters
    ----------
    data : array_like of shape (n, dim)
        Numbers; negative zeros become zero, so that equal data have equal bytes.
    dimension : int, optional
        The required dimension.
    missing : {"error", "mask"}, default "error"
        With "mask", NaN marks a missing value; each sample must have at least one value.

    Returns
    -------
    ndarray of shape (n, dim)
        A new array, in C order; all NaN have the same bits.

    Raises
    ------
    InvalidDataError
        If the data are not a rectangular table of finite numbers with at least one row and one column.
    """
    array = _as_float(data, "the data")
    if array.ndim == 1 and array.size:
        raise InvalidDataError(
            f"the data must be a table, one row a sample, but have shape {array.shape}; "
            "one sample is [[...]], samples of one number each are [[a], [b], ...]"
        )
    if array.ndim != 2 or not array.size:
        raise InvalidDataError(
            "the data must be a table of at least one sample of at least one number, "
            f"but have shape {array.shape}"
        )
    if dimension is not None and array.shape[1] != dimension:
        raise InvalidDataError(
            f"each sample must have {dimension} values, as the map's units do, but has {array.shape[1]}"
        )
    if missing == "mask":
        return _masked(array)
    _check_finite(array, "the data")
    return array


def as_weights(weights: npt.ArrayLike, *, width: int, height: int, dimension: int) -> FloatArray:
    """Validate weights and return a contiguous float64 copy of shape ``(width, height, dimension)``.

    Raises
    ------
    InvalidDataError
        If the shape is different or a weight is not a finite number.
    """
    array = _as_float(weights, "the weights")
    if array.shape != (width, height, dimension):
        raise InvalidDataError(
            f"the weights must have shape {(width, height, dimension)} (width, height, dimension), "
            f"but have {array.shape}"
        )
    _check_finite(array, "the weights")
    return array


def as_sample_weight(weights: npt.ArrayLike | None, *, count: int) -> FloatArray | None:
    """Validate sample weights and return a contiguous float64 copy of shape ``(count,)``; None for None.

    Raises
    ------
    InvalidDataError
        If there is not one weight for each sample, a weight is negative or not finite, or all are zero.
    """
    if weights is None:
        return None
    array = _as_float(weights, "the sample weights")
    if array.shape != (count,):
        raise InvalidDataError(
            f"there must be a sample weight for each of {count:,} samples, but their shape is {array.shape}"
        )
    _check_finite(array, "the sample weights")
    if (array < 0.0).any():
        row = int((array < 0.0).argmax())
        raise InvalidDataError(
            f"sample weights must not be negative, but the one at [{row}] is {array[row]:g}"
        )
    if not array.any():
        raise InvalidDataError("at least one sample weight must be above zero")
    return array


def fill_with_means(samples: FloatArray) -> FloatArray:
    """Return samples (n, dim) with missing values (NaN) replaced by the mean of their column.

    A column without values becomes zero. A column of equal values is filled with exactly that value.
    """
    present = ~np.isnan(samples)
    if present.all():
        return samples
    counts = present.sum(axis=0)
    means = np.where(present, samples, 0.0).sum(axis=0) / np.maximum(counts, 1)
    means = np.maximum(means, np.where(present, samples, np.inf).min(axis=0))
    means = np.minimum(means, np.where(present, samples, -np.inf).max(axis=0))
    return np.where(present, samples, np.where(counts > 0, means, 0.0))


def weighted_mean(values: npt.NDArray[np.float64 | np.bool_], sample_weight: FloatArray | None) -> float:
    """Return the mean of values (n,), weighted by ``sample_weight`` (n,) if any weight is positive."""
    if sample_weight is None or not sample_weight.any():
        return float(values.mean())
    # Scaled by the largest weight, so that products do not overflow.
    shares = sample_weight / sample_weight.max()
    return float((values * shares).sum() / shares.sum())


def unmasked(values: Any) -> Any:
    """Return numbers with NaN where a masked array hides them, and for None in lists; others unchanged."""
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "iuf":
        return np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, list | tuple) and any(map(_has_gaps, values)):
        return [np.nan if row is None else unmasked(row) for row in values]
    return values


def _has_gaps(row: Any) -> bool:
    return (
        row is None or isinstance(row, np.ma.MaskedArray) or (isinstance(row, list | tuple) and None in row)
    )


def _as_float(values: npt.ArrayLike, what: str) -> FloatArray:
    values = unmasked(values)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InvalidDataError(f"{what} must be rectangular: every row as long as the first") from error
    if array.dtype.kind not in "iuf":
        raise InvalidDataError(f"{what} must be numbers, but are of type {array.dtype}")
    # Adding zero copies, and turns -0.0 into 0.0.
    return np.asarray(np.add(array, 0.0, dtype=np.float64, order="C"))


def _masked(array: FloatArray) -> FloatArray:
    absent = np.isnan(array)
    _check_finite(np.where(absent, 0.0, array) if absent.any() else array, "the data")
    if absent.all(axis=1).any():
        row = int(absent.all(axis=1).argmax())
        raise InvalidDataError(f"the sample at [{row}] has no values: leave it out")
    array[absent] = np.nan  # NaN has many bit patterns: keep one
    return array


def _check_finite(array: FloatArray, what: str) -> None:
    # min and max propagate NaN, so two reductions detect every invalid value.
    if array.min() >= -LARGEST_MAGNITUDE and array.max() <= LARGEST_MAGNITUDE:
        return
    usable = np.abs(array) <= LARGEST_MAGNITUDE
    first = tuple(int(i) for i in np.argwhere(~usable)[0])
    raise InvalidDataError(
        f"{what} must be finite numbers of magnitude {LARGEST_MAGNITUDE:g} at most, "
        f"but hold {array[first]} at {list(first)}"
    )
