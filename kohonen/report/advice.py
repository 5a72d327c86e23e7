"""Advice on the quality of a map, with remedies, in plain language."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kohonen.card import component_names, preparation_of
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.curves import CURVES

__all__ = ["advice"]

#: A larger topographic error means that the map is folded, not merely uneven.
POOR_TOPOGRAPHIC_ERROR = 0.1
POOR_EXPLAINED_VARIANCE = 0.5
MANY_UNUSED_UNITS = 0.4
#: An error that falls by more than this share in the last tenth of a training has not converged.
STILL_FALLING = 0.15
#: A component whose spread is this multiple of the median spread dominates the distances.
UNEVEN_SPREAD = 10.0
#: In a column of a larger skewness few rows lie far from all others, and get most of the map.
SKEWED = 3.0


def advice(card: Mapping[str, Any], samples: FloatArray | None = None) -> list[str]:
    """Return the problems of a model, each with its remedy; empty if there are none.

    They are found in the card, as :func:`kohonen.card.make_card` writes it, and in the samples (n, dim) that
    the model was trained on, if they are kept.
    """
    names = component_names(card)
    found = [_order(card), _units(card), _fit(card), _convergence(card), _spread(samples, names)]
    found.append(_skew(card, samples))
    return [text for text in found if text is not None]


def _order(card: Mapping[str, Any]) -> str | None:
    error = card["quality"]["topographic_error"]
    if error <= POOR_TOPOGRAPHIC_ERROR:
        return None
    text = (
        f"The map is not well ordered: for {error:.0%} of the samples the two best units are not neighbours. "
    )
    if card["parameters"]["algorithm"] == "batch":
        return text + "With few samples, use the algorithm 'online', or the initialisation 'pca'."
    return text + "Use more iterations, a larger initial radius (sigma), or the initialisation 'pca'."


def _units(card: Mapping[str, Any]) -> str | None:
    width, height, _ = card["weights"]["shape"]
    units, samples = width * height, card["data"]["samples"]
    if card["quality"]["unused_units"] <= MANY_UNUSED_UNITS:
        return None
    suggested = max(4, round(5 * math.sqrt(samples)))
    # At most 99.9%: at least one unit is used.
    share = f"{100 * min(card['quality']['unused_units'], 0.999):.3g}%"
    text = f"{share} of the units are no sample's best matching unit. "
    if samples < units:
        return text + (
            f"There are only {samples:,} samples for {units:,} units, so most units interpolate between "
            f"samples: that suits a picture; to find groups, use about {suggested:,} units."
        )
    return text + f"Use a smaller map, of about {suggested:,} units, or a larger radius."


def _fit(card: Mapping[str, Any]) -> str | None:
    explained = card["quality"]["explained_variance"]
    if explained is None or explained >= POOR_EXPLAINED_VARIANCE:
        return None
    return (
        f"The map explains only {max(0.0, explained):.0%} of the data's variance: use more iterations, more "
        "units, or leave out columns that are noise."
    )


def _convergence(card: Mapping[str, Any]) -> str | None:
    points = [] if card["quality"]["history"] is None else card["quality"]["history"]["points"]
    if len(points) < 10:
        return None
    before, last = (points[place]["quantization_error"] for place in (-1 - len(points) // 10, -1))
    explained = card["quality"]["explained_variance"]
    converged = before <= 0 or last > before * (1 - STILL_FALLING)
    if converged or explained is None or explained > 0.95:
        return None
    return (
        f"The error was still falling at the end, by {1 - last / before:.0%} in the last tenth of the "
        "training: use more iterations."
    )


def _skew(card: Mapping[str, Any], samples: FloatArray | None) -> str | None:
    """Propose curves for the skewed columns of a table."""
    table = preparation_of(card)
    if samples is None or table is None:
        return None
    places = np.cumsum([0, *(len(column.components) for column in table.columns)])
    proposed = []
    for column, values in zip(table.columns, samples.T[places[:-1]], strict=True):
        deviations = values - np.nanmean(values)
        spread = np.sqrt(np.nanmean(deviations**2))
        if column.categories is not None or column.normalisation in CURVES or spread == 0:
            continue
        skewness = abs(np.nanmean(deviations**3)) / spread**3
        if skewness > SKEWED:
            least = np.nanmin(values) * column.scale + column.offset
            proposed.append(f"normalisation={column.name}:{'log' if least >= 0 else 'rank'}")
    if not proposed:
        return None
    return (
        f"Skewed columns take most of the map for few rows: train with {', '.join(proposed)}, so that more "
        "of the units show what most rows have."
    )


def _spread(samples: FloatArray | None, names: list[str]) -> str | None:
    if samples is None or samples.shape[1] < 2:
        return None
    spread = np.nanstd(samples, axis=0)
    varying = spread[spread > 0]
    if len(varying) < 2 or varying.max() <= UNEVEN_SPREAD * np.median(varying):
        return None
    name = names[int(spread.argmax())]
    return (
        f"{name[0].upper() + name[1:]} spreads {varying.max() / np.median(varying):.0f} times as far as the "
        "median component, and dominates the distances to the units: normalise the columns."
    )
