"""Reference implementations of the training algorithms, as literal as possible: slow, but simple."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kohonen import arithmetic

Array = npt.NDArray[np.float64]


@dataclass
class Result:
    """The weights after each iteration, and the best matching unit of every step."""

    history: list[Array]
    units: list[tuple[int, int]]

    @property
    def weights(self) -> Array:
        """The final weights."""
        return self.history[-1]


@dataclass(frozen=True)
class GridOfUnits:
    """Distances between units on any grid; on a torus, to the nearest image of the other unit."""

    width: int
    height: int
    hexagonal: bool = False
    toroidal: bool = False

    def apart(self, x: int, y: int, bx: int, by: int) -> tuple[float, float]:
        """Return the squared distances of two units across and down."""
        nearest = (math.inf, math.inf)
        images = (-1, 0, 1) if self.toroidal else (0,)
        for i in images:
            for j in images:
                across = float(x - bx + i * self.width)
                if self.hexagonal:
                    across += (y % 2) / 2 - (by % 2) / 2
                down = (y - by) + j * self.height
                squares = across * across, down * down * 3 / 4 if self.hexagonal else down * down
                nearest = min(nearest, squares, key=sum)
        return nearest


@dataclass(frozen=True)
class Decay:
    """The radius and the learning rate at each iteration."""

    iterations: int
    sigma: float
    learning_rate: float = 0.1
    final_sigma: float = 1.0

    def at(self, t: int) -> tuple[float, float]:
        """Return both at iteration ``t``."""
        if self.sigma <= self.final_sigma:
            return self.sigma, self.learning_rate
        time_constant = self.iterations / float(arithmetic.ln(self.sigma / self.final_sigma))
        decay = _exp(-t / time_constant)
        return self.sigma * decay, self.learning_rate * decay


def online(
    samples: Array,
    initial: Array,
    *,
    grid: GridOfUnits | None = None,
    iterations: int,
    learning_rate: float = 0.1,
    sigma: float | None = None,
    final_sigma: float = 1.0,
) -> Result:
    """Train online by the contract: the separable Gaussian, cut at 1e-12, with its order of operations.

    Missing values (NaN) are left out of distances and updates.
    """
    weights = initial.copy()
    width, height, dimension = weights.shape
    grid = grid or GridOfUnits(width, height)
    decay = Decay(iterations, max(width, height) / 2 if sigma is None else sigma, learning_rate, final_sigma)
    history, units = [], []
    for t in range(iterations):
        sigma_t, alpha_t = decay.at(t)
        for v in samples:
            found = best_matching_unit(weights, v)
            units.append(found)
            for x in range(width):
                for y in range(height):
                    across, down = grid.apart(x, y, *found)
                    h = gaussian(across, sigma_t) * (alpha_t * gaussian(down, sigma_t))
                    for k in range(dimension):
                        if not math.isnan(v[k]):
                            weights[x, y, k] = weights[x, y, k] + h * (v[k] - weights[x, y, k])
        history.append(weights.copy())
    return Result(history, units)


def textbook(samples: Array, initial: Array, *, grid: GridOfUnits | None = None, iterations: int) -> Array:
    """Train online by the textbook: one exponential of the Euclidean distance on the grid, and no cut."""
    weights = initial.copy()
    width, height, _ = weights.shape
    grid, decay = grid or GridOfUnits(width, height), Decay(iterations, max(width, height) / 2)
    for t in range(iterations):
        sigma_t, alpha_t = decay.at(t)
        for v in samples:
            found = best_matching_unit(weights, v)
            for x in range(width):
                for y in range(height):
                    squared = sum(grid.apart(x, y, *found))
                    weights[x, y] += alpha_t * math.exp(-squared / (2 * sigma_t**2)) * (v - weights[x, y])
    return weights


def batch_step(
    samples: Array,
    weights: Array,
    grid: GridOfUnits,
    *,
    t: int,
    iterations: int,
    sigma: float | None = None,
    final_sigma: float = 1.0,
    sample_weight: Array | None = None,
) -> Array:
    """Return the weights after iteration ``t`` of batch training; values that are missing (NaN) do not count.

    The sums are not exact: a whole training may differ where two units are equally near up to rounding.
    """
    updated = weights.copy()
    heavy = np.ones(len(samples)) if sample_weight is None else sample_weight
    sigma_0 = max(grid.width, grid.height) / 2 if sigma is None else sigma
    sigma_t, _ = Decay(iterations, sigma_0, final_sigma=final_sigma).at(t)
    found = [best_matching_unit(weights, v) for v in samples]
    for x in range(grid.width):
        for y in range(grid.height):
            above, below = np.zeros(weights.shape[2]), np.zeros(weights.shape[2])
            for v, unit, weight in zip(samples, found, heavy, strict=True):
                across, down = grid.apart(x, y, *unit)
                theta = gaussian(across, sigma_t) * gaussian(down, sigma_t)
                for k in range(len(v)):
                    if not math.isnan(v[k]):
                        above[k], below[k] = above[k] + theta * weight * v[k], below[k] + theta * weight
            for k in range(len(above)):
                if below[k] > 0:
                    updated[x, y, k] = above[k] / below[k]
    return updated


def gaussian(squared: float, sigma_t: float) -> float:
    """Return the neighbourhood at a squared distance along one axis, cut at 1e-12."""
    if squared == 0:
        return 1.0
    variance = 2.0 * sigma_t * sigma_t
    value = _exp(-squared / variance) if variance else 0.0
    return 0.0 if value < 1e-12 else value


def best_matching_unit(weights: Array, v: Array) -> tuple[int, int]:
    """Search one unit after the other, by the values present; ties go to the first."""
    best, least = (0, 0), math.inf
    for x in range(weights.shape[0]):
        for y in range(weights.shape[1]):
            squared = squared_distance(weights[x, y], v)
            if squared < least:
                best, least = (x, y), squared
    return best


def squared_distance(w: Array, v: Array) -> float:
    """Sum the squares in order of dimension, without missing values."""
    total = 0.0
    for k in range(len(v)):
        if not math.isnan(v[k]):
            total += float((v[k] - w[k]) * (v[k] - w[k]))
    return total


@cache
def _exp(x: float) -> float:
    """Return the exponential of the contract, which test_arithmetic.py compares with exact values."""
    return float(arithmetic.exp(x))
