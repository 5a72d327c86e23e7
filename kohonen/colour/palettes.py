"""Palettes: the colours of a picture, or given colours in order.

A palette is a map of one row, so its colours are in order: neighbours are similar. The same pixels give the
same palette on every machine, with or without the compiled kernel. Nothing is drawn at random.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kohonen.colour.cells import Cells, histogram
from kohonen.colour.images import Picture, Source, read_picture
from kohonen.colour.names import name_colours
from kohonen.colour.pixels import Pixels
from kohonen.colour.quantisation import arrange, quantise, weigh
from kohonen.colour.spaces import SPACES, Space, TrainingSpace, oklab
from kohonen.engines.search import match
from kohonen.errors import InvalidParameterError
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.colours import Colour, parse_colours
from kohonen.parameters import Definition

__all__ = ["MOST_COLOURS", "PALETTE", "Palette", "choose_colours", "ordered", "palette", "palette_of"]

#: Colours of a palette at most.
MOST_COLOURS = 256
#: Pictures of more pixels are sampled: every second pixel in each direction.
MOST_SAMPLED = 2**21
#: A picture with fewer cells is counted colour by colour.
FEW = 4096

#: The parameters of a palette, for the library, requests and the command line.
PALETTE: dict[str, Definition] = {
    "count": Definition("Number of colours.", int, default=8, least=1, most=MOST_COLOURS),
    "space": Definition("Colour space of the training and of distances.", str, "oklab", choices=SPACES),
    "emphasis": Definition(
        "Exponent of the number of pixels of a colour: 1 counts the area, and towards 0 rare colours count "
        "as much as frequent ones.",
        float, default=0.5, above=0, most=1,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """Colours in the order of a map of one row.

    Attributes
    ----------
    colours : ndarray of uint8 of shape (k, 3)
        Red, green and blue.
    shares : ndarray of shape (k,)
        The part of the picture that is nearest to each colour.
    notes : tuple of str
        What was changed or left out in reading the picture.
    """

    colours: Pixels
    shares: FloatArray
    notes: tuple[str, ...] = ()

    @property
    def hex(self) -> list[str]:
        """The colours as ``#rrggbb``."""
        return [f"#{bytes(colour.tolist()).hex()}" for colour in self.colours]

    @cached_property
    def names(self) -> list[str]:
        """The name of the nearest colour with a name."""
        return name_colours(self.colours)

    @property
    def oklch(self) -> FloatArray:
        """Lightness, chroma and hue in degrees of the colours in OKLab, of shape (k, 3)."""
        light, a, b = oklab(self.colours / 255).T
        chroma = np.sqrt(a * a + b * b)
        hue = np.where(chroma < 1e-4, 0.0, np.degrees(np.arctan2(b, a)) % 360)
        return np.stack([light, chroma, hue], axis=1)


def palette(
    image: Source,
    count: int = 8,
    *,
    space: Space = "oklab",
    emphasis: float = 0.5,
    keep: Sequence[Colour] = (),
) -> Palette:
    """Return the palette of a picture.

    Parameters
    ----------
    image : str, path, bytes, Pillow image or ndarray
        The picture; see `kohonen.colour.images.read_picture`.
    count : int, default 8
        The number of colours, up to 256. A picture that has no more gives exactly its colours.
    space : {"oklab", "rgb"}, default "oklab"
        The space of the training: OKLab is nearer to what is seen, and sRGB has the smaller error in numbers.
    emphasis : float, default 0.5
        Exponent of the number of pixels of a colour, above 0 and at most 1: 1 counts the area, and towards 0
        rare colours count as much as frequent ones.
    keep : sequence of colours, optional
        CSS names, ``"#rrggbb"``, or triples from 0 to 1, that must be in the palette.

    Returns
    -------
    Palette
        The colours, in order.

    Raises
    ------
    InvalidPictureError, InvalidColourError, InvalidParameterError
        If the picture, a colour or a parameter is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from kohonen.colour.palettes import palette
    >>> palette(np.zeros((2, 2, 3), dtype=np.uint8)).hex
    ['#000000']
    """
    return palette_of(read_picture(image), count, space=space, emphasis=emphasis, keep=keep)


