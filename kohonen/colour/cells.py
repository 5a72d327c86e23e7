"""Histograms of pictures: their pixels in cells, which are the samples of a map of colours."""

from typing import NamedTuple

import numpy as np

from kohonen.colour.pixels import Pixels, colours_of, count_pixels
from kohonen.inputs.arrays import FloatArray

__all__ = ["Cells", "histogram"]

#: Bits of a channel of a cell. A picture with fewer cells than `FEW` is counted colour by colour.
BITS, FEW = 6, 4096


class Cells(NamedTuple):
    """The cells of a picture that have pixels, in ascending order.

    Attributes
    ----------
    colours : ndarray of shape (n, 3)
        The mean colour of the pixels of each, in sRGB from 0 to 1.
    counts : ndarray of shape (n,)
        The number of pixels.
    exact : bool
        Whether each cell is one colour.
    """

    colours: FloatArray
    counts: FloatArray
    exact: bool


def histogram(pixels: Pixels, *, bits: int = BITS) -> Cells:
    """Return the cells of pixels (n, 3).

    A cell has the upper `bits` of each channel, or all of them if there are few cells.
    """
    counts, sums = count_pixels(pixels, bits, sums=True)
    cells = np.flatnonzero(counts)
    if len(cells) < FEW:
        counts, _ = count_pixels(pixels, 8)
        cells = np.flatnonzero(counts)
        return Cells(colours_of(cells, 8) / 255, counts[cells].astype(np.float64), True)
    count = counts[cells].astype(np.float64)
    return Cells(sums[cells] / (255.0 * count[:, None]), count, False)
