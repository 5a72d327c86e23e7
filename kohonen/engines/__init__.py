"""Engines: what computes a training, one iteration after the other.

An engine decides how fast a map trains, never what it learns: on the same initial weights, samples and
schedule every engine ends with the same weights, bit for bit.
"""

from typing import Protocol

from kohonen.cost import Cost
from kohonen.data import FloatArray
from kohonen.engines.native_online import NativeOnline
from kohonen.engines.numpy_online import NumpyOnline
from kohonen.kernel import kernel
from kohonen.schedule import Schedule

__all__ = ["Engine", "NativeOnline", "NumpyOnline", "default_engine"]


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


def default_engine() -> type[Engine]:
    """Return the fastest engine that this installation has."""
    return NativeOnline if kernel() else NumpyOnline
