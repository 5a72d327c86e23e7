"""Histograms of pictures: their pixels in cells, which are the samples of a map of colours."""

from typing import NamedTuple

import numpy as np

from kohonen.colour.images import Picture
from kohonen.colour.pixels import Pixels, colours_of, count_pixels
from kohonen.inputs.arrays import Dataset, FloatArray

__all__ = ["Cells", "histogram", "training_data"]

#: Samples of a training at most: of a picture with more cells, the cells are larger.
MOST_SAMPLES = 10_000


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


def histogram(pixels: Pixels, *, bits: int = 6) -> Cells:
    """Return the cells of pixels (n, 3), which have the upper bits of each channel in common."""
    exact = bits == 8
    counts, sums = count_pixels(pixels, bits, sums=not exact)
    cells = np.flatnonzero(counts)
    count = counts[cells].astype(np.float64)
    if exact:
        return Cells(colours_of(cells, bits) / 255.0, count, True)
    return Cells(sums[cells] / (255.0 * count[:, None]), count, False)


def training_data(picture: Picture) -> Dataset:
    """Return the colours of a picture as samples, with the numbers of their pixels as weights.

    Cells have 6 bits of each channel, or fewer where there would be more than 10,000.
    """
    for bits in (6, 5, 4):
        cells = histogram(picture.counted, bits=bits)
        if len(cells.counts) <= MOST_SAMPLES:
            break
    return Dataset(cells.colours, cells.counts)
