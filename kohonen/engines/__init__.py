"""Engines: what computes a training, one iteration after the other.

An engine decides how fast a map trains, never what it learns: on the same initial weights, samples and
schedule every engine of an algorithm ends with the same weights, those of the online algorithm bit for bit.
"""

from functools import cache
from typing import Protocol

from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.engines.any_grid import AnyGridBatch, AnyGridOnline
from kohonen.engines.batch import NativeBatch, NumpyBatch
from kohonen.engines.masked import MaskedBatch
from kohonen.engines.native_online import NativeOnline
from kohonen.engines.numpy_online import NumpyOnline
from kohonen.geometry import PLANAR, Geometry
from kohonen.kernel import kernel
from kohonen.parameters import Algorithm
from kohonen.schedule import Schedule

__all__ = [
    "ENGINES",
    "AnyGridBatch",
    "AnyGridOnline",
    "Engine",
    "MaskedBatch",
    "NativeBatch",
    "NativeOnline",
    "NumpyBatch",
    "NumpyOnline",
    "default_engine",
    "describe_engine",
    "engine_of_grid",
]

#: The compiled engine of each algorithm, and the one that is always there.
ENGINES: dict[Algorithm, tuple[type["Engine"], type["Engine"]]] = {
    "online": (NativeOnline, NumpyOnline),
    "batch": (NativeBatch, NumpyBatch),
}


class Engine(Protocol):
    """A training under way: it holds the weights and moves them."""

    #: What the engine is called wherever it is named.
    name: str
    #: What its steps cost, estimated with care: rather too much than too little.
    cost: Cost

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        """Begin with ``weights`` (width, height, dim), which are left alone, on ``samples`` (n, dim)."""

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``, each a pass over all samples in order."""

    def weights(self) -> FloatArray:
        """Return a copy of the weights as they are now, of shape (width, height, dim)."""


def default_engine(
    algorithm: Algorithm = "online", geometry: Geometry = PLANAR, *, masked: bool = False
) -> type[Engine]:
    """Return the fastest engine that this installation has for an algorithm on a kind of grid.

    For samples that miss values, when they are to be `masked`.
    """
    if masked or geometry != PLANAR:
        return engine_of_grid(algorithm, geometry, masked=masked)
    native, numpy = ENGINES[algorithm]
    return native if kernel() else numpy


@cache
def engine_of_grid(algorithm: Algorithm, geometry: Geometry, *, masked: bool = False) -> type[Engine]:
    """Return the engine that serves an algorithm on any kind of grid, and samples that miss values."""
    base: type[Engine] = AnyGridOnline
    if algorithm == "batch":
        base = MaskedBatch if masked else AnyGridBatch
    cost = base.cost
    if base is AnyGridBatch and kernel():
        cost = NativeBatch.cost._replace(per_smoothing=cost.per_smoothing)
    return type(base.__name__, (base,), {"geometry": geometry, "cost": cost})


def describe_engine(engine: type[Engine] | None = None) -> str:
    """Return what an engine is, for people: ``"native (avx2)"``, or ``"numpy"``.

    Of the one that serves by default when none is given, it is said as well why it is no better one:
    ``"numpy (no compiled kernel)"``.
    """
    described = engine or default_engine()
    found = kernel()
    if found and described.name == NativeOnline.name:
        return f"{described.name} ({found.instruction_set})"
    return described.name if engine else f"{described.name} (no compiled kernel)"
