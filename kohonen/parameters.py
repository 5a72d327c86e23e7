"""What determines a training, besides the data: one definition for everything that trains.

The library, the service's requests, the command line and experiments in YAML take names, defaults, bounds and
help from `DEFINITIONS`.
"""

import math
import secrets
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from kohonen.data import FloatArray
from kohonen.errors import InvalidParameterError
from kohonen.geometry import Boundary, Geometry, Grid
from kohonen.schedule import Schedule

__all__ = [
    "BATCH_SIZE",
    "DEFINITIONS",
    "SEEDS",
    "Algorithm",
    "Definition",
    "Initialisation",
    "Parameters",
    "draw_seed",
]

Algorithm: TypeAlias = Literal["online", "batch"]
Initialisation: TypeAlias = Literal["random", "sample", "pca"]

#: Seeds that are drawn are below this number.
SEEDS = 2**32


def draw_seed() -> int:
    """Return a random seed."""
    return secrets.randbelow(SEEDS)


#: What a value that is no number must be.
_KINDS = {bool: "true or false", str: "a text", list: "a list", dict: "names with values"}


class Definition(NamedTuple):
    """What there is to say about a parameter.

    Attributes
    ----------
    help : str
        What it is, for people.
    kind : type
        int, float, bool, str or list.
    default : object
        What it is where nobody says; None stands for what `help` tells.
    least, above, most : float or None
        Its bounds: at least, above, at most.
    choices : tuple of str
        What a text may be.
    """

    help: str
    kind: type
    default: Any = None
    least: int | None = None
    above: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: Any) -> Any:
        """Return a value as what it is to be, a NumPy number as Python's.

        Raises
        ------
        InvalidParameterError
            When it is of another type, or out of bounds.
        """
        if self.choices and value not in self.choices:
            known = ", ".join(map(repr, self.choices))
            raise _invalid(name, f"must be one of {known}, but is {value!r}")
        if self.kind is int:
            return self._integer(name, value)
        if self.kind is float:
            return self._number(name, value)
        if not isinstance(value, self.kind):
            raise _invalid(name, f"must be {_KINDS[self.kind]}, but is {value!r}")
        return value

    def _integer(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise _invalid(name, f"must be an integer, but is {value!r}")
        if self.least is not None and value < self.least:
            raise _invalid(name, f"must be at least {self.least}, but is {value}")
        if self.most is not None and value > self.most:
            raise _invalid(name, f"must be at most {self.most:g}, but is {value}")
        return int(value)

    def _number(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise _invalid(name, f"must be a number, but is {value!r}")
        number = float(value)
        above, most = self.above or 0.0, math.inf if self.most is None else self.most
        if not (math.isfinite(number) and above < number <= most):
            bounds = "and finite" if most == math.inf else f"and at most {most:g}"
            raise _invalid(name, f"must be above {above:g} {bounds}, but is {value}")
        return number


def _invalid(name: str, what: str) -> InvalidParameterError:
    return InvalidParameterError(f"{name} {what}", parameter=name)


def _about(help: str, kind: Any, **bounds: Any) -> dict[str, Definition]:  # noqa: A002 - as it is called
    choices = get_args(kind)
    return {"definition": Definition(help, str if choices else kind, choices=choices, **bounds)}


#: How a training is done, not what it learns.
BATCH_SIZE = Definition(
    "Samples that batch training looks up at a time; memory only, never the result.", int, least=1
)


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

    width: int = field(metadata=_about("Units of the map to the right.", int, default=100, least=1))
    height: int = field(metadata=_about("Units of the map downwards.", int, default=100, least=1))
    iterations: int = field(default=1000, metadata=_about("Passes over the data.", int, least=1))
    learning_rate: float = field(
        default=0.1, metadata=_about("The learning rate at the start.", float, above=0, most=1)
    )
    sigma: float | None = field(
        default=None,
        metadata=_about(
            "The radius at the start, in units; half the map's longer side by default.", float, above=0
        ),
    )
    random_state: int | None = field(
        default=None,
        metadata=_about("The seed of the initial weights; drawn and told when left out.", int, least=0),
    )
    algorithm: Algorithm = field(
        default="online",
        metadata=_about(
            "How the map is trained: sample by sample, or in batches, for many samples.", Algorithm
        ),
    )
    initialisation: Initialisation = field(
        default="random",
        metadata=_about(
            "Where the weights begin: random in [0, 1), at random samples, or on the plane of the two "
            "principal components.",
            Initialisation,
        ),
    )
    grid: Grid = field(
        default="rectangular",
        metadata=_about("How units are placed: eight neighbours each, or six.", Grid),
    )
    boundary: Boundary = field(
        default="planar", metadata=_about("Whether opposite edges are joined.", Boundary)
    )

    def __post_init__(self) -> None:
        for name, definition in DEFINITIONS.items():
            value = getattr(self, name)
            if value is not None or definition.default is not None:
                object.__setattr__(self, name, definition.check(name, value))
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


#: The parameters by name. A map's width and height have no default in the library; who must have one takes
#: that of the definition.
DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        one.name: one.metadata["definition"]
        if one.default is MISSING
        else one.metadata["definition"]._replace(default=one.default)
        for one in fields(Parameters)
    }
)
