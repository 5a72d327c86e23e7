"""Reference implementations of the training algorithms, as literal as possible: slow, but simple."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kohonen import arithmetic

Array = npt.NDArray[np.float64]


@functools.cache
def exp(x: float) -> float:
    """Return the contract's exponential, which math.exp equals but for the last bit."""
    return float(arithmetic.exp(x))


@functools.cache
def ln(x: float) -> float:
    """Return the contract's logarithm."""
    return float(arithmetic.ln(x))


@dataclass
class Result:
    """The weights after each iteration, and the best matching unit of every step."""

    history: list[Array]
    units: list[tuple[int, int]]

    @property
    def weights(self) -> Array:
        """The final weights."""
        return self.history[-1]


def contract(
    samples: Array, initial: Array, *, iterations: int, learning_rate: float = 0.1, sigma: float | None = None
) -> Result:
    """Train online by the contract: the separable Gaussian, cut at 1e-12, with its order of operations."""
    weights = initial.copy()
    width, height, dimension = weights.shape
    history, units = [], []
    for t in range(iterations):
        sigma_t, alpha_t = _schedule(t, iterations, learning_rate, sigma, width, height)
        for v in samples:
            bx, by = best_matching_unit(weights, v)
            units.append((bx, by))
            for x in range(width):
                for y in range(height):
                    h = g(abs(x - bx), sigma_t) * (alpha_t * g(abs(y - by), sigma_t))
                    for k in range(dimension):
                        weights[x, y, k] = weights[x, y, k] + h * (v[k] - weights[x, y, k])
        history.append(weights.copy())
    return Result(history, units)


def batch(samples: Array, initial: Array, *, iterations: int, sigma: float | None = None) -> Result:
    """Train in batches by the contract."""
    weights = initial.copy()
    width, height, dimension = weights.shape
    history, units = [], []
    for t in range(iterations):
        sigma_t, _ = _schedule(t, iterations, 0.1, sigma, width, height)
        found = [best_matching_unit(weights, v) for v in samples]
        units += found
        for x in range(width):
            for y in range(height):
                above, below = np.zeros(dimension), 0.0
                for v, (bx, by) in zip(samples, found, strict=True):
                    theta = g(abs(x - bx), sigma_t) * g(abs(y - by), sigma_t)
                    above, below = above + theta * v, below + theta
                if below > 0:
                    weights[x, y] = above / below
        history.append(weights.copy())
    return Result(history, units)


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


def on_any_grid(samples: Array, initial: Array, grid: GridOfUnits, *, iterations: int) -> Result:
    """Train online by the contract, on a grid of any kind."""
    weights = initial.copy()
    history, units = [], []
    for t in range(iterations):
        sigma_t, alpha_t = _schedule(t, iterations, 0.1, None, grid.width, grid.height)
        for v in samples:
            found = best_matching_unit(weights, v)
            units.append(found)
            for x in range(grid.width):
                for y in range(grid.height):
                    across, down = grid.apart(x, y, *found)
                    h = _cut_gaussian(across, sigma_t) * (alpha_t * _cut_gaussian(down, sigma_t))
                    weights[x, y] = weights[x, y] + h * (v - weights[x, y])
        history.append(weights.copy())
    return Result(history, units)


def batch_on_any_grid(samples: Array, initial: Array, grid: GridOfUnits, *, iterations: int) -> Result:
    """Train in batches on a grid of any kind."""
    weights = initial.copy()
    history, units = [], []
    for t in range(iterations):
        sigma_t, _ = _schedule(t, iterations, 0.1, None, grid.width, grid.height)
        found = [best_matching_unit(weights, v) for v in samples]
        units += found
        for x in range(grid.width):
            for y in range(grid.height):
                above, below = np.zeros(weights.shape[2]), 0.0
                for v, unit in zip(samples, found, strict=True):
                    across, down = grid.apart(x, y, *unit)
                    theta = _cut_gaussian(across, sigma_t) * _cut_gaussian(down, sigma_t)
                    above, below = above + theta * v, below + theta
                if below > 0:
                    weights[x, y] = above / below
        history.append(weights.copy())
    return Result(history, units)


def masked_on_any_grid(samples: Array, initial: Array, grid: GridOfUnits, *, iterations: int) -> Result:
    """Train online on samples with missing values (NaN), which are left out of distances and updates."""
    weights = initial.copy()
    history, units = [], []
    for t in range(iterations):
        sigma_t, alpha_t = _schedule(t, iterations, 0.1, None, grid.width, grid.height)
        for v in samples:
            found = masked_best_matching_unit(weights, v)
            units.append(found)
            for x in range(grid.width):
                for y in range(grid.height):
                    across, down = grid.apart(x, y, *found)
                    h = _cut_gaussian(across, sigma_t) * (alpha_t * _cut_gaussian(down, sigma_t))
                    for k in range(len(v)):
                        if not math.isnan(v[k]):
                            weights[x, y, k] = weights[x, y, k] + h * (v[k] - weights[x, y, k])
        history.append(weights.copy())
    return Result(history, units)


