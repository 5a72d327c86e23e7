"""Animations of a training: a file of its frames, each with a caption."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.animation.frames import SMALLEST, Frame
from kohonen.errors import InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.observers.standard import Record
from kohonen.pictures.maps import Pixels, draw_units, picture_size, unit_pixels

if TYPE_CHECKING:
    from PIL import Image, ImageFont

__all__ = ["FORMS", "Animation", "Form", "animate", "drawn_units"]

Bitmap: TypeAlias = npt.NDArray[np.bool_]
Form: TypeAlias = Literal["gif", "apng", "webp"]

#: The media type of each form.
FORMS: dict[Form, str] = {"gif": "image/gif", "apng": "image/apng", "webp": "image/webp"}

#: Milliseconds that the last frame is shown longer than the others.
PAUSE = 1_500
#: The smallest width of a caption in pixels.
NARROWEST = 120
TEXT_PIXELS = 12
MARGIN = 4
#: The palette indices of captions and background, after the colours of the map.
BLACK, WHITE = 254, 255


class Animation(NamedTuple):
    """An animation as a file.

    Attributes
    ----------
    content : bytes
        The file.
    media_type : str
        The media type of the file.
    frames : int
        The number of frames.
    scale : float
        The width of a unit in pixels; below 1 where only some of the units are drawn.
    reduced : bool
        Whether it was scaled down to stay within the bytes or pixels allowed.
    """

    content: bytes
    media_type: str
    frames: int
    scale: float
    reduced: bool


def animate(
    frames: Sequence[Frame],
    *,
    form: Form = "gif",
    scale: int | None = None,
    geometry: Geometry = PLANAR,
    milliseconds: int = 120,
    captions: bool = True,
    most_bytes: int | None = None,
    most_pixels: int | None = None,
) -> Animation:
    """Encode the frames of a training as an animation.

    Parameters
    ----------
    frames : sequence of Frame
        From :class:`kohonen.animation.frames.Frames`; at least one. They are drawn as colours where the first
        and the last of them are colours, otherwise as U-matrices.
    form : {"gif", "apng", "webp"}, default "gif"
        The file format. A GIF has 254 colours per frame; the others are lossless.
    scale : int, optional
        The width of a unit in pixels; by default the map is about 400 pixels large.
    geometry : Geometry, optional
        The kind of grid.
    milliseconds : int, default 120
        The time that a frame is shown.
    captions : bool, default True
        Whether to write iteration, radius, learning rate and quantization error below each frame.
    most_bytes, most_pixels : int, optional
        The largest size of the file, and of all frames together; larger animations are scaled down.

    Raises
    ------
    InvalidParameterError
        Without frames, or for an unknown form.
    """
    if not frames:
        raise InvalidParameterError("there must be at least one frame", parameter="frames")
    if form not in FORMS:
        known = ", ".join(map(repr, FORMS))
        raise InvalidParameterError(f"form must be one of {known}, but is {form!r}", parameter="form")
    units, kept = drawn_units(frames), frames[0].stride
    width, height, _ = units[0].shape
    # Where units are left out, there was no room for more than a pixel each.
    pixels, stride = (unit_pixels(width, height) if kept == 1 else 1) if scale is None else scale, 1
    reduced = kept > 1
    while True:
        drawn = [colours[::stride, ::stride] for colours in units]
        size = _size(drawn[0], pixels, geometry)
        smallest = max(drawn[0].shape[:2]) <= SMALLEST and pixels == 1
        fits = most_pixels is None or size[0] * size[1] * len(frames) <= most_pixels
        if fits or smallest:
            records = [frame.record for frame in frames] if captions else []
            content = _encode(drawn, records, form, pixels, geometry, milliseconds)
            if most_bytes is None or len(content) <= most_bytes or smallest:
                return Animation(content, FORMS[form], len(frames), pixels / (stride * kept), reduced)
        pixels, stride, reduced = (pixels // 2, 1, True) if pixels > 1 else (1, 2 * stride, True)


def drawn_units(frames: Sequence[Frame]) -> list[Pixels]:
    """Return the units of each frame as pixels: their colours, or the U-matrix in all frames."""
    # A resumed training whose first weights were no colours may have greys of its earlier frames only.
    greys_for_all = all(frame.greys is not None for frame in frames)
    if not greys_for_all or (frames[0].coloured and frames[-1].coloured):
        return [frame.colours for frame in frames if frame.colours is not None]
    return [np.repeat(frame.greys[..., None], 3, axis=2) for frame in frames if frame.greys is not None]


def _size(colours: Pixels, scale: int, geometry: Geometry) -> tuple[int, int]:
    width, height, _ = colours.shape
    return picture_size(width, height, scale, geometry)


def _encode(
    drawn: Sequence[Pixels],
    records: Sequence[Record],
    form: Form,
    scale: int,
    geometry: Geometry,
    milliseconds: int,
) -> bytes:
    columns = max(_size(drawn[0], scale, geometry)[1], NARROWEST if records else 1)
    strips = _captions(records, columns) if records else [np.empty((0, columns), dtype=bool)] * len(drawn)
    compose = _few_colours if form == "gif" else _true_colours
    images = [compose(colours, strip, scale, geometry) for colours, strip in zip(drawn, strips, strict=True)]
    options: dict[str, Any] = {
        "gif": {"format": "GIF", "optimize": False},
        "apng": {"format": "PNG", "compress_level": 6},
        "webp": {"format": "WEBP", "lossless": True, "quality": 20, "method": 1},
    }[form]
    durations = [milliseconds] * (len(images) - 1) + [milliseconds + PAUSE]
    file = io.BytesIO()
    images[0].save(file, save_all=True, append_images=images[1:], duration=durations, loop=0, **options)
    return file.getvalue()


def _few_colours(colours: Pixels, strip: Bitmap, scale: int, geometry: Geometry) -> "Image.Image":
    """Return a picture with a palette of 254 colours, chosen from the few units, and black and white."""
    from PIL import Image

    units = Image.fromarray(colours).quantize(
        BLACK, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    palette = (units.getpalette() or [])[: 3 * BLACK]
    indices = draw_units(np.asarray(units)[..., None], scale=scale, geometry=geometry)[..., 0]
    canvas = np.full((indices.shape[0] + strip.shape[0], strip.shape[1]), WHITE, dtype=np.uint8)
    canvas[: indices.shape[0], : indices.shape[1]] = indices
    canvas[indices.shape[0] :][strip] = BLACK
    image = Image.fromarray(canvas).convert("P")
    image.putpalette([*palette, *[0] * (3 * BLACK - len(palette)), 0, 0, 0, 255, 255, 255])
    return image


def _true_colours(colours: Pixels, strip: Bitmap, scale: int, geometry: Geometry) -> "Image.Image":
    from PIL import Image

    picture = draw_units(colours, scale=scale, geometry=geometry)
    canvas = np.full((picture.shape[0] + strip.shape[0], strip.shape[1], 3), WHITE, dtype=np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    canvas[picture.shape[0] :][strip] = 0
    return Image.fromarray(canvas)


def _captions(records: Sequence[Record], columns: int) -> list[Bitmap]:
    """Return the captions as bitmaps of equal size, wrapped to the width."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(TEXT_PIXELS)
    texts = [_lines(_words(record), columns - 2 * MARGIN, font) for record in records]
    height = 2 * MARGIN + max(len(lines) for lines in texts) * (TEXT_PIXELS + MARGIN)
    strips = []
    for lines in texts:
        image = Image.new("1", (columns, height))
        draw = ImageDraw.Draw(image)
        for row, line in enumerate(lines):
            draw.text((MARGIN, MARGIN + row * (TEXT_PIXELS + MARGIN)), line, fill=1, font=font)
        strips.append(np.asarray(image))
    return strips


def _words(record: Record) -> list[str]:
    return [
        f"iteration {record.iteration}",
        f"radius {record.radius:.1f}",
        f"rate {record.learning_rate:.3f}",
        f"error {record.quantization_error:.3g}",
    ]


def _lines(words: list[str], columns: int, font: "ImageFont.FreeTypeFont | ImageFont.ImageFont") -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]}   {word}"
        if font.getlength(longer) <= columns:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
