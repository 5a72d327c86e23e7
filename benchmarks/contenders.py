"""The contenders: our engines, plain loops, and other packages with their defaults.

A contender trains a map on samples from initial weights for a number of passes, with the textbook's schedule
if it supports it. Only those marked exact give the contract's map.
"""

import contextlib
import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kohonen.engines import Engine, NativeBatch, NativeOnline, NumpyBatch, NumpyOnline
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["BATCH", "ONLINE", "Contender"]

Train = Callable[[FloatArray, FloatArray, int], FloatArray | None]


@dataclass(frozen=True)
class Contender:
    """A function that trains a map; `note` describes its differences from the contract."""

    name: str
    train: Train
    note: str = ""


def _engine(engine: type[Engine]) -> Train:
    def train(samples: FloatArray, weights: FloatArray, iterations: int) -> FloatArray:
        training = engine(weights, samples, Schedule(iterations, max(weights.shape[:2]) / 2, 0.1))
        training.run(0, iterations)
        return training.weights()

    return train


def literal(samples: FloatArray, weights: FloatArray, iterations: int) -> FloatArray:
    """Train with loops over units and dimensions in plain Python."""
    schedule = Schedule(iterations, max(weights.shape[:2]) / 2, 0.1)
    width, height, dimension = weights.shape
    units = weights.tolist()
    for t in range(iterations):
        sigma, rate = schedule.radius(t), schedule.rate(t)
        for v in samples.tolist():
            best, bx, by = math.inf, 0, 0
            for x in range(width):
                for y in range(height):
                    squared = sum((v[k] - units[x][y][k]) ** 2 for k in range(dimension))
                    if squared < best:
                        best, bx, by = squared, x, y
            for x in range(width):
                for y in range(height):
                    theta = rate * math.exp(-((x - bx) ** 2 + (y - by) ** 2) / (2 * sigma * sigma))
                    unit = units[x][y]
                    for k in range(dimension):
                        unit[k] += theta * (v[k] - unit[k])
    return np.array(units)


def simple(samples: FloatArray, weights: FloatArray, iterations: int) -> FloatArray:
    """Train with the usual vectorised NumPy code: the baseline of all ratios."""
    schedule = Schedule(iterations, max(weights.shape[:2]) / 2, 0.1)
    weights = weights.copy()
    width, height, _ = weights.shape
    xs, ys = np.meshgrid(np.arange(width), np.arange(height), indexing="ij")
    for t in range(iterations):
        sigma, rate = schedule.radius(t), schedule.rate(t)
        for v in samples:
            bx, by = divmod(int(np.argmin(((v - weights) ** 2).sum(axis=2))), height)
            theta = np.exp(-((xs - bx) ** 2 + (ys - by) ** 2) / (2 * sigma * sigma))
            weights += (rate * theta)[:, :, None] * (v - weights)
    return weights


def minisom(samples: FloatArray, weights: FloatArray, iterations: int) -> FloatArray:
    """MiniSom with our schedule, which gives our results up to rounding."""
    from minisom import MiniSom

    schedule = Schedule(iterations, max(weights.shape[:2]) / 2, 0.1)
    som = MiniSom(
        *weights.shape,
        sigma=schedule.sigma,
        learning_rate=0.1,
        decay_function=lambda _rate, t, _last: schedule.rate(t),
    )
    som._sigma_decay_function = lambda _sigma, t, _last: schedule.radius(t)
    som._weights = weights.copy()
    som.train(samples, iterations, use_epochs=True)
    trained: FloatArray = som._weights
    return trained


def numbasom(samples: FloatArray, weights: FloatArray, iterations: int) -> None:
    """Numbasom, whose iteration is one sample drawn at random."""
    from numbasom import SOM

    SOM(som_size=weights.shape[:2]).train(samples, iterations * len(samples))


def susi(samples: FloatArray, weights: FloatArray, iterations: int) -> None:
    """SuSi, whose iteration is one sample drawn at random."""
    from susi import SOMClustering

    width, height, _ = weights.shape
    SOMClustering(width, height, n_iter_unsupervised=iterations * len(samples), learning_rate_start=0.1).fit(
        samples
    )


def sklearn_som(samples: FloatArray, weights: FloatArray, iterations: int) -> None:
    """Sklearn-som."""
    from sklearn_som.som import SOM

    width, height, dimension = weights.shape
    som = SOM(width, height, dimension, lr=0.1, sigma=max(width, height) / 2, max_iter=10**9)
    som.fit(samples, epochs=iterations, shuffle=False)


def python_som(samples: FloatArray, weights: FloatArray, iterations: int) -> None:
    """Python-som, one sample after the other."""
    from python_som import SOM

    width, height, dimension = weights.shape
    som = SOM(width, height, dimension, learning_rate=0.1, neighborhood_radius=max(width, height) / 2)
    som.train(samples, iterations * len(samples), mode="sequential")


def xpysom(samples: FloatArray, weights: FloatArray, iterations: int) -> None:
    """XPySom's epochs, on the processor."""
    with contextlib.redirect_stdout(io.StringIO()):
        from xpysom import XPySom

        width, height, dimension = weights.shape
        XPySom(width, height, dimension, sigma=max(width, height) / 2, xp=np).train(samples, iterations)


def somoclu(samples: FloatArray, weights: FloatArray, iterations: int) -> None:
    """Somoclu's epochs, dense, on the processor."""
    from somoclu import Somoclu

    width, height, _ = weights.shape
    Somoclu(width, height).train(samples.astype(np.float32), epochs=iterations)


def quiet(train: Train) -> Train:
    """Suppress the output and the warnings of a package."""

    def run(samples: FloatArray, weights: FloatArray, iterations: int) -> FloatArray | None:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return train(samples, weights, iterations)

    return run


ONLINE = [
    Contender("native", _engine(NativeOnline), "exact"),
    Contender("numpy", _engine(NumpyOnline), "exact"),
    Contender("simple", simple, "exact but for ties"),
    Contender("MiniSom", minisom, "exact but for ties"),
    Contender("numbasom", quiet(numbasom), "another formula, samples at random"),
    Contender("SuSi", quiet(susi), "another formula, samples at random"),
    Contender("sklearn-som", quiet(sklearn_som), "another schedule"),
    Contender("python-som", quiet(python_som), "another schedule"),
    Contender("literal loop", literal, "exact but for ties"),
]

BATCH = [
    Contender("native batch", _engine(NativeBatch), "batch"),
    Contender("numpy batch", _engine(NumpyBatch), "batch"),
    Contender("XPySom", quiet(xpysom), "batch, float32"),
    Contender("somoclu", quiet(somoclu), "batch, float32"),
]
