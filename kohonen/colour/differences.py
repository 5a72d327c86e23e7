"""Differences of colours as they are seen, with normal and with deficient colour vision.

References
----------
G. Sharma, W. Wu and E. N. Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary
test data, and mathematical observations", Color Research and Application 30, 21-30 (2005).
G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A physiologically-based model for simulation of color
vision deficiency", IEEE Transactions on Visualization and Computer Graphics 15, 1291-1298 (2009).
"""

from typing import NamedTuple

import numpy as np

from kohonen.colour.pixels import Pixels
from kohonen.colour.spaces import cielab, linear, times
from kohonen.inputs.arrays import FloatArray

__all__ = ["SIGHTS", "Alike", "alike", "ciede2000", "lab_of_pixels"]

#: Matrices for linear light by kind of colour vision: normal, and without one kind of cone.
SIGHTS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
#: Colours of a smaller difference are hard to tell apart.
ALIKE = 10.0


class Alike(NamedTuple):
    """Two colours, by their positions in a palette, and their CIEDE2000 difference."""

    one: int
    other: int
    difference: float


def alike(colours: Pixels) -> dict[str, list[Alike]]:
    """Return the pairs of colours (k, 3) that are hard to tell apart, by kind of colour vision."""
    one, other = np.triu_indices(len(colours), 1)
    found = {}
    for sight, matrix in SIGHTS.items():
        lab = cielab(np.clip(times(matrix, linear(colours / 255)), 0.0, 1.0))
        differences = np.round(ciede2000(lab[one], lab[other]), 1)
        close = np.flatnonzero(differences < ALIKE)
        close = close[differences[close].argsort(kind="stable")]
        found[sight] = [Alike(int(one[pair]), int(other[pair]), float(differences[pair])) for pair in close]
    return found


def lab_of_pixels(pixels: Pixels) -> FloatArray:
    """Return pixels (n, 3) in CIELAB."""
    return cielab(linear(np.arange(256) / 255)[pixels])


def ciede2000(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the CIEDE2000 differences of colours in CIELAB, both of shape (n, 3)."""
    (light_1, a_1, b_1), (light_2, a_2, b_2) = one.T, other.T
    mean_7 = ((_length(a_1, b_1) + _length(a_2, b_2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_7 / (mean_7 + 25.0**7))
    chroma_1, chroma_2 = _length(a_1 * stretch, b_1), _length(a_2 * stretch, b_2)
    hue_1, hue_2 = (np.arctan2(b, a * stretch) % (2 * np.pi) for a, b in ((a_1, b_1), (a_2, b_2)))
    coloured = chroma_1 * chroma_2 > 0
    turn = np.where(coloured, (hue_2 - hue_1 + np.pi) % (2 * np.pi) - np.pi, 0.0)
    hue_step = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(turn / 2)
    light, chroma = (light_1 + light_2) / 2, (chroma_1 + chroma_2) / 2
    hue = np.where(coloured, hue_1 + turn / 2, hue_1 + hue_2)
    weight = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    from_blue = (np.degrees(hue) % 360 - 275) / 25
    angle = np.radians(60) * np.exp(-(from_blue**2))
    rotation = 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(angle)
    centred = (light - 50) ** 2
    light_part = (light_2 - light_1) / (1 + 0.015 * centred / np.sqrt(20 + centred))
    chroma_part = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    hue_part = hue_step / (1 + 0.015 * chroma * weight)
    squared = light_part**2 + chroma_part**2 + hue_part**2 - rotation * chroma_part * hue_part
    return np.asarray(np.sqrt(squared))


def _length(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(a * a + b * b))
