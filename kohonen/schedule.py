"""Decay of the radius and of the learning rate during training."""

import sys
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kohonen import arithmetic

__all__ = ["NEIGHBOURHOOD_CUT", "Schedule"]

#: Smaller values of the neighbourhood count as zero, which makes updates local and changes weights by far
#: less than 1e-9.
NEIGHBOURHOOD_CUT = 1e-12


@dataclass(frozen=True)
class Schedule:
    """Exponential decay of the radius and of the learning rate.

    With ``sigma_0`` and ``sigma_N`` the initial and the final radius, and ``N`` the number of iterations,
    ``lambda = N / ln(sigma_0 / sigma_N)``; at iteration ``t`` radius and rate are their initial values times
    ``exp(-t / lambda)``. If ``sigma_0 <= sigma_N``, both stay constant.

    Parameters
    ----------
    iterations : int
        ``N``, the passes over the data.
    sigma : float
        ``sigma_0``, in units of the grid, above 0.
    learning_rate : float
        ``alpha_0``.
    final_sigma : float, default 1
        ``sigma_N``, in units of the grid, above 0.

    References
    ----------
    T. Kohonen, *Self-Organizing Maps*, 3rd edition, Springer 2001, section 3.1.
    """

    iterations: int
    sigma: float
    learning_rate: float
    final_sigma: float = 1.0

    @cached_property
    def time_constant(self) -> float | None:
        """``lambda``, in iterations; None if radius and learning rate stay constant."""
        if self.sigma <= self.final_sigma:
            return None
        ratio = min(self.sigma / self.final_sigma, sys.float_info.max)  # the quotient may overflow
        return self.iterations / float(arithmetic.ln(ratio))

    def radius(self, iteration: int) -> float:
        """Return ``sigma_t``, the width of the Gaussian neighbourhood, in units of the grid."""
        return float(self.sigma * self.decay(iteration))

    def rate(self, iteration: int) -> float:
        """Return ``alpha_t``, the learning rate."""
        return float(self.learning_rate * self.decay(iteration))

    def decay(self, iterations: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return ``exp(-t / lambda)`` for iterations of any shape."""
        t = np.asarray(iterations, dtype=np.float64)
        if self.time_constant is None:
            return np.ones_like(t)
        return np.asarray(arithmetic.exp(-t / self.time_constant))

    def neighbourhoods(
        self, iterations: npt.NDArray[np.int64], squared: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return the Gaussian ``exp(-d^2 / (2 sigma_t^2))``, or 0 below the cut.

        Parameters
        ----------
        iterations : ndarray of shape (n,)
            ``t``.
        squared : ndarray of shape (k,)
            ``d^2``, squares of distances in units of the grid.

        Returns
        -------
        ndarray of shape (n, k)
            The values.
        """
        radius = self.sigma * self.decay(iterations)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            exponents = -squared / (2.0 * radius * radius)[:, None]
        # A variance that is zero gives 0/0 at distance 0, and else -infinity.
        values = arithmetic.exp(np.where(squared == 0.0, 0.0, exponents))
        return np.where(values < NEIGHBOURHOOD_CUT, 0.0, values)
