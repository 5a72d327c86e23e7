"""The machine of the benchmarks: its name, and lower bounds for the time of a training."""

import ctypes
import platform
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path

import numpy as np

from kohonen import Observer, Parameters, Training, train
from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import loaded_kernel

__all__ = ["Machine"]


class Machine:
    """One core of this machine."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "bounds.so"
            source = Path(__file__).with_name("bounds.c")
            flags = [
                "-O3",
                "-march=native",
                "-mprefer-vector-width=512",
                "-ffp-contract=off",
                "-shared",
                "-fPIC",
            ]
            if platform.machine() != "x86_64":
                flags.remove("-mprefer-vector-width=512")
            subprocess.run(["cc", *flags, str(source), "-o", str(library)], check=True)
            self._bounds = ctypes.CDLL(str(library))
        self._bounds.seconds_per_update.restype = ctypes.c_double
        self._bounds.seconds_per_pass.restype = ctypes.c_double
        self._bounds.seconds_per_pass.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

    @cached_property
    def name(self) -> str:
        """The processor, the kernel's instruction set, and the versions of Python and NumPy."""
        processor = platform.processor() or platform.machine()
        cpuinfo = Path("/proc/cpuinfo")
        if cpuinfo.exists():
            names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
            processor = names[0].split(":")[1].strip() if names else processor
        return (
            f"{processor} (kernel: {loaded_kernel().instruction_set}), "
            f"Python {platform.python_version()}, NumPy {np.__version__}"
        )

    @cached_property
    def seconds_per_update(self) -> float:
        """Seconds for one value's ``w = w + h * (v - w)`` in registers."""
        return float(self._bounds.seconds_per_update())

    def seconds_per_value(self, count: int) -> float:
        """Return the seconds to read and write one value, in repeated passes over `count` values."""
        values = np.ones(count)
        return float(self._bounds.seconds_per_pass(values.ctypes.data, count))

    def bounds(self, samples: FloatArray, parameters: Parameters) -> tuple[float, float]:
        """Return lower bounds for the seconds of a training, by arithmetic and by memory traffic.

        The arithmetic is that of the updates within reach, without any search. The traffic is that of engines
        that, in every step, read and write the weights within reach and read the others for the search.
        """
        watcher = _Reach()
        train(samples, parameters, observers=[watcher])
        dimension = samples.shape[1]
        values = parameters.width * parameters.height * dimension
        traffic = self.seconds_per_value(values)
        steps = parameters.iterations * len(samples)
        touched = watcher.units * dimension
        return touched * self.seconds_per_update, (touched + (steps * values - touched) / 2) * traffic


class _Reach(Observer):
    """Counts the units that the steps of a training update."""

    def __init__(self) -> None:
        self.units = 0

    def after_iteration(self, training: Training) -> None:
        width, height = training.parameters.width, training.parameters.height
        squared = np.square(np.arange(max(width, height), dtype=np.float64))
        (table,) = training.parameters.schedule.neighbourhoods(np.array([training.iteration - 1]), squared)
        reach = np.count_nonzero(table) - 1
        x, y = np.divmod(match(training.weights, training.samples).units[:, 0], height)
        across = np.minimum(x + reach, width - 1) - np.maximum(x - reach, 0) + 1
        down = np.minimum(y + reach, height - 1) - np.maximum(y - reach, 0) + 1
        self.units += int((across * down).sum())