def masked_batch_on_any_grid(samples: Array, initial: Array, grid: GridOfUnits, *, iterations: int) -> Result:
    """Train in batches on samples with missing values (NaN): components are means of the values present."""
    weights = initial.copy()
    history, units = [], []
    for t in range(iterations):
        sigma_t, _ = _schedule(t, iterations, 0.1, None, grid.width, grid.height)
        found = [masked_best_matching_unit(weights, v) for v in samples]
        units += found
        for x in range(grid.width):
            for y in range(grid.height):
                for k in range(weights.shape[2]):
                    above, below = 0.0, 0.0
                    for v, unit in zip(samples, found, strict=True):
                        across, down = grid.apart(x, y, *unit)
                        theta = _cut_gaussian(across, sigma_t) * _cut_gaussian(down, sigma_t)
                        if not math.isnan(v[k]):
                            above, below = above + theta * v[k], below + theta
                    if below > 0:
                        weights[x, y, k] = above / below
        history.append(weights.copy())
    return Result(history, units)


def masked_best_matching_unit(weights: Array, v: Array) -> tuple[int, int]:
    """Search one unit after the other, by the sample's present values."""
    there = [k for k in range(len(v)) if not math.isnan(v[k])]
    return best_matching_unit(weights[:, :, there], v[there])


def textbook_on_any_grid(samples: Array, initial: Array, grid: GridOfUnits, *, iterations: int) -> Array:
    """Train online with one exponential of the Euclidean distance on the grid per unit, and no cut."""
    weights = initial.copy()
    for t in range(iterations):
        sigma_t, alpha_t = _schedule(t, iterations, 0.1, None, grid.width, grid.height, math.exp, math.log)
        for v in samples:
            found = best_matching_unit(weights, v)
            for x in range(grid.width):
                for y in range(grid.height):
                    squared = sum(grid.apart(x, y, *found))
                    weights[x, y] += alpha_t * math.exp(-squared / (2 * sigma_t**2)) * (v - weights[x, y])
    return weights


def _cut_gaussian(squared: float, sigma_t: float) -> float:
    value = exp(-squared / (2 * sigma_t * sigma_t))
    return 0.0 if value < 1e-12 else value


def g(k: int, sigma_t: float) -> float:
    """Return the neighbourhood at a distance along one axis, cut at 1e-12."""
    value = exp(-(k * k) / (2 * sigma_t * sigma_t))
    return 0.0 if value < 1e-12 else value


def textbook(
    samples: Array, initial: Array, *, iterations: int, learning_rate: float = 0.1, sigma: float | None = None
) -> Result:
    """Train by the textbook: one exponential of the Euclidean distance on the grid per unit, no cut."""
    weights = initial.copy()
    width, height, _ = weights.shape
    history, units = [], []
    for t in range(iterations):
        sigma_t, alpha_t = _schedule(t, iterations, learning_rate, sigma, width, height, math.exp, math.log)
        for v in samples:
            bx, by = best_matching_unit(weights, v)
            units.append((bx, by))
            for x in range(width):
                for y in range(height):
                    squared = (x - bx) ** 2 + (y - by) ** 2
                    theta = math.exp(-squared / (2 * sigma_t**2))
                    weights[x, y] += alpha_t * theta * (v - weights[x, y])
        history.append(weights.copy())
    return Result(history, units)


def best_matching_unit(weights: Array, v: Array) -> tuple[int, int]:
    """Search one unit after the other; ties go to the first."""
    best, least = (0, 0), math.inf
    for x in range(weights.shape[0]):
        for y in range(weights.shape[1]):
            squared = squared_distance(weights[x, y], v)
            if squared < least:
                best, least = (x, y), squared
    return best


def squared_distance(w: Array, v: Array) -> float:
    """Sum the squares in order of dimension."""
    total = 0.0
    for k in range(len(v)):
        total += float((v[k] - w[k]) * (v[k] - w[k]))
    return total


def _schedule(
    t: int,
    iterations: int,
    learning_rate: float,
    sigma: float | None,
    width: int,
    height: int,
    exp: Callable[[float], float] = exp,
    ln: Callable[[float], float] = ln,
) -> tuple[float, float]:
    sigma_0 = max(width, height) / 2 if sigma is None else sigma
    if sigma_0 <= 1:
        return sigma_0, learning_rate
    time_constant = iterations / ln(sigma_0)
    decay = exp(-t / time_constant)
    return sigma_0 * decay, learning_rate * decay
