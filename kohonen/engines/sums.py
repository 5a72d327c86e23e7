"""Exact sums of samples by their best matching units.

In an iteration of batch training the weights are constant while the best matching units of all samples are
found. With ``n_b`` and ``S_b`` the (weighted) number and sum of the samples whose best matching unit is
``b``, and ``g`` the neighbourhood, the update is

    W_i = sum_b g(i, b) S_b / sum_b g(i, b) n_b

A component ``v`` of a sample of weight ``w`` is added as the integer ``rint((w * v) * 2**s)``, with one scale
``s`` per component. Integers are added exactly, and each sum is rounded to a double once. Therefore neither
the order of the samples nor their division into blocks, threads or machines changes the result. Negative
zeros become the integer 0.

References
----------
T. Kohonen, *Self-Organizing Maps*, 3rd edition, Springer 2001, section 3.6 ("The Batch Map").
"""

import numpy as np

from kohonen.engines.search import IntArray
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import address, loaded_kernel

__all__ = ["NativeSums", "Sums", "largest", "scales"]

#: An integer has at most 61 bits and a sign. The lower of the two limbs of a sum holds the last 36 of them.
BITS, LOW = 61, 36
MASK = 2**LOW - 1
#: Samples from one carry to the next: the lower limb stays below 2**62.
UNCARRIED = 2**25


def largest(samples: FloatArray, sample_weight: FloatArray | None = None) -> FloatArray:
    """Return the largest magnitude of each component, and that of the counts.

    Parameters
    ----------
    samples : ndarray of shape (n, dim)
        The samples; NaN for missing values.
    sample_weight : ndarray of shape (n,), optional
        Their weights, not negative; 1 by default.

    Returns
    -------
    ndarray of shape (dim + 1,)
        The largest weight times the largest magnitude in each column, and times one. That of a part of the
        samples is at most that of all samples, and the maximum over all parts is sufficient for `scales`.
    """
    low, high = (extreme.reduce(samples, axis=0, initial=0.0) for extreme in (np.fmin, np.fmax))
    weight = 1.0 if sample_weight is None else sample_weight.max()
    return np.append(np.maximum(-low, high), 1.0) * weight


def scales(magnitudes: FloatArray) -> IntArray:
    """Return the scale of each component, by which its magnitude becomes less than 2**61."""
    return BITS - np.frexp(magnitudes)[1].astype(np.int64)


class Sums:
    """Exact sums of samples, and their numbers, by unit.

    Parameters
    ----------
    units : int
        The number of units.
    scale : ndarray of shape (dim + 1,)
        The `scales` of the components and of the counts. Larger values than those that the scales were made
        for are not supported.
    masked : bool, default False
        Whether samples have missing values (NaN). They are left out, and each component has its own counts.
    """

    #: Samples that are added at a time, which bounds the memory.
    block = 2**14

    def __init__(self, units: int, scale: IntArray, *, masked: bool = False) -> None:
        dimension = len(scale) - 1
        scale = np.append(scale, np.repeat(scale[-1:], dimension - 1 if masked else 0))
        # A sum is upper * 2**LOW + lower; both have a place per component.
        self._limbs = np.zeros((units, 2, len(scale)), dtype=np.int64)
        self._uncarried = 0
        # Scaling takes two steps, since 2**s may be infinite. It is exact, but for values far below 1.
        self._factors = np.ldexp(1.0, np.stack([scale // 2, scale - scale // 2]))

    def add(self, units: IntArray, samples: FloatArray, sample_weight: FloatArray | None = None) -> None:
        """Add samples.

        Parameters
        ----------
        units : ndarray of shape (n,)
            Their best matching units, as indices in C order.
        samples : ndarray of shape (n, dim)
            The samples.
        sample_weight : ndarray of shape (n,), optional
            Their weights; 1 by default.
        """
        for start in range(0, len(units), self.block):
            rows = slice(start, start + self.block)
            self._uncarried += len(units[rows])
            if self._uncarried > UNCARRIED:
                self._carry()
                self._uncarried = len(units[rows])
            self._add(units[rows], samples[rows], None if sample_weight is None else sample_weight[rows])

    def merge(self, other: "Sums") -> None:
        """Add the sums of other samples, made with the same scales."""
        if not np.array_equal(self._factors, other._factors):
            raise ValueError("sums of different scales cannot be merged")
        self._limbs += other._limbs
        self._carry()

    def planes(self) -> FloatArray:
        """Return the sums and then the counts, of shape (components, units), each rounded once.

        All sums are multiples of 2**-1074, so that none is rounded again where doubles are subnormal.
        """
        self._carry()
        planes = np.empty((self._limbs.shape[2], self._limbs.shape[0]))
        limbs = self._limbs.transpose(2, 1, 0)
        for plane, (upper, lower), factors in zip(planes, limbs, self._factors.T, strict=True):
            np.divide(_rounded(upper, lower), factors[0], out=plane)
            plane /= factors[1]
        return planes

    def _add(self, units: IntArray, samples: FloatArray, sample_weight: FloatArray | None) -> None:
        absent = np.isnan(samples)
        counted = ~absent[:, : self._limbs.shape[2] - samples.shape[1]]
        values = np.hstack([np.where(absent, 0.0, samples), counted])
        if sample_weight is not None:
            values *= sample_weight[:, None]
        for factors in self._factors:
            values *= factors
        # One component at a time: np.add.at is slow in two dimensions.
        for column, (upper, lower) in zip(values.T, self._limbs.transpose(2, 1, 0), strict=True):
            integers = np.rint(column).astype(np.int64)
            np.add.at(upper, units, integers >> LOW)
            np.add.at(lower, units, integers & MASK)

    def _carry(self) -> None:
        """Reduce the lower limbs to less than 2**LOW."""
        for upper, lower in self._limbs.transpose(2, 1, 0):
            upper += lower >> LOW
            lower &= MASK
        self._uncarried = 0


class NativeSums(Sums):
    """`Sums` with the compiled kernel."""

    block = UNCARRIED

    def planes(self) -> FloatArray:
        """Return the sums and then the counts, of shape (components, units), each rounded once."""
        units, _, components = self._limbs.shape
        planes = np.empty((components, units))
        inverses = 1.0 / self._factors
        loaded_kernel().sums_planes(
            address(self._limbs), units, components, address(inverses), address(planes)
        )
        return planes

    def _add(self, units: IntArray, samples: FloatArray, sample_weight: FloatArray | None) -> None:
        units, samples = np.ascontiguousarray(units), np.ascontiguousarray(samples)
        weights = None if sample_weight is None else np.ascontiguousarray(sample_weight)
        loaded_kernel().sums_add(
            address(self._limbs), self._limbs.shape[2], address(self._factors), address(units),
            address(samples), None if weights is None else address(weights), *samples.shape,
        )  # fmt: skip


def _rounded(upper: IntArray, lower: IntArray) -> FloatArray:
    """Return ``upper * 2**LOW + lower`` as doubles, each rounded once.

    The leading 62 bits or more become an integer, whose last bit is also set if any bit below it is ("round
    to odd"): it is rounded to the 53 bits of a double as the sum would be.
    """
    shift = np.clip(np.frexp(upper.astype(np.float64))[1] - 27, 0, LOW)
    below = lower & (1 << shift) - 1
    leading = upper << LOW - shift | lower >> shift | (below != 0)
    rounded: FloatArray = np.ldexp(leading.astype(np.float64), shift)
    return rounded
