"""Sizes of maps and lengths of trainings that are chosen for the data."""

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np

from kohonen.initialisation import principal_components
from kohonen.inputs.arrays import FloatArray, fill_with_means
from kohonen.parameters import AUTO, DEFINITIONS, Algorithm, Definition, Parameters

__all__ = ["WANTED", "Auto", "settled", "sized"]

Auto: TypeAlias = Literal["auto"]

#: Units of a map for the square root of the number of samples.
UNITS = 5
#: The longer side of a map is at most this many times the shorter one.
MOST_OBLONG = 2.5
#: With more samples, a training in batches is chosen.
MOST_ONLINE = 1_000
#: Steps of an online training, and iterations of one in batches.
STEPS, ITERATIONS = 50_000, 30

_HELP = {
    "width": "Width of the map, in units; auto: for the number of samples, and 100 for colours.",
    "height": "Height of the map, in units; auto: for the number of samples, and 100 for colours.",
    "iterations": "Passes over the data; auto: for the number of samples, and 1000 for colours.",
    "algorithm": "Training algorithm: update after each sample, or once per iteration; auto: batch where "
    "there are sample weights, or the iterations are auto and there are more than 1,000 samples.",
}

#: The parameters as they are asked for: some may be "auto", and are by default.
WANTED: Mapping[str, Definition] = MappingProxyType(
    {
        **DEFINITIONS,
        **{
            name: DEFINITIONS[name]._replace(help=text, default=AUTO, auto=True)
            for name, text in _HELP.items()
        },
    }
)


def settled(given: Mapping[str, Any]) -> tuple[Parameters, frozenset[str]]:
    """Return parameters with the sizes for colours in the place of "auto", and the names of those.

    Raises
    ------
    InvalidParameterError
        If a value has the wrong type or is out of range.
    """
    wanted = {name: WANTED[name].check(name, value) for name, value in given.items() if value is not None}
    auto = frozenset(name for name in _HELP if wanted.get(name, AUTO) == AUTO)
    fixed = {name: value for name, value in wanted.items() if name not in auto}
    return Parameters(**{name: DEFINITIONS[name].default for name in auto}, **fixed), auto


def sized(
    parameters: Parameters,
    auto: Collection[str],
    samples: FloatArray,
    sample_weight: FloatArray | None = None,
    *,
    rows: int | None = None,
) -> Parameters:
    """Return parameters with those that are "auto" chosen for the data.

    A map has some ``5 sqrt(n)`` units. Its width and height have the ratio of the square roots of the two
    largest eigenvalues of the samples' covariance, between 1 and 2.5. The ratio is rounded to two decimals,
    so that the last bits of the eigenvalues, which depend on the LAPACK in use, do not matter. On a hexagonal
    torus the height is even. Online training has some 50,000 steps, and training in batches 30 iterations.

    Parameters
    ----------
    parameters : Parameters
        The parameters that are given.
    auto : collection of str
        The names of the others: "width", "height", "iterations" and "algorithm".
    samples : ndarray of shape (n, dim)
        The samples; missing values (NaN) count as the mean of their component.
    sample_weight : ndarray of shape (n,), optional
        Their weights.
    rows : int, optional
        The number of samples, if `samples` are only some of them.
    """
    count = len(samples) if rows is None else rows
    chosen: dict[str, Any] = {}
    if {"width", "height"} & set(auto):
        chosen |= _sides(parameters, auto, UNITS * math.sqrt(count), samples, sample_weight)
    algorithm: Algorithm = parameters.algorithm
    if "algorithm" in auto:
        many = "iterations" in auto and count > MOST_ONLINE
        algorithm = "batch" if many or sample_weight is not None else "online"
    if "iterations" in auto:
        chosen["iterations"] = ITERATIONS if algorithm == "batch" else max(1, round(STEPS / count))
    return replace(parameters, algorithm=algorithm, **chosen)


def _sides(
    parameters: Parameters,
    auto: Collection[str],
    units: float,
    samples: FloatArray,
    sample_weight: FloatArray | None,
) -> dict[str, int]:
    """Return the width and the height of a map of some `units`."""
    width, height = parameters.width, parameters.height
    if "height" in auto:
        ideal = math.sqrt(units / _oblong(samples, sample_weight)) if "width" in auto else units / width
        height = max(1, round(ideal))
        if parameters.grid == "hexagonal" and parameters.boundary == "toroidal":
            height += height % 2
    if "width" in auto:
        width = max(1, round(units / height))
        if "height" in auto:  # small numbers are rounded far
            width = min(max(width, height), math.floor(MOST_OBLONG * height))
    return {"width": width, "height": height}


def _oblong(samples: FloatArray, sample_weight: FloatArray | None) -> float:
    """Return the ratio of a map's width to its height."""
    weight = np.ones(len(samples)) if sample_weight is None else sample_weight / sample_weight.max()
    _, spreads, _ = principal_components(fill_with_means(samples), weight / weight.sum())
    first, second = (*spreads.tolist(), 0.0)[:2]
    if first == 0.0:
        return 1.0
    return round(min(first / second, MOST_OBLONG), 2) if second > 0.0 else MOST_OBLONG
