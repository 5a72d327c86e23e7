"""Reads pictures as pixels in sRGB: from files, bytes, Pillow images and arrays."""

import io
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from kohonen.colour.pixels import Mask, Pixels
from kohonen.errors import InvalidPictureError

__all__ = ["FORMATS", "MOST_PIXELS", "Picture", "Source", "count_pixels", "read_picture"]

#: A path, the bytes of a file, a Pillow image, or an array (height, width) or (height, width, channels).
Source: TypeAlias = "str | os.PathLike[str] | bytes | npt.NDArray[Any] | Any"

#: The formats of files, as Pillow names them: no other decoder is tried.
FORMATS = ("PNG", "JPEG", "WEBP")
#: Pixels of a picture at most, unless the caller sets another limit.
MOST_PIXELS = 80_000_000
#: Pixels of less opacity are transparent.
OPAQUE = 128
#: What Pillow raises for files that are damaged.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    OverflowError, struct.error, zlib.error,
)  # fmt: skip
_ORIENTATION = 0x0112


class Picture(NamedTuple):
    """The pixels of a picture.

    Attributes
    ----------
    pixels : ndarray of uint8 of shape (height, width, 3)
        Red, green and blue in sRGB, as the picture is to be seen.
    opaque : ndarray of bool of shape (height, width) or None
        Where it is opaque; None if it is everywhere.
    notes : tuple of str
        What was changed or left out in reading it.
    """

    pixels: Pixels
    opaque: Mask | None = None
    notes: tuple[str, ...] = ()

    @property
    def counted(self) -> Pixels:
        """The opaque pixels, of shape (n, 3)."""
        return self.pixels.reshape(-1, 3) if self.opaque is None else self.pixels[self.opaque]


def read_picture(
    source: Source, *, formats: Sequence[str] = FORMATS, most_pixels: int = MOST_PIXELS
) -> Picture:
    """Read a picture.

    Orientation (Exif) and colour profile are applied. Values of 16 bits are divided by 257. Pixels of an
    opacity below 128 are transparent, all others opaque. Of an animation the first frame is read.

    Parameters
    ----------
    source : str, path, bytes, Pillow image or ndarray
        The picture. Arrays have shape (height, width), (height, width, 1), (height, width, 3) or
        (height, width, 4), and are uint8, uint16, or floats from 0 to 1.
    formats : sequence of str, default PNG, JPEG and WEBP
        Formats of files.
    most_pixels : int, default 80 million
        The limit of pixels, checked before a file is decoded.

    Raises
    ------
    InvalidPictureError
        If it is not such a picture, is damaged or too large, or has only transparent pixels.
    OSError
        If the file cannot be read.
    """
    if isinstance(source, np.ndarray):
        picture = _of_array(source, most_pixels)
    else:
        if isinstance(source, str | os.PathLike):
            source = Path(source).read_bytes()
        picture = _of_image(_opened(source, formats), most_pixels)
    if picture.opaque is not None and not picture.opaque.any():
        raise InvalidPictureError("every pixel of the picture is transparent")
    return picture


def count_pixels(file: bytes, *, formats: Sequence[str] = FORMATS, most_pixels: int = MOST_PIXELS) -> int:
    """Return the number of pixels of a picture, by its header; the errors are those of `read_picture`."""
    image = _opened(file, formats)
    _check_size(image.width, image.height, most_pixels)
    return int(image.width * image.height)


def _opened(source: Any, formats: Sequence[str]) -> Any:
    """Return the Pillow image of the bytes of a file, not decoded; a Pillow image is returned as it is."""
    # Imported here: importing the library should cost no more than importing NumPy.
    from PIL import Image

    if isinstance(source, Image.Image):
        return source
    if not isinstance(source, bytes | bytearray | memoryview):
        raise InvalidPictureError(
            f"a picture is a path, bytes, a Pillow image or an array, not a {type(source).__name__}"
        )
    if not len(source):
        raise InvalidPictureError("the picture is empty: it has no bytes")
    try:
        return Image.open(io.BytesIO(source), formats=tuple(formats))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidPictureError("the picture has too many pixels") from error
    except _DAMAGED as error:
        names = " or ".join(formats)
        raise InvalidPictureError(f"the file is not a {names} picture, or its header is damaged") from error


