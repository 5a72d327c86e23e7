"""Online training by the compiled kernel: the same bits as the NumPy engines, but faster.

The headers in kohonen/kernel describe the method: tiles.h, search.h, train.h.
"""

import weakref

import numpy as np

from kohonen.engines.cost import Cost
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import address, loaded_kernel
from kohonen.schedule import Schedule

__all__ = ["NativeOnline"]

#: Target duration of a call into the kernel, in seconds: training can be interrupted only between calls.
CALL_SECONDS = 0.1


class NativeOnline:
    """Online training of any grid by the compiled kernel.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The initial weights; copied.
    samples : ndarray of shape (n, dim)
        The samples, presented in this order in each iteration; NaN for missing values.
    schedule : Schedule
        Radius and learning rate.
    geometry : Geometry, default PLANAR
        The kind of the grid.

    Raises
    ------
    RuntimeError
        If the kernel is not installed.
    MemoryError
        If there is not enough memory.
    """

    name = "native"
    #: The instruction set, as in kernel.h; None selects the best one when a training begins.
    level: int | None = None
    cost = Cost(per_step=1e-6, per_dimension=0.1e-6, per_value=1e-9, pruning=16, side=8, updating=4.0)

    def __init__(
        self,
        weights: FloatArray,
        samples: FloatArray,
        schedule: Schedule,
        geometry: Geometry = PLANAR,
    ) -> None:
        found = loaded_kernel()
        self._kernel = found
        self._shape = weights.shape
        # The kernel does not copy the samples: keep them alive.
        self._samples = np.ascontiguousarray(samples, dtype=np.float64)
        initial = np.ascontiguousarray(weights, dtype=np.float64)
        width, height, dimension = weights.shape
        handle = found.online_open(
            width,
            height,
            dimension,
            address(initial),
            address(self._samples),
            len(samples),
            schedule.sigma,
            schedule.learning_rate,
            schedule.time_constant or 0.0,
            geometry.hexagonal,
            geometry.toroidal,
            found.highest_level() if self.level is None else self.level,
        )
        if not handle:
            raise MemoryError("not enough memory for this map")
        self._handle: int = handle
        weakref.finalize(self, found.online_close, handle)
        seconds = len(samples) * self.cost.step(width=width, height=height, dimension=dimension)
        self._stride = max(1, int(CALL_SECONDS / seconds))

    def run(self, first: int, last: int) -> None:
        """Do the iterations ``first <= t < last``."""
        for begin in range(first, last, self._stride):
            self._kernel.online_run(self._handle, begin, min(begin + self._stride, last))

    def weights(self) -> FloatArray:
        """Return a copy of the current weights, of shape (width, height, dim)."""
        weights = np.empty(self._shape)
        self._kernel.online_weights(self._handle, address(weights))
        return weights
