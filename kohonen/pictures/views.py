"""Plain pictures of the views of a map: U-matrix, component planes, hits, errors and clusters."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.views import hit_map, u_matrix, unit_errors
from kohonen.errors import InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.maps import Pixels, draw_units, picture_size, unit_pixels
from kohonen.pictures.palettes import colours_of_groups, colours_of_values

__all__ = [
    "NEEDS_SAMPLES",
    "arrangement",
    "draw_clusters",
    "draw_errors",
    "draw_groups",
    "draw_hits",
    "draw_planes",
    "draw_u_matrix",
    "draw_values",
    "plane_pixels",
    "planes_size",
]

#: Views that need the samples.
NEEDS_SAMPLES: frozenset[str] = frozenset({"input-output", "hits", "errors", "labels", "pies"})

#: Pixels between component planes.
GAP = 8
#: Rows of pixels of the name above a plane, and its font size.
CAPTION, TEXT_PIXELS = 18, 12


def draw_u_matrix(weights: FloatArray, *, scale: int | None = None, geometry: Geometry = PLANAR) -> Pixels:
    """Draw the U-matrix in greys: borders of clusters are dark.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    scale : int, optional
        The width of a unit in pixels; by default the picture is about 400 pixels large.
    geometry : Geometry, optional
        The kind of grid.
    """
    distances = u_matrix(weights, geometry)
    greys = np.rint(255 * (1.0 - distances / (distances.max() or 1.0))).astype(np.uint8)
    return _draw(np.repeat(greys[..., None], 3, axis=2), scale, geometry)


def draw_planes(
    weights: FloatArray,
    *,
    component: int | None = None,
    scale: int | None = None,
    geometry: Geometry = PLANAR,
    names: Sequence[str] | None = None,
) -> Pixels:
    """Draw component planes in rows, each from dark (its minimum) to yellow (its maximum).

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    component : int, optional
        The index of the only component to draw, from 0.
    scale, geometry
        As in `draw_u_matrix`; by default all planes together are about 800 pixels wide.
    names : sequence of str, optional
        The names of the components: written above the planes, shortened to fit, if all are drawn.

    Raises
    ------
    InvalidParameterError
        When the component does not exist.
    """
    width, height, dimension = weights.shape
    if component is not None:
        if not 0 <= component < dimension:
            raise InvalidParameterError(
                f"component must be from 0 to {dimension - 1}, but is {component}", parameter="component"
            )
        return draw_values(weights[..., component], scale=scale, geometry=geometry)
    pixels = plane_pixels(width, height, dimension) if scale is None else scale
    rows, columns = picture_size(width, height, pixels, geometry)
    named = names is not None
    size = planes_size(width, height, dimension, pixels, geometry, named=named)
    picture = np.full((*size, 3), 255, dtype=np.uint8)
    across, caption = arrangement(dimension)[1], CAPTION if named else 0
    for k in range(dimension):
        top, left = (k // across) * (caption + rows + GAP), (k % across) * (columns + GAP)
        if names is not None:
            picture[top : top + caption, left : left + columns][_text_mask(names[k], columns)] = 0
            top += caption
        drawn = draw_values(weights[..., k], scale=pixels, geometry=geometry)
        picture[top : top + rows, left : left + columns] = drawn
    return picture


def arrangement(count: int) -> tuple[int, int]:
    """Return the number of rows and columns in which `count` planes are arranged."""
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns


def plane_pixels(width: int, height: int, dimension: int) -> int:
    """Return the default width of a unit in pixels where all component planes are drawn."""
    if dimension == 1:
        return unit_pixels(width, height)
    return max(1, 800 // arrangement(dimension)[1] // max(width, height))


def planes_size(
    width: int, height: int, dimension: int, scale: int, geometry: Geometry = PLANAR, *, named: bool = False
) -> tuple[int, int]:
    """Return the rows and columns of pixels of a picture of all component planes, with or without names."""
    rows, columns = picture_size(width, height, scale, geometry)
    rows += CAPTION if named else 0
    down, across = arrangement(dimension)
    return down * (rows + GAP) - GAP, across * (columns + GAP) - GAP


def _text_mask(text: str, columns: int) -> npt.NDArray[np.bool_]:
    """Return the pixels of a text in one line as a mask, shortened to the number of columns."""
    # Imported here: importing the library should cost no more than importing NumPy.
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(TEXT_PIXELS)
    shown, length = text, len(text)
    while length and font.getlength(shown) > columns:
        length -= 1
        shown = text[:length].rstrip() + "..." if length else ""
    image = Image.new("1", (columns, CAPTION))
    ImageDraw.Draw(image).text((0, 2), shown, fill=1, font=font)
    return np.asarray(image)


def draw_hits(
    weights: FloatArray, samples: FloatArray, *, scale: int | None = None, geometry: Geometry = PLANAR
) -> Pixels:
    """Draw the hit histogram of samples (n, dim): dark for few, yellow for the most; grey for none.

    The other parameters are those of `draw_u_matrix`.
    """
    hits = hit_map(weights, samples).astype(np.float64)
    hits[hits == 0] = np.nan
    return draw_values(hits, scale=scale, geometry=geometry)


def draw_errors(
    weights: FloatArray, samples: FloatArray, *, scale: int | None = None, geometry: Geometry = PLANAR
) -> Pixels:
    """Draw the quantization error by unit: dark for small, yellow for large; grey for no samples.

    The other parameters are those of `draw_u_matrix`.
    """
    return draw_values(unit_errors(weights, samples), scale=scale, geometry=geometry)


def draw_values(values: FloatArray, *, scale: int | None = None, geometry: Geometry = PLANAR) -> Pixels:
    """Draw one number per unit (width, height): dark for the minimum, yellow for the maximum; grey for NaN.

    The other parameters are those of `draw_u_matrix`.
    """
    return _draw(colours_of_values(values), scale, geometry)


def draw_clusters(
    weights: FloatArray,
    *,
    k: int | Literal["auto"] = "auto",
    scale: int | None = None,
    geometry: Geometry = PLANAR,
) -> Pixels:
    """Draw the clusters of units, each in its own colour; see :mod:`kohonen.analysis.clusters`.

    The other parameters are those of `draw_u_matrix`.
    """
    return draw_groups(cluster_units(weights, k).labels, scale=scale, geometry=geometry)


def draw_groups(
    labels: npt.NDArray[np.int64], *, scale: int | None = None, geometry: Geometry = PLANAR
) -> Pixels:
    """Draw groups of units, such as clusters, each in its own colour.

    Parameters
    ----------
    labels : ndarray of int, of shape (width, height)
        The group of each unit, from 0.
    scale, geometry
        As in `draw_u_matrix`.
    """
    return _draw(colours_of_groups(labels), scale, geometry)


def _draw(colours: Pixels, scale: int | None, geometry: Geometry) -> Pixels:
    width, height, _ = colours.shape
    pixels = unit_pixels(width, height) if scale is None else scale
    return draw_units(colours, scale=pixels, geometry=geometry)
