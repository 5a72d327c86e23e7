"""Colour maps for numbers and for groups, suitable for colour-blind people."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.inputs.arrays import FloatArray

__all__ = ["GROUPS", "NOTHING", "colours_of_groups", "colours_of_values", "label_colours"]

Colours: TypeAlias = npt.NDArray[np.uint8]

#: The colour of a missing number: light grey.
NOTHING = (235, 235, 235)

#: Every eighth colour of "viridis" by S. van der Walt and N. Smith (CC0): dark blue, green, yellow.
_VIRIDIS = """
440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d
2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a
3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b fde725
"""

#: The colours of M. Okabe and K. Ito, "Color Universal Design" (2008).
GROUPS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")


def colours_of_values(values: FloatArray) -> Colours:
    """Return a colour for each number, from dark blue for the smallest through green to yellow.

    Parameters
    ----------
    values : ndarray
        Numbers; NaN is light grey.

    Returns
    -------
    ndarray of uint8
        The shape of the values plus an axis of red, green and blue. Equal numbers are all dark.
    """
    known = np.isfinite(values)
    least = values[known].min() if known.any() else 0.0
    span = (values[known].max() - least if known.any() else 0.0) or 1.0
    share = np.where(known, (values - least) / span, 0.0)
    anchors = np.array([list(bytes.fromhex(colour)) for colour in _VIRIDIS.split()], dtype=np.float64)
    places = np.linspace(0.0, 1.0, len(anchors))
    colours = np.empty((*np.shape(values), 3), dtype=np.uint8)
    for k, channel in enumerate(anchors.T):
        colours[..., k] = np.rint(np.interp(share, places, channel))
    colours[~known] = NOTHING
    return colours


def colours_of_groups(labels: npt.NDArray[np.int64]) -> Colours:
    """Return a colour for each label, from 0: of `GROUPS`, or of viridis for more labels."""
    count = int(labels.max()) + 1
    if count > len(GROUPS):
        table = colours_of_values(np.arange(count, dtype=np.float64))
    else:
        table = np.array([list(bytes.fromhex(colour[1:])) for colour in GROUPS], dtype=np.uint8)
    colours: Colours = table[labels]
    return colours


def label_colours(count: int) -> Colours:
    """Return the colours of `count` labels, of shape (k, 3): those of `GROUPS`, then the same, darkened.

    There are 16 at most, and the last is dark grey, for all other labels.
    """
    groups = np.array([list(bytes.fromhex(colour[1:])) for colour in GROUPS], dtype=np.float64)
    table: Colours = np.rint(np.vstack([groups, 0.55 * groups])).astype(np.uint8)
    return table[: min(count, len(table))]
