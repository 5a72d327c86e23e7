"""What determines a training, besides the data: one definition for everything that trains."""

import math
import secrets
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from kohonen.data import FloatArray
from kohonen.errors import InvalidParameterError
from kohonen.geometry import Boundary, Geometry, Grid
from kohonen.schedule import Schedule

__all__ = ["SEEDS", "Algorithm", "Initialisation", "Parameters", "draw_seed"]

Algorithm: TypeAlias = Literal["online", "batch"]
Initialisation: TypeAlias = Literal["random", "sample", "pca"]

#: What each of these parameters may be.
CHOICES = {"algorithm": Algorithm, "initialisation": Initialisation, "grid": Grid, "boundary": Boundary}

#: Seeds that are drawn are below this number.
SEEDS = 2**32


def draw_seed() -> int:
    """Return a random seed."""
    return secrets.randbelow(SEEDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of a map and of its training.

    Parameters
    ----------
    width, height : int
        Units of the grid, to the right and downwards; each at least 1.
    iterations : int, default 1000
        Passes over the data, at least 1.
    learning_rate : float, default 0.1
        The learning rate at the start, above 0 and at most 1.
    sigma : float, optional
        The radius at the start, in units of the grid, above 0; ``max(width, height) / 2`` when None.
    random_state : int, optional
        The seed of the initial weights, not negative; None asks for one to be drawn.
    algorithm : {"online", "batch"}, default "online"
        How the map is trained: by one sample after the other, or by all of them at once in each iteration,
        which suits many samples and, with fewer of them than units, orders the map badly.
    initialisation : {"random", "sample", "pca"}, default "random"
        Where the weights begin: random in [0, 1), randomly chosen samples, or evenly on the plane of the
        samples' two principal components; see :mod:`kohonen.initialisation`.
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        How units are placed; see :mod:`kohonen.geometry`.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether opposite edges of the grid are joined.

    Raises
    ------
    InvalidParameterError
        For a value of the wrong type or out of range.
    """

    width: int
    height: int
    iterations: int = 1000
    learning_rate: float = 0.1
    sigma: float | None = None
    random_state: int | None = None
    algorithm: Algorithm = "online"
    initialisation: Initialisation = "random"
    grid: Grid = "rectangular"
    boundary: Boundary = "planar"

    def __post_init__(self) -> None:
        for name in ("width", "height", "iterations"):
            self._check_integer(name, least=1)
        if self.random_state is not None:
            self._check_integer("random_state", least=0)
        self._check_positive("learning_rate", most=1.0)
        if self.sigma is not None:
            self._check_positive("sigma", most=math.inf)
        for name, kind in CHOICES.items():
            self._check_choice(name, get_args(kind))
        self.geometry.check(self.height)

    @property
    def units(self) -> int:
        """How many units the map has."""
        return self.width * self.height

    @property
    def geometry(self) -> Geometry:
        """The kind of grid."""
        return Geometry(self.grid, self.boundary)

    @property
    def initial_radius(self) -> float:
        """The radius at the start, in units of the grid."""
        return max(self.width, self.height) / 2 if self.sigma is None else self.sigma

    @property
    def schedule(self) -> Schedule:
        """How radius and learning rate shrink."""
        return Schedule(self.iterations, self.initial_radius, self.learning_rate)

    def seeded(self) -> "Parameters":
        """Return these parameters with a seed: their own, or one drawn now."""
        if self.random_state is not None:
            return self
        return replace(self, random_state=draw_seed())

    def initial_weights(self, dimension: int) -> FloatArray:
        """Return the random weights of the seed, of shape ``(width, height, dimension)``.

        They are uniform in [0, 1) and the same wherever the seed is the same. They are what a training starts
        from unless another initialisation is asked for.
        """
        generator = np.random.default_rng(self.random_state)
        return generator.random((self.width, self.height, dimension))

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        value: Any = getattr(self, name)
        if value not in choices:
            known = ", ".join(map(repr, choices))
            raise InvalidParameterError(f"{name} must be one of {known}, but is {value!r}", parameter=name)

    def _check_integer(self, name: str, *, least: int) -> None:
        value: Any = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InvalidParameterError(f"{name} must be an integer, but is {value!r}", parameter=name)
        if value < least:
            raise InvalidParameterError(f"{name} must be at least {least}, but is {value}", parameter=name)
        object.__setattr__(self, name, int(value))

    def _check_positive(self, name: str, *, most: float) -> None:
        value: Any = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise InvalidParameterError(f"{name} must be a number, but is {value!r}", parameter=name)
        number = float(value)
        if not (math.isfinite(number) and 0.0 < number <= most):
            bounds = "above 0 and finite" if most == math.inf else f"above 0 and at most {most:g}"
            raise InvalidParameterError(f"{name} must be {bounds}, but is {value}", parameter=name)
        object.__setattr__(self, name, number)
