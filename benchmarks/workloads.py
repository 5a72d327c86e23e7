"""Workloads, and the measurement of contenders side by side in one process on one core.

Contenders take turns, each with a slice of its training. Times are CPU times, which other processes on the
machine disturb less.
"""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.contenders import Contender
from kohonen.inputs.arrays import FloatArray
from kohonen.parameters import Parameters

__all__ = ["GROWTH", "MANY_SAMPLES", "WORKLOADS", "Measured", "Workload", "measure", "on_one_core"]

#: Seconds per contender and round, and the number of rounds.
SLICE = 0.7
ROUNDS = 5


@dataclass(frozen=True)
class Workload:
    """A training: random samples, the size of the map, and the number of passes."""

    name: str
    samples: int
    width: int
    height: int
    iterations: int
    dimension: int = 3

    @property
    def steps(self) -> int:
        """The number of steps, each of which presents one sample."""
        return self.samples * self.iterations

    @property
    def parameters(self) -> Parameters:
        """The parameters of the training."""
        return Parameters(width=self.width, height=self.height, iterations=self.iterations, random_state=0)

    def data(self) -> FloatArray:
        """Return the samples."""
        return np.random.default_rng([0, 1]).random((self.samples, self.dimension))

    def __str__(self) -> str:
        size = f"{self.samples:,} samples of dimension {self.dimension}, {self.width}x{self.height}"
        return f"{self.name}: {size}, {self.iterations:,} iterations"


WORKLOADS = [
    Workload("A", 20, 100, 100, 1000),
    Workload("B", 40, 400, 400, 100),
    Workload("C", 1000, 50, 50, 300),
    Workload("D", 10, 10, 10, 500),
    Workload("dimension 8", 200, 50, 50, 100, 8),
    Workload("dimension 16", 200, 50, 50, 100, 16),
    Workload("dimension 64", 200, 50, 50, 100, 64),
    Workload("dimension 256", 200, 50, 50, 50, 256),
    Workload("1e5 samples", 100_000, 100, 100, 10),
    Workload("1e6 samples", 1_000_000, 100, 100, 10),
]

#: One batch iteration each.
MANY_SAMPLES = [
    Workload("1e5 samples", 100_000, 100, 100, 10),
    Workload("1e6 samples", 1_000_000, 100, 100, 10),
    Workload("1e5 samples, dimension 16", 100_000, 50, 50, 10, 16),
    Workload("1e5 samples, dimension 64", 100_000, 50, 50, 10, 64),
]

#: Workloads that grow in one measure, with the others constant.
GROWTH = {
    "units": [
        Workload(str(side * side), 20, side, side, 200) for side in (5, 10, 20, 50, 100, 200, 400, 1000)
    ],
    "samples": [Workload(str(n), n, 50, 50, 50) for n in (1, 10, 100, 1000, 10_000, 100_000)],
    "iterations": [Workload(str(n), 20, 50, 50, n) for n in (10, 100, 1000, 10_000)],
    "dimension": [Workload(str(d), 100, 50, 50, 100, d) for d in (1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512)],
}


@dataclass
class Measured:
    """Seconds for the whole workload, per round; empty if the contender failed."""

    seconds: list[float] = field(default_factory=list)
    failure: str = ""

    @property
    def median(self) -> float:
        """The median of the rounds, in seconds."""
        return statistics.median(self.seconds)

    def times_faster_than(self, other: "Measured") -> float:
        """Return the median of the ratios of times, round by round."""
        pairs = zip(other.seconds, self.seconds, strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)


def on_one_core() -> None:
    """Pin this process, with all threads that packages start, to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(workload: Workload, contenders: Sequence[Contender], rounds: int = ROUNDS) -> dict[str, Measured]:
    """Measure contenders side by side.

    Slow contenders do fewer iterations, over the whole schedule, or use fewer samples, and their times are
    scaled: the cost is proportional to both. A short first run of each warms up caches and compilers.
    """
    measured = {contender.name: Measured() for contender in contenders}
    samples, weights = workload.data(), workload.parameters.initial_weights(workload.dimension)
    slices = {}
    for contender in contenders:
        try:
            slices[contender.name] = _fit(workload, contender, samples, weights)
        except Exception as error:  # noqa: BLE001 - a package may fail in any way; the report names it
            measured[contender.name].failure = f"{type(error).__name__}: {error}".splitlines()[0]
    for _ in range(rounds):
        for contender in contenders:
            if contender.name in slices:
                count, iterations, times = slices[contender.name]
                seconds = _time(contender, samples[:count], weights, iterations, times) / times
                measured[contender.name].seconds.append(seconds * workload.steps / (count * iterations))
    return measured


def _time(
    contender: Contender, samples: FloatArray, weights: FloatArray, iterations: int, times: int = 1
) -> float:
    started = time.process_time()
    for _ in range(times):
        contender.train(samples, weights, iterations)
    return time.process_time() - started


def _sizes(workload: Workload) -> Iterator[tuple[int, int]]:
    """Yield slices of increasing size: numbers of samples and of iterations."""
    few = min(workload.samples, 20)
    iterations = 1
    while iterations < workload.iterations:
        yield few, iterations
        iterations *= 4
    while few < workload.samples:
        yield few, workload.iterations
        few *= 4
    yield workload.samples, workload.iterations


def _fit(
    workload: Workload, contender: Contender, samples: FloatArray, weights: FloatArray
) -> tuple[int, int, int]:
    """Return the largest slice that fits into `SLICE`: samples, iterations, and repetitions per round.

    A small workload takes only a millisecond or two, so it is repeated.
    """
    batch = "batch" in contender.note
    contender.train(samples[:2], weights, 1)
    chosen, seconds = (min(workload.samples, 20), 1), 0.0
    for count, iterations in _sizes(workload):
        # Part of the cost of a batch iteration is constant, so it always uses all samples.
        chosen = (workload.samples if batch else count), iterations
        seconds = _time(contender, samples[: chosen[0]], weights, iterations)
        if seconds > SLICE / 4:
            break
    return *chosen, max(1, int(SLICE / 4 / seconds))
