"""Pictures of maps as arrays of pixels, and their encoding as PNG.

Pixels are uint8 arrays of shape ``(rows, columns, 3)``: red, green, blue. A map's x runs to the right and its
y downwards, so that unit ``[x, y]`` of weights ``(width, height, dim)`` is the square of pixels
``[y * scale : (y + 1) * scale, x * scale : (x + 1) * scale]``. On a hexagonal grid it is a hexagon, ``scale``
pixels wide, on a white background. :mod:`kohonen.pictures.views` draws the other views.
"""

import io
import math
import zlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.analysis.views import u_matrix
from kohonen.errors import InvalidDataError, InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray, as_samples, as_weights

__all__ = [
    "Pixels",
    "are_colours",
    "draw_input_output",
    "draw_input_strip",
    "draw_map",
    "draw_units",
    "encode_png",
    "map_colours",
    "picture_size",
    "unit_centres",
    "unit_pixels",
    "units_at",
]

Pixels: TypeAlias = npt.NDArray[np.uint8]

#: The distance of two rows and the length of a side, on a hexagonal grid of units of width 1.
_ROW, _SIDE = math.sqrt(3) / 2, 1 / math.sqrt(3)

#: Sums of products may leave [0, 1] by rounding; such weights still count as colours.
_ROUNDING = 1e-9


