"""Engines: implementations of the training algorithms.

Engines differ in speed only: with the same initial weights, samples and schedule all engines of an algorithm
give the same weights, those of the online algorithm bit for bit.
"""

from functools import cache, partialmethod
from typing import Protocol

from kohonen.engines.batch import NativeBatch, NumpyBatch
from kohonen.engines.cost import Cost
from kohonen.engines.masked import MaskedBatch
from kohonen.engines.native_online import NativeOnline
from kohonen.engines.numpy_any_grid import AnyGridBatch, AnyGridOnline
from kohonen.engines.numpy_online import NumpyOnline
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
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

#: The compiled engine and the NumPy engine of each algorithm.
ENGINES: dict[Algorithm, tuple[type["Engine"], type["Engine"]]] = {
    "online": (NativeOnline, NumpyOnline),
    "batch": (NativeBatch, NumpyBatch),
}


class Engine(Protocol):
    """The interface of an engine: it holds the weights and updates them."""

    #: Name of the engine in results.
    name: str
    #: The cost model, a conservative estimate.
    cost: Cost

    def __init__(self, weights: FloatArray, samples: FloatArray, schedule: Schedule) -> None:
        """Begin with a copy of ``weights`` (width, height, dim) on ``samples`` (n, dim)."""

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``, each a pass over all samples in order."""

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""


def default_engine(
    algorithm: Algorithm = "online", geometry: Geometry = PLANAR, *, masked: bool = False
) -> type[Engine]:
    """Return the fastest installed engine for an algorithm on a kind of grid.

    With `masked`, it supports samples with missing values.
    """
    if algorithm == "online" and kernel():
        return _native_online(geometry)
    if masked or geometry != PLANAR:
        return engine_of_grid(algorithm, geometry, masked=masked)
    native, numpy = ENGINES[algorithm]
    return native if kernel() else numpy


@cache
def _native_online(geometry: Geometry) -> type[Engine]:
    """Return the compiled engine for a kind of grid."""
    if geometry == PLANAR:
        return NativeOnline
    of_grid = partialmethod(NativeOnline.__init__, geometry=geometry)
    return type(NativeOnline.__name__, (NativeOnline,), {"__init__": of_grid})


@cache
def engine_of_grid(algorithm: Algorithm, geometry: Geometry, *, masked: bool = False) -> type[Engine]:
    """Return the NumPy engine for any kind of grid and, with `masked`, for missing values."""
    base: type[Engine] = AnyGridOnline
    if algorithm == "batch":
        base = MaskedBatch if masked else AnyGridBatch
    cost = base.cost
    if base is AnyGridBatch and kernel():
        cost = NativeBatch.cost._replace(per_smoothing=cost.per_smoothing)
    return type(base.__name__, (base,), {"geometry": geometry, "cost": cost})


def describe_engine(engine: type[Engine] | None = None) -> str:
    """Return a description of an engine: ``"native (avx2)"`` or ``"numpy"``.

    Without an argument, that of the default engine, with the reason if it is not the compiled one:
    ``"numpy (no compiled kernel)"``.
    """
    described = engine or default_engine()
    found = kernel()
    if found and described.name == NativeOnline.name:
        return f"{described.name} ({found.instruction_set})"
    return described.name if engine else f"{described.name} (no compiled kernel)"
