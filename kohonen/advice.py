"""What to say of a map's quality, in plain language."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kohonen.cards import component_names
from kohonen.data import FloatArray

__all__ = ["advice"]

#: From here on a map is folded rather than merely uneven.
POOR_TOPOGRAPHIC_ERROR = 0.1
POOR_EXPLAINED_VARIANCE = 0.5
MANY_UNUSED_UNITS = 0.4
#: An error that falls by more than this share in the last tenth of a training has not settled.
STILL_FALLING = 0.15
#: A component whose spread is so many times that of another decides alone which unit is nearest.
UNEVEN_SPREAD = 10.0


def advice(card: Mapping[str, Any], samples: FloatArray | None = None) -> list[str]:
    """Return what is worth knowing of a model, and what to do about it; nothing where all is well.

    Parameters
    ----------
    card : mapping
        The model's card, as :func:`kohonen.cards.make_card` writes it.
    samples : ndarray of shape (n, dim), optional
        What it was trained on, where that is kept.
    """
    found = [_order(card), _units(card), _fit(card), _course(card), _spread(samples, component_names(card))]
    return [text for text in found if text is not None]


def _order(card: Mapping[str, Any]) -> str | None:
    error = card["quality"]["topographic_error"]
    if error <= POOR_TOPOGRAPHIC_ERROR:
        return None
    text = f"The map is not well ordered: for {error:.0%} of the samples the two best units are apart. "
    if card["parameters"]["algorithm"] == "batch":
        return text + "With few samples, train with the algorithm 'online'; or begin with 'pca'."
    return text + "More iterations or a larger radius at the start (sigma) help, or 'pca' to begin with."


def _units(card: Mapping[str, Any]) -> str | None:
    width, height, _ = card["weights"]["shape"]
    units, samples = width * height, card["data"]["samples"]
    if card["quality"]["unused_units"] <= MANY_UNUSED_UNITS:
        return None
    suggested = max(4, round(5 * math.sqrt(samples)))
    # Never 100%: some unit always is.
    text = f"{100 * min(card['quality']['unused_units'], 0.999):.3g}% of the units are no sample's best. "
    if samples < units:
        return text + (
            f"There are only {samples:,} samples for {units:,} units, so most units blend between samples: "
            f"fine for a picture; to find groups, about {suggested:,} units are a good size."
        )
    return text + f"A smaller map, of about {suggested:,} units, or a larger radius may serve better."


def _fit(card: Mapping[str, Any]) -> str | None:
    explained = card["quality"]["explained_variance"]
    if explained is None or explained >= POOR_EXPLAINED_VARIANCE:
        return None
    return (
        f"The map keeps only {max(0.0, explained):.0%} of the data's variance: train longer, on more "
        "units, or leave out columns that are noise."
    )


def _course(card: Mapping[str, Any]) -> str | None:
    points = [] if card["quality"]["history"] is None else card["quality"]["history"]["points"]
    if len(points) < 10:
        return None
    before, last = (points[place]["quantization_error"] for place in (-1 - len(points) // 10, -1))
    explained = card["quality"]["explained_variance"]
    settled = before <= 0 or last > before * (1 - STILL_FALLING)
    if settled or explained is None or explained > 0.95:
        return None
    return (
        f"The error was still falling at the end, by {1 - last / before:.0%} in the training's last tenth: "
        "more iterations would make it smaller."
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
        f"{name[0].upper() + name[1:]} spreads {varying.max() / np.median(varying):.0f} times as far as "
        "the others usually do, and decides almost alone which unit is nearest: bring columns to one scale."
    )