def unit_pixels(width: int, height: int) -> int:
    """Return the width of a unit in pixels with which a map of this size is about 400 pixels large."""
    return max(1, 400 // max(width, height))


def picture_size(width: int, height: int, scale: int, geometry: Geometry = PLANAR) -> tuple[int, int]:
    """Return the size of a map's picture as rows and columns of pixels."""
    if not geometry.hexagonal:
        return height * scale, width * scale
    shift = 0.5 if height > 1 else 0.0
    return math.ceil(((height - 1) * _ROW + 2 * _SIDE) * scale), math.ceil((width + shift) * scale)


def draw_units(colours: Pixels, *, scale: int, geometry: Geometry = PLANAR) -> Pixels:
    """Draw units as squares or hexagons.

    Parameters
    ----------
    colours : ndarray of uint8 of shape (width, height, 3)
        The colour of each unit; any number of channels is accepted.
    scale : int
        The width of a unit in pixels.
    geometry : Geometry, optional
        The kind of grid.

    Returns
    -------
    ndarray of uint8 of shape (rows, columns, 3)
        Of the `picture_size`.
    """
    if not geometry.hexagonal:
        return _enlarge(colours.swapaxes(0, 1), scale)
    width, height, channels = colours.shape
    rows, columns = picture_size(width, height, scale, geometry)
    table = np.vstack([colours.reshape(-1, channels), np.full((1, channels), 255, dtype=np.uint8)])
    picture = np.empty((rows, columns, channels), dtype=np.uint8)
    across = (np.arange(columns) + 0.5) / scale
    for row in range(rows):
        picture[row] = table[units_at(across, (row + 0.5) / scale, width, height, geometry)]
    return picture


def unit_centres(width: int, height: int, geometry: Geometry) -> tuple[FloatArray, FloatArray]:
    """Return how far the centres of units, in C order, are from the left and from the top, in unit widths."""
    x, y = np.divmod(np.arange(width * height), height)
    if not geometry.hexagonal:
        return x + 0.5, y + 0.5
    return x + 0.5 + 0.5 * (y % 2), _SIDE + y * _ROW


def units_at(
    across: FloatArray, down: float, width: int, height: int, geometry: Geometry
) -> npt.NDArray[np.int64]:
    """Return the index, in C order, of the unit at each position, given in unit widths; -1 for none."""
    if not geometry.hexagonal:
        return across.astype(np.int64) * height + int(down)
    found = np.full(len(across), -1)
    nearest = np.full(len(across), np.inf)
    above = math.floor((down - _SIDE) / _ROW)
    for y in (above, above + 1):
        if not 0 <= y < height:
            continue
        shift = 0.5 + 0.5 * (y % 2)
        x = np.clip(np.rint(across - shift), 0, width - 1).astype(np.int64)
        aside, below = np.abs(across - shift - x), abs(down - _SIDE - y * _ROW)
        inside = (aside <= 0.5 + _ROUNDING) & (below + aside / math.sqrt(3) <= _SIDE + _ROUNDING)
        distance = aside**2 + below**2
        closer = inside & (distance < nearest)
        found[closer] = x[closer] * height + y
        nearest[closer] = distance[closer]
    return found


def map_colours(weights: FloatArray, geometry: Geometry = PLANAR, *, coloured: bool | None = None) -> Pixels:
    """Return the colour of each unit: its weights where all weights are colours, else its U-matrix grey.

    `coloured` overrides whether the weights are taken as colours.
    """
    if are_colours(weights) if coloured is None else coloured:
        return _as_pixels(weights)
    distances = u_matrix(weights, geometry)
    return np.repeat(_as_pixels(1.0 - distances / (distances.max() or 1.0))[..., np.newaxis], 3, axis=2)


def draw_map(weights: npt.ArrayLike, *, scale: int | None = None, geometry: Geometry = PLANAR) -> Pixels:
    """Draw a map: its colours where its weights are colours, otherwise its U-matrix.

    Parameters
    ----------
    weights : array_like of shape (width, height, dim)
        Weights of a map. They are colours where ``dim`` is 3 and all of them are in [0, 1]. The U-matrix is
        drawn in greys, from white for distance 0 to black for the largest: borders of clusters are dark.
    scale : int, optional
        Width of a unit in pixels, at least 1; by default :func:`unit_pixels`.
    geometry : Geometry, optional
        The kind of grid; planar rectangular by default.

    Returns
    -------
    ndarray of shape (height * scale, width * scale, 3)
        Pixels; on a hexagonal grid of :func:`picture_size`.

    Raises
    ------
    InvalidDataError
        For weights of another shape, or that are not finite numbers.
    InvalidParameterError
        For a scale that is not an integer of at least 1.
    """
    shape = np.shape(weights)
    if len(shape) != 3 or 0 in shape:
        raise InvalidDataError(f"the weights must have shape (width, height, dim), but have {shape}")
    width, height, dimension = shape
    units = as_weights(weights, width=width, height=height, dimension=dimension)
    pixels_a_unit = unit_pixels(width, height) if scale is None else _count(scale, "scale")
    return draw_units(map_colours(units, geometry), scale=pixels_a_unit, geometry=geometry)


def draw_input_strip(colours: npt.ArrayLike, *, columns: int, rows: int = 20) -> Pixels:
    """Draw colours side by side, each with an equal share of the width.

    Parameters
    ----------
    colours : array_like of shape (n, 3)
        Red, green and blue in [0, 1]; values outside are clipped.
    columns, rows : int
        Size in pixels. Shares are whole pixels and differ by one at most. Of more colours than columns, the
        strip shows an evenly spaced selection.

    Returns
    -------
    ndarray of shape (rows, columns, 3)
        Pixels.

    Raises
    ------
    InvalidDataError
        For colours that are not finite numbers of shape (n, 3).
    InvalidParameterError
        For a size that is not an integer of at least 1.
    """
    samples = as_samples(colours, dimension=3)
    shares = np.arange(_count(columns, "columns")) * len(samples) // columns
    row = _as_pixels(samples[shares])
    return np.repeat(row[np.newaxis], _count(rows, "rows"), axis=0)


def draw_input_output(
    data: npt.ArrayLike, weights: npt.ArrayLike, *, scale: int | None = None, geometry: Geometry = PLANAR
) -> Pixels:
    """Draw the input layer above the output layer: the samples' colours as a strip, and the map below it.

    Parameters
    ----------
    data : array_like of shape (n, dim)
        Samples. If they are not colours, only the map is drawn.
    weights : array_like of shape (width, height, dim)
        Weights of a map, drawn as by :func:`draw_map`.
    scale : int, optional
        Width of a unit in pixels, as in :func:`draw_map`.
    geometry : Geometry, optional
        The kind of grid; planar rectangular by default.

    Returns
    -------
    ndarray of shape (20 + height * scale, width * scale, 3)
        Pixels, without the 20 rows of the strip where the samples are not colours.

    Raises
    ------
    InvalidDataError
        For samples or weights of the wrong shape, or that are not finite numbers.
    InvalidParameterError
        For a scale that is not an integer of at least 1.
    """
    samples = as_samples(data, missing="mask")
    picture = draw_map(weights, scale=scale, geometry=geometry)
    if not are_colours(samples):
        return picture
    return np.concatenate([draw_input_strip(samples, columns=picture.shape[1]), picture])


def encode_png(pixels: Pixels) -> bytes:
    """Return pixels as a PNG file.

    Parameters
    ----------
    pixels : ndarray of uint8 of shape (rows, columns, 3)
        Red, green and blue.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    InvalidDataError
        For an array of another type or shape, or without pixels.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise InvalidDataError(
            f"pixels must be uint8 of shape (rows, columns, 3), but are {pixels.dtype} {pixels.shape}"
        )
    # Imported here: importing the library should cost no more than importing NumPy.
    from PIL import Image

    file = io.BytesIO()
    # Maps of squares suit run-length encoding: half the time of the default strategy, and smaller files.
    Image.fromarray(np.ascontiguousarray(pixels)).save(
        file, "PNG", compress_level=1, compress_type=zlib.Z_RLE
    )
    return file.getvalue()


def are_colours(values: FloatArray) -> bool:
    """Return whether vectors (..., dim) are colours: three numbers in [0, 1] each."""
    if values.shape[-1] != 3:
        return False
    return bool(values.min() >= -_ROUNDING and values.max() <= 1.0 + _ROUNDING)


def _as_pixels(values: FloatArray) -> Pixels:
    return np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)


def _enlarge(picture: Pixels, scale: int) -> Pixels:
    # Columns first: the second step then copies whole rows.
    return np.repeat(np.repeat(picture, scale, axis=1), scale, axis=0)


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidParameterError(
            f"{name} must be an integer of at least 1, but is {value!r}", parameter=name
        )
    return int(value)
