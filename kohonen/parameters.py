"""Parameters of a map and of its training, with their defaults, bounds and descriptions.

The library, the service's requests, the command line and experiments in YAML take names, defaults, bounds and
help texts from `DEFINITIONS`.
"""

import math
import secrets
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from kohonen.errors import InvalidParameterError
from kohonen.geometry import Boundary, Geometry, Grid
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = [
    "AUTO",
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

#: The value of a parameter that is chosen for the data; see :mod:`kohonen.engines.sizes`.
AUTO = "auto"

#: Upper bound (exclusive) of drawn seeds.
SEEDS = 2**32


def draw_seed() -> int:
    """Return a random seed."""
    return secrets.randbelow(SEEDS)


#: Names of the types that are not numbers, for messages.
_KINDS = {bool: "true or false", str: "a text", list: "a list", dict: "names with values"}


class Definition(NamedTuple):
    """The definition of a parameter.

    Attributes
    ----------
    help : str
        A description for users.
    kind : type
        int, float, bool, str or list.
    default : object
        The default; None if `help` describes it.
    least, above, most : float or None
        Bounds: minimum, exclusive minimum, maximum.
    choices : tuple of str
        The allowed texts.
    auto : bool
        Whether "auto" is allowed.
    """

    help: str
    kind: type
    default: Any = None
    least: int | None = None
    above: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    auto: bool = False

    def check(self, name: str, value: Any) -> Any:
        """Validate a value and return it, converting NumPy numbers to Python's.

        Raises
        ------
        InvalidParameterError
            If it has another type or is out of bounds.
        """
        if self.auto and value == AUTO:
            return value
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


def _define(help: str, kind: Any, **bounds: Any) -> dict[str, Definition]:  # noqa: A002 - the field's name
    choices = get_args(kind)
    return {"definition": Definition(help, str if choices else kind, choices=choices, **bounds)}


#: Not one of the parameters: it does not affect the result.
BATCH_SIZE = Definition("Samples per block in batch training; affects memory, not the result.", int, least=1)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of a map and of its training.

    Parameters
    ----------
    width, height : int
        Columns and rows of units; each at least 1.
    iterations : int, default 1000
        Passes over the data, at least 1.
    learning_rate : float, default 0.1
        The initial learning rate, above 0 and at most 1.
    sigma : float, optional
        The initial radius, in units of the grid, above 0; ``max(width, height) / 2`` if None.
    final_sigma : float, default 1
        The radius at the end of the training. Below 0.134 (on a rectangular grid) a unit has no neighbours,
        and an iteration of batch training is one of k-means. From an initial radius that is not larger, the
        radius stays as it is.
    random_state : int, optional
        The seed of the initial weights, not negative; drawn at random if None.
    algorithm : {"online", "batch"}, default "online"
        Update after each sample, or once per iteration from all samples. Batch training suits many samples;
        with fewer samples than units it orders the map badly.
    initialisation : {"random", "sample", "pca"}, default "random"
        Initial weights: random in [0, 1), randomly chosen samples, or evenly spaced on the plane of the
        samples' first two principal components; see :mod:`kohonen.initialisation`.
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        The arrangement of units; see :mod:`kohonen.geometry`.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether opposite edges of the grid are joined.

    Raises
    ------
    InvalidParameterError
        If a value has the wrong type or is out of range.
    """

    width: int = field(metadata=_define("Width of the map, in units.", int, default=100, least=1))
    height: int = field(metadata=_define("Height of the map, in units.", int, default=100, least=1))
    iterations: int = field(default=1000, metadata=_define("Passes over the data.", int, least=1))
    learning_rate: float = field(
        default=0.1, metadata=_define("Initial learning rate.", float, above=0, most=1)
    )
    sigma: float | None = field(
        default=None,
        metadata=_define("Initial radius, in units; half the map's longer side by default.", float, above=0),
    )
    final_sigma: float = field(
        default=1.0, metadata=_define("Radius at the end of the training, in units.", float, above=0)
    )
    random_state: int | None = field(
        default=None,
        metadata=_define("Seed of the initial weights; drawn and reported if omitted.", int, least=0),
    )
    algorithm: Algorithm = field(
        default="online",
        metadata=_define("Training algorithm: update after each sample, or once per iteration.", Algorithm),
    )
    initialisation: Initialisation = field(
        default="random",
        metadata=_define(
            "Initial weights: random in [0, 1), random samples, or the plane of the first two principal "
            "components.",
            Initialisation,
        ),
    )
    grid: Grid = field(
        default="rectangular",
        metadata=_define("Arrangement of units: eight neighbours each, or six.", Grid),
    )
    boundary: Boundary = field(
        default="planar", metadata=_define("Whether opposite edges are joined.", Boundary)
    )

    def __post_init__(self) -> None:
        for name, definition in DEFINITIONS.items():
            value = getattr(self, name)
            if value is not None or definition.default is not None:
                object.__setattr__(self, name, definition.check(name, value))
        self.geometry.check(self.height)

    @property
    def units(self) -> int:
        """The number of units."""
        return self.width * self.height

    @property
    def geometry(self) -> Geometry:
        """The kind of grid."""
        return Geometry(self.grid, self.boundary)

    @property
    def initial_radius(self) -> float:
        """The initial radius, in units of the grid."""
        return max(self.width, self.height) / 2 if self.sigma is None else self.sigma

    @cached_property
    def schedule(self) -> Schedule:
        """The decay of radius and learning rate."""
        return Schedule(self.iterations, self.initial_radius, self.learning_rate, self.final_sigma)

    def check_weighting(self, sample_weight: object) -> None:
        """Refuse sample weights for an algorithm that takes none.

        Raises
        ------
        InvalidParameterError
            If there are weights for online training.
        """
        if sample_weight is not None and self.algorithm == "online":
            raise InvalidParameterError(
                "online training presents the samples one by one and takes no sample weights: use the "
                'algorithm "batch"',
                parameter="sample_weight",
            )

    def seeded(self) -> "Parameters":
        """Return these parameters with their seed, or with a random one if they have none."""
        if self.random_state is not None:
            return self
        return replace(self, random_state=draw_seed())

    def initial_weights(self, dimension: int) -> FloatArray:
        """Return the random weights of the seed, of shape ``(width, height, dimension)``.

        They are uniform in [0, 1), equal on all machines, and the default initialisation.
        """
        generator = np.random.default_rng(self.random_state)
        return generator.random((self.width, self.height, dimension))


#: The parameters by name. `Parameters` requires a width and a height; requests default to the definition's.
DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        one.name: one.metadata["definition"]
        if one.default is MISSING
        else one.metadata["definition"]._replace(default=one.default)
        for one in fields(Parameters)
    }
)