def _of_image(image: Any, most_pixels: int) -> Picture:
    """Return the picture of a Pillow image."""
    _check_size(image.width, image.height, most_pixels)
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"only the first of {image.n_frames} frames is used")
    try:
        image.load()
        orientation = _orientation(image)
        if image.mode.startswith(("I", "F")):
            grey = _of_array(np.asarray(image), most_pixels)
            return grey._replace(pixels=_turned(grey.pixels, orientation), notes=tuple(notes))
        profile, alpha = image.info.get("icc_profile"), None
        if image.has_transparency_data:
            whole = image.convert("RGBA")
            alpha = whole.getchannel("A")
            image = image.convert("L") if image.mode in ("L", "LA") else whole.convert("RGB")
        if profile:
            image, note = _in_srgb(image, profile)
            notes.append(note)
        elif image.mode == "CMYK":
            notes.append("the picture is CMYK without a profile: its colours are estimated")
        pixels = np.asarray(image.convert("RGB"))
    except _DAMAGED as error:
        raise InvalidPictureError(f"the picture is damaged or incomplete: {error}") from error
    opaque = None if alpha is None else np.asarray(alpha) >= OPAQUE
    if opaque is None or opaque.all():
        return Picture(_turned(pixels, orientation), None, tuple(notes))
    return Picture(_turned(pixels, orientation), cast(Mask, _turned(opaque, orientation)), tuple(notes))


def _in_srgb(image: Any, profile: bytes) -> tuple[Any, str]:
    """Return an image in sRGB, and a note about its colour profile."""
    from PIL import ImageCms

    try:
        own = ImageCms.getOpenProfile(io.BytesIO(profile))
        space = own.profile.xcolor_space.strip()
        name = (own.profile.profile_description or space).strip()[:60]
        if "srgb" in name.lower():
            return image, "the colour profile is sRGB"
        fitting = image if {"L": "GRAY"}.get(image.mode, image.mode) == space else image.convert("RGB")
        made = ImageCms.profileToProfile(fitting, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, *_DAMAGED):
        return image, "the colour profile cannot be used and is ignored"
    return made, f"the colours are converted from {name!r} to sRGB"


def _of_array(array: npt.NDArray[Any], most_pixels: int) -> Picture:
    """Return the picture of an array."""
    shaped = array[:, :, None] if array.ndim == 2 else array
    if shaped.ndim != 3 or shaped.shape[2] not in (1, 3, 4) or not shaped.size:
        raise InvalidPictureError(
            f"an array must have shape (height, width), or 1, 3 or 4 channels, but has {array.shape}"
        )
    _check_size(shaped.shape[1], shaped.shape[0], most_pixels)
    values = _as_bytes(shaped)
    pixels = np.ascontiguousarray(np.broadcast_to(values[:, :, :3], (*values.shape[:2], 3)))
    opaque = values[:, :, 3] >= OPAQUE if values.shape[2] == 4 else None
    return Picture(pixels, None if opaque is None or opaque.all() else opaque)


def _as_bytes(values: npt.NDArray[Any]) -> Pixels:
    """Return values of 8 bits; those of 16 bits are divided, and not clipped."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "f":
        if not (values.min() >= 0.0 and values.max() <= 1.0):
            raise InvalidPictureError("an array of floats must be from 0 to 1")
        return np.rint(values * 255.0).astype(np.uint8)
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() <= 65535:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise InvalidPictureError(f"an array must be uint8, uint16 or floats from 0 to 1, but is {values.dtype}")


def _check_size(width: int, height: int, most_pixels: int) -> None:
    if width * height > most_pixels:
        raise InvalidPictureError(
            f"the picture has {width:,} by {height:,} pixels, over the limit of {most_pixels:,}"
        )


def _orientation(image: Any) -> int:
    """Return the orientation in the Exif data, 1 without."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _DAMAGED:
        return 1


def _turned(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Return pixels (height, width, ...) as they are to be seen, given an orientation from 1 to 8."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
