"""Seamless textures: the colours of a toroidal map, interpolated between the units."""

import math

import numpy as np

from kohonen.errors import InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.maps import Pixels, map_colours, unit_pixels

__all__ = ["draw_texture", "texture_size"]


def texture_size(width: int, height: int, scale: int, geometry: Geometry) -> tuple[int, int]:
    """Return the size of a texture as rows and columns of pixels."""
    return max(1, round(height * scale * math.sqrt(geometry.row_distance_squared))), width * scale


def draw_texture(weights: FloatArray, *, scale: int | None = None, geometry: Geometry = PLANAR) -> Pixels:
    """Draw a toroidal map as a tile whose opposite edges fit together.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map; its colours are those of `kohonen.pictures.maps.draw_map`.
    scale : int, optional
        The width of a unit in pixels; by default the tile is about 400 pixels large.
    geometry : Geometry
        The kind of grid.

    Raises
    ------
    InvalidParameterError
        If the map is planar: its edges do not fit together.
    """
    if not geometry.toroidal:
        raise InvalidParameterError(
            'a texture needs a toroidal map: train with the boundary "toroidal"', parameter="view"
        )
    width, height, _ = weights.shape
    colours = map_colours(weights, geometry).astype(np.float64)
    rows, columns = texture_size(
        width, height, unit_pixels(width, height) if scale is None else scale, geometry
    )
    across = (np.arange(columns) + 0.5) * width / columns - 0.5
    lines = np.stack([_between(colours[:, y], across - _shift(y, geometry)) for y in range(height)])
    down = (np.arange(rows) + 0.5) * height / rows - 0.5
    return np.rint(_between(lines, down)).astype(np.uint8)


def _shift(row: int, geometry: Geometry) -> float:
    return 0.5 * (row % 2) if geometry.hexagonal else 0.0


def _between(values: FloatArray, places: FloatArray) -> FloatArray:
    """Interpolate values (n, ...) linearly at places, where the last value is followed by the first."""
    first = np.floor(places).astype(np.int64)
    part = (places - first).reshape(-1, *[1] * (values.ndim - 1))
    size = len(values)
    return np.asarray(values[first % size] * (1.0 - part) + values[(first + 1) % size] * part)
