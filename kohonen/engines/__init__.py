"""Engines: implementations of the training algorithms.

Engines differ in speed only: with the same initial weights, samples and schedule all engines of an algorithm
give the same weights, bit for bit.
"""

from typing import Protocol

from kohonen.engines.batch import NativeBatch, NumpyBatch
from kohonen.engines.cost import Cost
from kohonen.engines.native_online import NativeOnline
from kohonen.engines.numpy_online import NumpyOnline
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import kernel
from kohonen.parameters import Algorithm
from kohonen.schedule import Schedule

__all__ = [
    "ENGINES",
    "Engine",
    "NativeBatch",
    "NativeOnline",
    "NumpyBatch",
    "NumpyOnline",
    "default_engine",
    "describe_engine",
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

    def __init__(
        self, weights: FloatArray, samples: FloatArray, schedule: Schedule, geometry: Geometry = PLANAR
    ) -> None:
        """Begin with a copy of ``weights`` (width, height, dim) on ``samples`` (n, dim).

        Samples may have missing values (NaN). Engines for batch training take ``sample_weight`` (n,) as well.
        """

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``, each a pass over all samples in order."""

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""


def default_engine(algorithm: Algorithm = "online") -> type[Engine]:
    """Return the compiled engine of an algorithm, or the NumPy engine where there is no kernel."""
    native, numpy = ENGINES[algorithm]
    return native if kernel() else numpy


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