def palette_of(
    picture: Picture, count: int, *, space: Space, emphasis: float, keep: Sequence[Colour] = ()
) -> Palette:
    """Return the palette of a picture that has been read; see `palette`."""
    colours, cells = choose_colours(picture, count, space=space, emphasis=emphasis, keep=keep)
    trained_in = TrainingSpace(space)
    values = trained_in.of_srgb(colours / 255)
    units = match(values[:, None], trained_in.of_srgb(cells.colours)).units[:, 0]
    shares = np.bincount(units, cells.counts, len(colours)) / cells.counts.sum()
    return Palette(colours, shares, picture.notes)


def ordered(colours: Sequence[Colour], *, space: Space = "oklab") -> Palette:
    """Return given colours as a palette, in an order in which neighbours are similar.

    Parameters
    ----------
    colours : sequence of colours
        CSS names, ``"#rrggbb"``, or triples from 0 to 1; at most 256.
    space : {"oklab", "rgb"}, default "oklab"
        The space of the differences.

    Raises
    ------
    InvalidColourError, InvalidDataError, InvalidParameterError
        If there are no colours or too many, or one is invalid.
    """
    pixels = _as_pixels(parse_colours(colours))
    PALETTE["count"].check("colours", len(pixels))
    order = arrange(TrainingSpace(PALETTE["space"].check("space", space)).of_srgb(pixels / 255))
    return Palette(pixels[order], np.full(len(pixels), 1.0 / len(pixels)))


def choose_colours(
    picture: Picture, count: int, *, space: Space, emphasis: float, keep: Sequence[Colour] = ()
) -> tuple[Pixels, Cells]:
    """Return the colours that represent a picture best, in order, and the cells of its pixels.

    Raises
    ------
    InvalidColourError, InvalidParameterError
        If a colour or a parameter is invalid, or there are more colours to keep than colours.
    """
    PALETTE["count"].check("count", count)
    PALETTE["emphasis"].check("emphasis", emphasis)
    trained_in = TrainingSpace(PALETTE["space"].check("space", space))
    kept = _as_pixels(parse_colours(keep)) if len(keep) else np.empty((0, 3), dtype=np.uint8)
    if len(kept) > count:
        raise InvalidParameterError(
            f"{len(kept)} colours to keep are more than the {count} of the palette", parameter="keep"
        )
    cells = _cells(picture, count)
    if cells.exact:
        every = _distinct(np.concatenate([kept, _as_pixels(cells.colours)]))
        if len(every) <= count:
            return every[arrange(trained_in.of_srgb(every / 255))], cells
    samples = trained_in.of_srgb(cells.colours)
    fixed = trained_in.of_srgb(kept / 255)
    found = quantise(samples, cells.counts, count, emphasis=emphasis, fixed=fixed)
    colours = _distinct(_as_pixels(trained_in.to_srgb(found)))
    return _filled(colours, cells, weigh(cells.counts, emphasis), count, trained_in), cells


def _cells(picture: Picture, count: int) -> Cells:
    """Return the cells of a picture; of a large one those of every second pixel in each direction."""
    if picture.pixels.size > 3 * MOST_SAMPLED:
        opaque = picture.opaque
        sampled = Picture(picture.pixels[::2, ::2], None if opaque is None else opaque[::2, ::2]).counted
        cells = _fine(sampled)
        if len(cells.counts) > count:  # otherwise these may be all colours that there are
            return cells
    return _fine(picture.counted)


def _fine(pixels: Pixels) -> Cells:
    """Return the cells of pixels (n, 3), or each colour where there are few cells."""
    cells = histogram(pixels)
    return histogram(pixels, bits=8) if len(cells.counts) < FEW else cells


def _filled(colours: Pixels, cells: Cells, weight: FloatArray, count: int, space: TrainingSpace) -> Pixels:
    """Return `count` colours: where some became equal by rounding, colours of large error are added."""
    rounded = _as_pixels(cells.colours)
    while len(colours) < count:
        units, distances = match(space.of_srgb(colours / 255)[:, None], space.of_srgb(rounded / 255))
        errors = weight * distances[:, 0]
        worst = (-errors).argsort(kind="stable")[: count - len(colours)]
        colours = _distinct(np.insert(colours, units[worst, 0] + 1, rounded[worst], axis=0))
    return colours


def _as_pixels(colours: FloatArray) -> Pixels:
    return np.rint(colours * 255.0).astype(np.uint8)


def _distinct(colours: Pixels) -> Pixels:
    """Return colours (n, 3) without those that occur before."""
    _, first = np.unique(colours, axis=0, return_index=True)
    return colours[np.sort(first)]
