"""Operations on the pixels of a picture, by the compiled kernel or by NumPy, with equal results.

Pixels are uint8, of shape (n, 3) or (height, width, 3): red, green and blue.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.colour.spaces import TrainingSpace
from kohonen.engines.search import match
from kohonen.kernel import address, kernel

__all__ = ["IntArray", "Mask", "Pixels", "colours_of", "count_pixels", "dither", "map_pixels"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
IntArray: TypeAlias = npt.NDArray[np.int64]

#: Pixels processed at a time in NumPy.
BLOCK = 2**18
#: Pictures of more pixels are mapped in cells of 7 bits a channel, others colour by colour.
MOST_EXACT = 2**20


def count_pixels(pixels: Pixels, bits: int, *, sums: bool = False) -> tuple[npt.NDArray[np.uint32], IntArray]:
    """Count pixels by cells, which have the upper bits of their channels.

    Parameters
    ----------
    pixels : ndarray of uint8 of shape (n, 3)
        The pixels.
    bits : int
        Bits of a channel, up to 8.
    sums : bool, default False
        Whether to sum the channels, too.

    Returns
    -------
    counts : ndarray of shape (cells,)
        The number of pixels of each cell.
    sums : ndarray of shape (cells, 3)
        The sums of their channels; empty unless wanted.
    """
    pixels = np.ascontiguousarray(pixels)
    cells = 1 << 3 * bits
    counts = np.zeros(cells, dtype=np.uint32)
    totals = np.zeros((cells if sums else 0, 3), dtype=np.int64)
    found = kernel()
    if found:
        place = address(totals) if sums else None
        found.pixel_cells(address(pixels), len(pixels), bits, address(counts), place)
        return counts, totals
    for start in range(0, len(pixels), BLOCK):
        block = pixels[start : start + BLOCK]
        np.add.at(counts, _cells(block, bits), np.uint32(1))
        if sums:
            np.add.at(totals, _cells(block, bits), block.astype(np.int64))
    return counts, totals


def colours_of(cells: IntArray, bits: int) -> IntArray:
    """Return the upper bits of red, green and blue of cells, of shape (n, 3)."""
    most = (1 << bits) - 1
    return np.stack([cells >> 2 * bits, cells >> bits & most, cells & most], axis=1)


def map_pixels(pixels: Pixels, palette: Pixels, space: TrainingSpace) -> Pixels:
    """Return the index of the nearest colour of each pixel; ties go to the lowest.

    Parameters
    ----------
    pixels : ndarray of uint8 of shape (height, width, 3)
        The picture. In a large one, pixels that agree in the upper 7 bits of all channels are looked up
        together, at the middle of their cell.
    palette : ndarray of uint8 of shape (k, 3)
        The colours, at most 256.
    space : TrainingSpace
        The space of the distances.

    Returns
    -------
    ndarray of uint8 of shape (height, width)
        The indices.
    """
    flat = np.ascontiguousarray(pixels).reshape(-1, 3)
    bits = 8 if len(flat) <= MOST_EXACT else 7
    cells = _marked(flat, bits)
    # The middle of a cell, out of 255.
    levels = ((np.arange(1 << bits) + 0.5) * (1 << 8 - bits) - 0.5) / 255
    values = space.of_levels(space.levels(levels)[colours_of(cells, bits)])
    table = np.zeros(1 << 3 * bits, dtype=np.uint8)
    table[cells] = match(space.of_srgb(palette / 255)[:, None], values).units[:, 0]
    found = kernel()
    if found is None:
        parts = [table[_cells(flat[start : start + BLOCK], bits)] for start in range(0, len(flat), BLOCK)]
        return np.concatenate(parts).reshape(pixels.shape[:2])
    indices = np.empty(pixels.shape[:2], dtype=np.uint8)
    found.pixel_table(address(flat), len(flat), bits, address(table), address(indices))
    return indices


def dither(
    pixels: Pixels, palette: Pixels, space: TrainingSpace, strength: float, opaque: Mask | None = None
) -> Pixels:
    """Map a picture to the nearest colours, and spread the errors over the neighbours.

    Errors are those of sRGB. Odd rows run from right to left. The pixel with the errors of its neighbours is
    clipped, and rounded to 8 bits for the search.

    Parameters
    ----------
    pixels, palette, space
        As in `map_pixels`.
    strength : float
        The part of the error that is spread, up to 1.
    opaque : ndarray of bool of shape (height, width), optional
        The pixels that take part.

    Returns
    -------
    ndarray of uint8 of shape (height, width)
        The indices; 0 where a pixel takes no part.

    References
    ----------
    R. W. Floyd and L. Steinberg, "An adaptive algorithm for spatial greyscale", Proceedings of the Society
    for Information Display 17, 75-77 (1976).
    """
    height, width, _ = pixels.shape
    levels, matrices = space.levels(np.arange(256) / 255), space.matrices
    colours = space.of_srgb(palette / 255)
    indices = np.zeros((height, width), dtype=np.uint8)
    found = kernel()
    if found is None:
        _dither(pixels, palette, space, strength, opaque, indices)
        return indices
    pixels, palette = np.ascontiguousarray(pixels), np.ascontiguousarray(palette)
    errors = np.empty(6 * (width + 2))
    found.dither(
        address(pixels), None if opaque is None else address(opaque), height, width, address(levels),
        None if matrices is None else address(matrices), address(colours), address(palette), len(palette),
        strength, address(errors), address(indices),
    )  # fmt: skip
    return indices


def _dither(
    pixels: Pixels,
    palette: Pixels,
    space: TrainingSpace,
    strength: float,
    opaque: Mask | None,
    indices: Pixels,
) -> None:
    """Do what the kernel does, pixel by pixel."""
    height, width, _ = pixels.shape
    levels, colours = space.levels(np.arange(256) / 255), space.of_srgb(palette / 255)
    # With a column at each side, whose errors are dropped.
    errors = np.zeros((height + 1, width + 2, 3))
    for y in range(height):
        step = -1 if y % 2 else 1
        for x in range(width)[::step]:
            if opaque is not None and not opaque[y, x]:
                continue
            value = np.clip(pixels[y, x] + errors[y, x + 1], 0.0, 255.0)
            searched = space.of_levels(levels[(value + 0.5).astype(np.int64)][None])
            squares = (searched - colours) ** 2
            best = int((squares[:, 0] + squares[:, 1] + squares[:, 2]).argmin())
            indices[y, x] = best
            error = (value - palette[best]) * strength / 16.0
            errors[y, x + 1 + step] += 7.0 * error
            errors[y + 1, x + 1 - step] += 3.0 * error
            errors[y + 1, x + 1] += 5.0 * error
            errors[y + 1, x + 1 + step] += error


def _marked(pixels: Pixels, bits: int) -> IntArray:
    """Return the cells that pixels (n, 3) are in, in ascending order."""
    marks = np.zeros(1 << 3 * bits, dtype=bool)
    found = kernel()
    if found:
        found.pixel_marks(address(pixels), len(pixels), bits, address(marks))
    else:
        for start in range(0, len(pixels), BLOCK):
            marks[_cells(pixels[start : start + BLOCK], bits)] = True
    return np.flatnonzero(marks)


def _cells(pixels: Pixels, bits: int) -> IntArray:
    """Return the cells of pixels (n, 3)."""
    red, green, blue = (pixels >> 8 - bits).astype(np.int64).T
    return np.asarray(red << 2 * bits | green << bits | blue)
