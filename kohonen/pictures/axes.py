"""Axes of annotated maps: size, grid of units and ticks; see :mod:`kohonen.pictures.figures`.

matplotlib is imported when a figure is drawn.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kohonen.geometry import Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.palettes import NOTHING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["RASTERIZED_UNITS", "SIDE", "draw_strip", "draw_units", "figure_of", "place", "subplots"]

#: More hexagons than this are rasterized in an SVG.
RASTERIZED_UNITS = 2_000
#: Inches of the long side of a map; of the space beside and below it, and of the smallest figure.
SIDE = 4.2
BESIDE, BELOW, SMALLEST = 2.0, 0.9, (5.2, 3.2)
GREY = "#" + bytes(NOTHING).hex()
ROW = math.sqrt(3) / 2


def figure_of(weights: FloatArray, geometry: Geometry, *, beside: float = BESIDE) -> "tuple[Figure, Axes]":
    """Return a figure with room for one map, and its axes."""
    figure, (axes,) = subplots(weights, geometry, 1, 1, beside=beside)
    width, height = figure.get_size_inches()
    figure.set_size_inches(max(width, SMALLEST[0]), max(height, SMALLEST[1]))
    return figure, axes


def subplots(
    weights: FloatArray, geometry: Geometry, rows: int, columns: int, *, beside: float
) -> "tuple[Figure, list[Axes]]":
    """Return a figure with room for maps of this shape, and its axes."""
    from matplotlib.figure import Figure

    width, height = weights.shape[0], weights.shape[1] * (ROW if geometry.hexagonal else 1.0)
    side = SIDE if rows * columns == 1 else max(1.8, 3.2 / math.sqrt(max(1, columns / 3)))
    across, down = (side * part / max(width, height) for part in (width, height))
    size = columns * (max(across, side / 4) + beside), rows * (max(down, side / 4) + BELOW)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, list(grid.ravel())


def place(x: int, y: int, geometry: Geometry) -> tuple[float, float]:
    """Return the centre of a unit in coordinates of the axes."""
    return (x + 0.5 * (y % 2), y * ROW) if geometry.hexagonal else (x, y)


def draw_units(axes: "Axes", values: FloatArray, geometry: Geometry, **options: Any) -> Any:
    """Draw units coloured by numbers (width, height), or in given colours (width, height, 3)."""
    from matplotlib import colormaps
    from matplotlib.collections import PolyCollection

    width, height = values.shape[:2]
    if "cmap" in options:
        options["cmap"] = colormaps[options["cmap"]].with_extremes(bad=GREY)
        # As in plain pictures, equal numbers are drawn in the colour of the minimum.
        least = options.pop("vmin", np.nanmin(values))
        options["clim"] = least, least + ((np.nanmax(values) - least) or 1.0)
    axes.set_xlabel("x")
    axes.set_ylabel("y")
    axes.locator_params(integer=True, min_n_ticks=1)
    if not geometry.hexagonal:
        return axes.imshow(np.ma.masked_invalid(values.swapaxes(0, 1)), interpolation="nearest", **options)
    units = np.stack(np.divmod(np.arange(width * height), height), axis=1)
    centres = np.array([place(x, y, geometry) for x, y in units.tolist()])
    angles = np.pi / 6 + np.arange(6) * np.pi / 3
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) / math.sqrt(3)
    cells = PolyCollection(
        list(centres[:, None] + corners), rasterized=len(units) > RASTERIZED_UNITS, linewidths=0.2, **options
    )
    if values.ndim == 3:
        cells.set_color([tuple(colour) for colour in values.reshape(-1, 3)])
    else:
        cells.set_array(np.ma.masked_invalid(values.ravel()))
        cells.set_edgecolor("face")
    axes.add_collection(cells)
    axes.set_xlim(-0.5, width - 0.5 + (0.5 if height > 1 else 0.0))
    axes.set_ylim((height - 1) * ROW + 1 / math.sqrt(3), -1 / math.sqrt(3))
    rows = range(0, height, max(1, math.ceil(height / 10)))
    axes.set_yticks([y * ROW for y in rows], [str(y) for y in rows])
    axes.set_aspect("equal")
    return cells


def draw_strip(axes: "Axes", colours: FloatArray) -> None:
    """Draw colours (n, 3) as a strip above the map in the axes."""
    strip = axes.inset_axes((0.0, 1.04, 1.0, 0.05))
    strip.imshow(colours[None], aspect="auto", interpolation="nearest")
    strip.set_xticks([])
    strip.set_yticks([0], [f"{len(colours)} sample{'s' * (len(colours) > 1)}"])
    strip.tick_params(length=0)
