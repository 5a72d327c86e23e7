"""Pictures in few colours."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from kohonen.colour.differences import ciede2000, lab_of_pixels
from kohonen.colour.images import Picture, Source, read_picture
from kohonen.colour.palettes import MOST_COLOURS, PALETTE, choose_colours
from kohonen.colour.pixels import Pixels, dither, map_pixels
from kohonen.colour.spaces import Space, TrainingSpace
from kohonen.errors import InvalidParameterError
from kohonen.inputs.colours import Colour, parse_colours
from kohonen.parameters import Definition

__all__ = ["COMPRESSION", "Compressed", "Form", "compress", "compress_picture"]

Form: TypeAlias = Literal["png", "webp"]

#: The parameters of a compression, for the library, requests and the command line.
COMPRESSION: dict[str, Definition] = {
    "colours": Definition(
        "Number of colours; one of them is the transparent one of a picture that has transparent pixels.",
        int, default=256, least=2, most=MOST_COLOURS,
    ),
    "space": PALETTE["space"],
    "emphasis": PALETTE["emphasis"]._replace(default=1.0),
    "dither": Definition("Strength of dithering, from 0 to 1.", float, default=0.0, above=-1e-300, most=1),
}  # fmt: skip

#: Pixels compared at a time for the PSNR, and in all for the mean difference.
BLOCK, COMPARED = 2**18, 2**14
#: Pictures of more pixels are compressed with less effort.
LARGE = 2**20


@dataclass(frozen=True)
class Compressed:
    """A picture in few colours.

    Attributes
    ----------
    indices : ndarray of uint8 of shape (height, width)
        The index of the colour of each pixel.
    palette : ndarray of uint8 of shape (k, 3)
        The colours.
    transparent : int or None
        The index of the transparent colour.
    original : Picture
        The picture that was compressed.
    """

    indices: Pixels
    palette: Pixels
    transparent: int | None
    original: Picture

    @property
    def pixels(self) -> Pixels:
        """Red, green and blue, of shape (height, width, 3)."""
        return self.palette[self.indices]

    @cached_property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of the opaque pixels in decibels; infinite for an exact copy."""
        flat, indices = self.original.pixels.reshape(-1, 3), self.indices.reshape(-1)
        opaque = None if self.original.opaque is None else self.original.opaque.reshape(-1)
        colours, total, values = self.palette.astype(np.float64), 0.0, 0
        for start in range(0, len(flat), BLOCK):
            block = slice(start, start + BLOCK)
            error = colours[indices[block]] - flat[block]
            if opaque is not None:
                error = error[opaque[block]]
            # Whole numbers far below 2^53: the sum is exact in any order.
            total += float(np.vdot(error, error))
            values += error.size
        return 10 * math.log10(255**2 * values / total) if total else math.inf

    @cached_property
    def difference(self) -> float:
        """Mean CIEDE2000 difference of the opaque pixels, of a large picture of a part of them."""
        step = max(1, math.ceil(math.sqrt(self.indices.size / COMPARED)))
        part = slice(None, None, step), slice(None, None, step)
        found = self.palette[self.indices[part]].reshape(-1, 3)
        given = self.original.pixels[part].reshape(-1, 3)
        if self.original.opaque is not None:
            opaque = self.original.opaque[part].reshape(-1)
            found, given = found[opaque], given[opaque]
        if not len(given):
            return 0.0
        return float(ciede2000(lab_of_pixels(given), lab_of_pixels(found)).mean())

    def encode(self, form: Form = "png") -> bytes:
        """Return the picture as an indexed PNG, or as lossless WebP; without metadata."""
        # Imported here: importing the library should cost no more than importing NumPy.
        from PIL import Image

        file = io.BytesIO()
        height, width = self.indices.shape
        if form == "webp":
            effort = (
                {"method": 1, "quality": 25} if self.indices.size > LARGE else {"method": 2, "quality": 50}
            )
            Image.fromarray(self._with_opacity()).save(file, "WEBP", lossless=True, **effort)
            return file.getvalue()
        image = Image.frombuffer("P", (width, height), np.ascontiguousarray(self.indices), "raw", "P", 0, 1)
        image.putpalette(self.palette.tobytes())
        options: dict[str, Any] = {} if self.transparent is None else {"transparency": self.transparent}
        image.save(file, "PNG", compress_level=4 if self.indices.size > LARGE else 6, **options)
        return file.getvalue()

    def _with_opacity(self) -> Pixels:
        """Return the pixels, with opacity as a fourth channel if one of the colours is transparent."""
        if self.transparent is None:
            return self.pixels
        opacity = np.full((len(self.palette), 1), 255, dtype=np.uint8)
        opacity[self.transparent] = 0
        return np.hstack([self.palette, opacity])[self.indices]


def compress(
    image: Source,
    colours: int = 256,
    *,
    space: Space = "oklab",
    emphasis: float = 1.0,
    keep: Sequence[Colour] = (),
    dither: float = 0.0,
    palette: Sequence[Colour] | None = None,
) -> Compressed:
    """Return a picture in few colours.

    Parameters
    ----------
    image : str, path, bytes, Pillow image or ndarray
        The picture; see `kohonen.colour.images.read_picture`.
    colours : int, default 256
        The number of colours, from 2 to 256. A picture that has no more is copied exactly. If pixels are
        transparent, one of the colours is the transparent one.
    space : {"oklab", "rgb"}, default "oklab"
        The space of the training and of distances: OKLab is nearer to what is seen, and sRGB gives the
        smaller error in numbers (PSNR).
    emphasis, keep
        As in `kohonen.colour.palettes.palette`.
    dither : float, default 0
        The strength of dithering, from 0 to 1.
    palette : sequence of colours, optional
        The colours to use, instead of some that are chosen for the picture.

    Returns
    -------
    Compressed
        The picture, with its palette and its figures.

    Raises
    ------
    InvalidPictureError, InvalidColourError, InvalidParameterError
        If the picture, a colour or a parameter is invalid.
    """
    given = None if palette is None else np.rint(parse_colours(palette) * 255).astype(np.uint8)
    return compress_picture(
        read_picture(image),
        colours,
        space=space,
        emphasis=emphasis,
        keep=keep,
        strength=dither,
        palette=given,
    )


def compress_picture(
    picture: Picture,
    colours: int,
    *,
    space: Space,
    emphasis: float,
    keep: Sequence[Colour] = (),
    strength: float = 0.0,
    palette: Pixels | None = None,
) -> Compressed:
    """Compress a picture that has been read; see `compress`."""
    COMPRESSION["colours"].check("colours", colours)
    COMPRESSION["dither"].check("dither", strength)
    opaque = picture.opaque
    most = colours - (opaque is not None)
    if palette is None:
        palette, _ = choose_colours(picture, most, space=space, emphasis=emphasis, keep=keep)
    elif len(palette) > MOST_COLOURS - (opaque is not None):
        raise InvalidParameterError(
            f"a palette of {len(palette)} colours is over the limit of {MOST_COLOURS}, the transparent one "
            "included",
            parameter="palette",
        )
    searched_in = TrainingSpace(space)
    if strength:
        indices = dither(picture.pixels, palette, searched_in, strength, opaque)
    else:
        indices = map_pixels(picture.pixels, palette, searched_in)
    if opaque is None:
        return Compressed(indices, palette, None, picture)
    # The transparent colour comes first, so that the file needs the opacity of one colour only.
    indices = np.where(opaque, indices + np.uint8(1), np.uint8(0))
    return Compressed(indices, np.concatenate([np.zeros((1, 3), dtype=np.uint8), palette]), 0, picture)
