"""Decay of the radius and of the learning rate during training."""

from typing import NamedTuple

import numpy as np

from kohonen import arithmetic

__all__ = ["NEIGHBOURHOOD_CUT", "Schedule"]

#: Smaller values of the neighbourhood count as zero, which makes updates local and changes weights by far
#: less than 1e-9.
NEIGHBOURHOOD_CUT = 1e-12


class Schedule(NamedTuple):
    """Exponential decay of the radius and of the learning rate.

    With ``sigma_0`` the initial radius, ``sigma_N`` the final one and ``N`` the number of iterations,
    ``lambda = N / ln(sigma_0 / sigma_N)``; at iteration ``t`` radius and learning rate are their initial
    values times ``exp(-t / lambda)``, so that the radius reaches ``sigma_N`` at the end of the training.
    If ``sigma_0 <= sigma_N``, both stay constant.

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

    @property
    def time_constant(self) -> float | None:
        """``lambda``, in iterations; None if radius and learning rate stay constant."""
        if self.sigma <= self.final_sigma:
            return None
        return self.iterations / float(arithmetic.ln(self.sigma / self.final_sigma))

    def radius(self, iteration: int) -> float:
        """Return ``sigma_t``, the width of the Gaussian neighbourhood, in units of the grid."""
        return self.sigma * self._decay(iteration)

    def rate(self, iteration: int) -> float:
        """Return ``alpha_t``, the learning rate."""
        return self.learning_rate * self._decay(iteration)

    def neighbourhood(self, iteration: int, size: int, *, distance_squared: float = 1.0) -> list[float]:
        """Return ``g(k) = exp(-s k^2 / (2 sigma_t^2))`` for ``k = 0, 1, ...`` up to the cut.

        Parameters
        ----------
        iteration : int
            ``t``, from 0.
        size : int
            Maximum number of values: the longer side of the grid.
        distance_squared : float, default 1
            ``s``, the square of the distance from one ``k`` to the next, in units of the grid.

        Returns
        -------
        list of float
            At least ``[1.0]``; values beyond its end are zero.
        """
        radius = self.radius(iteration)
        double_variance = 2.0 * radius * radius
        if double_variance == 0.0:
            return [1.0]
        k = np.arange(size, dtype=np.float64)
        with np.errstate(over="ignore"):
            table = arithmetic.exp(-(k * k * distance_squared) / double_variance)
        return list(table[table >= NEIGHBOURHOOD_CUT].tolist())

    def _decay(self, iteration: int) -> float:
        time_constant = self.time_constant
        return 1.0 if time_constant is None else float(arithmetic.exp(-iteration / time_constant))
