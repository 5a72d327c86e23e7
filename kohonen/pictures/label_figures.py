"""Annotated figures of the labels of units, with matplotlib; see :mod:`kohonen.pictures.figures`.

matplotlib is imported when a figure is drawn.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kohonen.analysis.labels import UnitLabels
from kohonen.geometry import PLANAR, Geometry
from kohonen.pictures.axes import RASTERIZED_UNITS, SIDE, draw_units, figure_of, place
from kohonen.pictures.labels import Kinds, kinds_of, majority_colours, pie_radii
from kohonen.pictures.palettes import NOTHING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_labels", "plot_pies"]

#: Kinds in a column of the legend, and characters of a name there.
LISTED, LONGEST = 12, 24
#: The size in points of a text in a unit, the width of a character, and the fewest characters to write.
POINTS, CHARACTER, FEWEST = 7, 4.6, 5


def plot_labels(labels: UnitLabels, *, geometry: Geometry = PLANAR, title: str | None = None) -> "Figure":
    """Draw the majority of each unit in the colour of its label, with a legend.

    Small maps have the labels in their units, shortened to fit. A unit without labelled rows has a pale
    colour, that of the nearest unit.
    """
    figure, axes, kinds = _figure(labels, geometry)
    draw_units(axes, majority_colours(labels) / 255, geometry)
    majority = labels.everywhere[0]
    fitting = int(SIDE * 72 / max(majority.shape) / CHARACTER)
    if fitting >= FEWEST:
        bare = (labels.tally.rows == 0).reshape(majority.shape)
        for x, y in np.argwhere((majority >= 0) & ~bare).tolist():
            bright = kinds.colours[kinds.of[majority[x, y]]] @ (0.299, 0.587, 0.114) > 110
            text = _shortened(labels.values[majority[x, y]], fitting)
            colour = "black" if bright else "white"
            middle = place(x, y, geometry)
            options: dict[str, Any] = {"color": colour, "fontsize": POINTS, "parse_math": False}
            axes.text(*middle, text, ha="center", va="center", **options)
    axes.set_title(title or "Majority of each unit's labels\n(pale: that of the nearest unit)")
    return figure


def plot_pies(labels: UnitLabels, *, geometry: Geometry = PLANAR, title: str | None = None) -> "Figure":
    """Draw the labels of each unit's rows as a pie, larger for more rows, with a legend."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Wedge

    figure, axes, kinds = _figure(labels, geometry)
    found, (width, height, _) = labels.tally, labels.weights.shape
    ground = np.where((found.rows > 0)[:, None], 1.0, np.array(NOTHING) / 255)
    draw_units(axes, ground.reshape(width, height, 3), geometry)
    radii = pie_radii(labels)
    before = (np.cumsum(found.rows) - found.rows)[found.groups]
    wedges, colours = [], []
    order = np.lexsort((kinds.of[found.codes], found.groups))
    ordered = found.counts[order]
    starts = np.cumsum(ordered) - ordered - before
    turns = 360 / found.rows[found.groups]
    for pair, start, count, turn in zip(
        order.tolist(), starts.tolist(), ordered.tolist(), turns.tolist(), strict=True
    ):
        group = int(found.groups[pair])
        centre = place(group // height, group % height, geometry)
        # The axis of y points down, so angles grow clockwise.
        wedges.append(Wedge(centre, radii[group], start * turn - 90, (start + count) * turn - 90))
        colours.append(kinds.colours[kinds.of[found.codes[pair]]] / 255)
    pies = PatchCollection(
        wedges, facecolors=colours, linewidths=0, rasterized=len(wedges) > RASTERIZED_UNITS
    )
    axes.add_collection(pies)
    axes.set_title(title or "Labels of each unit's rows; grey for none")
    return figure


def _figure(labels: UnitLabels, geometry: Geometry) -> "tuple[Figure, Axes, Kinds]":
    """Return a figure with room for a map, its axes, and the kinds of labels in its legend."""
    from matplotlib.patches import Patch

    kinds = kinds_of(labels)
    columns = math.ceil(max(1, len(kinds.names)) / LISTED)
    figure, axes = figure_of(labels.weights, geometry, beside=1.5 + 1.6 * columns)
    rows = np.bincount(kinds.of, labels.tally.frequencies(), len(kinds.names)).astype(int)
    handles = [
        Patch(color=tuple(colour), label=f"{_shortened(name, LONGEST)} ({count:,})")
        for name, colour, count in zip(kinds.names, kinds.colours / 255, rows.tolist(), strict=False)
    ]
    legend = figure.legend(handles=handles, title="label (rows)", loc="outside right upper", ncols=columns)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a label may hold dollar signs
    return figure, axes, kinds


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "\u2026"
