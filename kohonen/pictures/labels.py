"""Plain pictures of the labels of units: their majorities, and pies of all their labels."""

from typing import NamedTuple

import numpy as np

from kohonen.analysis.labels import UnitLabels
from kohonen.engines.search import IntArray
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.maps import Pixels, draw_units, picture_size, unit_centres, unit_pixels, units_at
from kohonen.pictures.palettes import NOTHING, label_colours

__all__ = ["Kinds", "draw_labels", "draw_pies", "kinds_of", "majority_colours", "pie_radii"]

#: The share of white in the colour of a unit without labelled rows, which has the label of another.
PALE = 0.65
#: The radius of the largest pie, in widths of a unit, and the least share of it.
RADIUS, LEAST = 0.46, 0.45
#: Units of fewer pixels are filled with the colour of their majority instead.
SMALLEST_PIE = 5
#: Pies of pictures up to this number of pixels are drawn with twice the rows and columns.
SMOOTH_PIXELS, SMOOTH = 1_000_000, 2


class Kinds(NamedTuple):
    """The kinds of labels that have a colour of their own.

    Attributes
    ----------
    names : list of str
        The labels in alphabetical order; of too many, the most frequent, and the number of the others.
    of : ndarray of shape (values,)
        The kind of each of the labels.
    colours : ndarray of uint8 of shape (kinds, 3)
        The colour of each kind.
    """

    names: list[str]
    of: IntArray
    colours: Pixels


def kinds_of(labels: UnitLabels) -> Kinds:
    """Return the kinds of the labels of a map, with their colours."""
    count = len(labels.values)
    colours = label_colours(count)
    own = min(count, len(colours) if count <= len(colours) else len(colours) - 1)
    frequent = np.sort(np.argsort(-labels.tally.frequencies(), kind="stable")[:own])
    kinds = np.full(count, own)
    kinds[frequent] = np.arange(own)
    names = [labels.values[code] for code in frequent.tolist()]
    return Kinds(names + [f"{count - own:,} others"] * (own < count), kinds, colours)


def majority_colours(labels: UnitLabels, *, pale: bool = True) -> Pixels:
    """Return the colour of each unit's majority, of shape (width, height, 3).

    A unit without labelled rows has a `pale` colour of the label of the nearest unit, or else is light grey.
    """
    kinds = kinds_of(labels)
    majority = labels.everywhere[0]
    table = np.vstack([kinds.colours[kinds.of], [NOTHING]]).astype(np.uint8)
    colours = table[majority]
    bare = (labels.tally.rows == 0).reshape(majority.shape)
    known = bare & (majority >= 0) & pale
    colours[known] = np.rint(255 * PALE + (1 - PALE) * colours[known])
    if not pale:
        colours[bare] = NOTHING
    return colours


def draw_labels(labels: UnitLabels, *, scale: int | None = None, geometry: Geometry = PLANAR) -> Pixels:
    """Draw the majority of each unit in the colour of its label.

    A unit without labelled rows has a pale colour, that of the nearest unit. Of many different labels only
    the most frequent have colours of their own.

    Parameters
    ----------
    labels : UnitLabels
        The labels of the units.
    scale : int, optional
        The width of a unit in pixels; by default the picture is about 400 pixels large.
    geometry : Geometry, optional
        The kind of grid.
    """
    colours = majority_colours(labels)
    return draw_units(colours, scale=scale or unit_pixels(*colours.shape[:2]), geometry=geometry)


def pie_radii(labels: UnitLabels) -> FloatArray:
    """Return the radius of each unit's pie in widths of a unit: its area follows the number of its rows."""
    rows = labels.tally.rows
    share = np.sqrt(rows / max(1, rows.max()))
    return np.asarray(np.where(rows, RADIUS * (LEAST + (1 - LEAST) * share), 0.0))


def draw_pies(labels: UnitLabels, *, scale: int | None = None, geometry: Geometry = PLANAR) -> Pixels:
    """Draw the labels of each unit's rows as a pie, larger for more rows; units without any are light grey.

    The parameters are those of `draw_labels`.
    """
    width, height, _ = labels.weights.shape
    pixels = scale or unit_pixels(width, height)
    if pixels < SMALLEST_PIE:
        colours = majority_colours(labels, pale=False)
        return draw_units(colours, scale=pixels, geometry=geometry)
    rows, columns = picture_size(width, height, pixels, geometry)
    smooth = SMOOTH if rows * columns <= SMOOTH_PIXELS else 1
    table, ends = _wedges(labels)
    radii = pie_radii(labels)
    across, down = unit_centres(width, height, geometry)
    places = (np.arange(columns * smooth) + 0.5) / (pixels * smooth)
    picture = np.empty((rows, columns, 3), dtype=np.uint8)
    for row in range(rows):
        sums = np.zeros((columns, 3))
        for part in range(smooth):
            at = (row + (part + 0.5) / smooth) / pixels
            units = units_at(places, at, width, height, geometry)
            aside, below = places - across[units], at - down[units]
            turn = np.arctan2(aside, -below) / (2 * np.pi) % 1.0  # clockwise from the top
            kind = (turn[:, None] >= ends[units]).sum(axis=1)
            outside = np.sqrt(aside * aside + below * below) > radii[units]
            kind[outside] = np.where(radii[units] > 0, len(table) - 1, len(table) - 2)[outside]
            kind[units < 0] = len(table) - 1
            sums += table[kind].reshape(columns, smooth, 3).sum(axis=1)
        picture[row] = np.rint(sums / smooth**2)
    return picture


def _wedges(labels: UnitLabels) -> tuple[Pixels, FloatArray]:
    """Return the colours of kinds, of nothing and of the background; and where each unit's wedges end."""
    kinds, found = kinds_of(labels), labels.tally
    counts = np.zeros((found.size, len(kinds.names)))
    np.add.at(counts, (found.groups, kinds.of[found.codes]), found.counts)
    ends = np.cumsum(counts, axis=1) / np.maximum(found.rows, 1)[:, None]
    table = np.vstack([kinds.colours[: len(kinds.names)], [NOTHING], [(255, 255, 255)]]).astype(np.uint8)
    return table, ends[:, :-1]
