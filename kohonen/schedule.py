"""Decay of the radius and of the learning rate during training."""

import math
from typing import NamedTuple

__all__ = ["NEIGHBOURHOOD_CUT", "Schedule"]

#: Smaller values of the neighbourhood count as zero, which makes updates local and changes weights by far
#: less than 1e-9.
NEIGHBOURHOOD_CUT = 1e-12


class Schedule(NamedTuple):
    """Exponential decay of the radius and of the learning rate.

    With ``sigma_0`` the initial radius and ``N`` the number of iterations, ``lambda = N / ln(sigma_0)``;
    at iteration ``t`` both are their initial values times ``exp(-t / lambda)``, so that the radius reaches
    one unit at the end of the training. If ``sigma_0 <= 1``, both stay constant.

    Parameters
    ----------
    iterations : int
        ``N``, the passes over the data.
    sigma : float
        ``sigma_0``, in units of the grid, above 0.
    learning_rate : float
        ``alpha_0``.

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
        return (
            self.iterations / math.log(self.sigma / self.final_sigma)
            if self.sigma > self.final_sigma
            else None
        )

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
        table = [1.0]
        if double_variance == 0.0:
            return table
        # The last bit of np.exp depends on the processor's vector unit.
        exp = math.exp
        for k in range(1, size):
            value = exp(-(k * k * distance_squared) / double_variance)
            if value < NEIGHBOURHOOD_CUT:
                break
            table.append(value)
        return table

    def _decay(self, iteration: int) -> float:
        time_constant = self.time_constant
        return 1.0 if time_constant is None else math.exp(-iteration / time_constant)
