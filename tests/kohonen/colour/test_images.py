"""Pictures of every kind, and what is not one: read right, or refused with the reason."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from kohonen import InvalidPictureError
from kohonen.colour.compression import compress
from kohonen.colour.images import read_picture
from kohonen.colour.palettes import palette
from tests.kohonen.colour.scenes import decoded, encoded, scene

SCENE = scene(12, 8)
PNG = encoded(SCENE)


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def exif(orientation: Any) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_file_gives_its_pixels(form: str, tmp_path: Path) -> None:
    content = encoded(SCENE, form, lossless=True)
    (tmp_path / "picture").write_bytes(content)
    for source in (content, tmp_path / "picture", str(tmp_path / "picture"), decoded(content), SCENE):
        picture = read_picture(source)
        np.testing.assert_array_equal(picture.pixels, SCENE)
        assert picture.opaque is None
        assert picture.notes == ()
        assert len(picture.counted) == 96


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(orientation: int) -> None:
    from PIL import ImageOps

    content = encoded(SCENE, "PNG", exif=exif(orientation))
    seen = np.asarray(ImageOps.exif_transpose(decoded(content)))
    np.testing.assert_array_equal(read_picture(content).pixels, seen)


@pytest.mark.parametrize("wrong", [0, 9, 200])
def test_a_wrong_orientation_is_none(wrong: Any) -> None:
    content = encoded(SCENE, "PNG", exif=exif(wrong))
    np.testing.assert_array_equal(read_picture(content).pixels, SCENE)


def test_an_orientation_that_is_a_text() -> None:
    entry = struct.pack(">HHI4s", 0x0112, 2, 4, b"top\0")
    raw = b"Exif\0\0MM\0\x2a" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    np.testing.assert_array_equal(read_picture(encoded(SCENE, exif=raw)).pixels, SCENE)


def test_transparent_pixels_are_turned_with_the_others() -> None:
    content = encoded(np.dstack([SCENE, SCENE[:, :, 0]]), exif=exif(6))
    opaque = read_picture(content).opaque
    assert opaque is not None
    np.testing.assert_array_equal(opaque, np.rot90(SCENE[:, :, 0] >= 128, -1))


def test_a_colour_profile_is_applied_and_dropped() -> None:
    # Linear light: its middle grey is much lighter in sRGB.
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    own = encoded(SCENE, icc_profile=srgb.tobytes())
    assert read_picture(own).notes == ("the colour profile is sRGB",)
    np.testing.assert_array_equal(read_picture(own).pixels, SCENE)
    wrong = read_picture(encoded(SCENE, icc_profile=lab.tobytes()))
    assert wrong.notes == ("the colour profile cannot be used and is ignored",)
    damaged = read_picture(encoded(SCENE, icc_profile=b"no profile"))
    assert damaged.notes == wrong.notes
    swapped = _swapped(srgb.tobytes())
    found = read_picture(encoded(SCENE, icc_profile=swapped))
    assert "converted from" in found.notes[0]
    np.testing.assert_allclose(found.pixels, SCENE[:, :, [2, 1, 0]], atol=3)
    assert b"iCCP" not in compress(encoded(SCENE, icc_profile=swapped), 8).encode()
    indexed = decoded(encoded(SCENE)).quantize(8)
    again = read_picture(encoded(indexed, icc_profile=swapped)).pixels
    np.testing.assert_allclose(again, np.asarray(indexed.convert("RGB"))[:, :, [2, 1, 0]], atol=3)


def _swapped(profile: bytes) -> bytes:
    """Return an RGB profile with another name, and red and blue exchanged."""
    names = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    count = struct.unpack(">I", profile[128:132])[0]
    tags = [profile[132 + 12 * k : 144 + 12 * k] for k in range(count)]
    table = b"".join(names.get(tag[:4], tag[:4]) + tag[4:] for tag in tags)
    made = profile[:132] + table + profile[132 + 12 * count :]
    return made.replace("sRGB".encode("utf-16-be"), "Back".encode("utf-16-be")).replace(b"sRGB", b"Back")


def test_grey_is_grey() -> None:
    grey = SCENE[:, :, 0]
    for content in (encoded(grey), encoded(grey, "JPEG", quality=100)):
        picture = read_picture(content)
        np.testing.assert_allclose(picture.pixels, np.repeat(grey[:, :, None], 3, axis=2), atol=3)


def test_one_bit_and_palettes() -> None:
    bits = Image.fromarray(SCENE[:, :, 0]).convert("1")
    assert set(np.unique(read_picture(encoded(bits)).pixels)) <= {0, 255}
    indexed = Image.fromarray(SCENE).quantize(16)
    np.testing.assert_array_equal(read_picture(encoded(indexed)).pixels, np.asarray(indexed.convert("RGB")))


def test_sixteen_bits_are_divided_and_not_clipped() -> None:
    deep = np.linspace(0, 65535, 96).reshape(8, 12).astype(np.uint16)
    found = read_picture(encoded(deep)).pixels
    np.testing.assert_array_equal(found[:, :, 0], np.rint(deep / 257))
    turned = read_picture(encoded(Image.fromarray(deep), exif=exif(3))).pixels
    np.testing.assert_array_equal(turned, found[::-1, ::-1])
    colour = png(2, 1, 16, 2, b"\0" + struct.pack(">6H", 65535, 0, 32768, 0, 257, 514))
    np.testing.assert_allclose(read_picture(colour).pixels, [[[255, 0, 128], [0, 1, 2]]], atol=1)


def test_cmyk() -> None:
    red = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    picture = read_picture(encoded(red, "JPEG", quality=100))
    assert "CMYK" in picture.notes[0]
    red_pixel = picture.pixels[0, 0]
    assert red_pixel[0] > 200
    assert red_pixel[1] < 60


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_opacity_below_a_half_is_transparent(mode: str) -> None:
    alpha = np.tile(np.array([0, 127, 128, 255], dtype=np.uint8), (8, 3))
    image = Image.fromarray(np.dstack([SCENE, alpha])).convert(mode)
    opaque = read_picture(encoded(image)).opaque
    np.testing.assert_array_equal(opaque, alpha >= 128)


def test_opacity_of_a_palette() -> None:
    indexed = Image.fromarray(SCENE).quantize(16)
    opacity = bytes([0] * 5 + [127] + [128] * 10)
    picture = read_picture(encoded(indexed, transparency=opacity))
    np.testing.assert_array_equal(picture.opaque, np.asarray(indexed) > 5)
    np.testing.assert_array_equal(picture.pixels, np.asarray(indexed.convert("RGB")))


def test_a_transparent_colour() -> None:
    picture = SCENE.copy()
    picture[0] = (1, 2, 3)
    opaque = read_picture(encoded(picture, transparency=(1, 2, 3))).opaque
    assert opaque is not None
    assert not opaque[0].any()
    assert opaque[1:].all()


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame(form: str) -> None:
    frames = [Image.fromarray(scene(12, 8, seed)) for seed in range(3)]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:], lossless=True)
    picture = read_picture(content)
    np.testing.assert_array_equal(picture.pixels, SCENE)
    assert picture.notes == ("only the first of 3 frames is used",)
    assert palette(content).notes == picture.notes


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (SCENE / 255, SCENE),
        (SCENE.astype(np.uint16) * 257, SCENE),
        (SCENE.astype(np.int64) * 257, SCENE),
        (SCENE[:, :, :1], SCENE[:, :, [0, 0, 0]]),
        (SCENE[:, :, 0], SCENE[:, :, [0, 0, 0]]),
        (np.dstack([SCENE, np.full((8, 12), 255, dtype=np.uint8)]), SCENE),
    ],
)
def test_arrays(array: Any, expected: Any) -> None:
    picture = read_picture(array)
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.opaque is None


def bomb(side: int) -> bytes:
    return png(side, side, 1, 0, (b"\0" + bytes(-(-side // 8))) * side)


HOSTILE: dict[str, tuple[Any, str]] = {
    "empty": (b"", "empty"),
    "text": (b"hello, world", "not a PNG"),
    "html": (b"<html><script>alert(1)</script></html>", "not a PNG"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"),
    "gif": (encoded(SCENE, "GIF"), "not a PNG"),
    "bmp": (encoded(SCENE, "BMP"), "not a PNG"),
    "tiff": (encoded(SCENE, "TIFF"), "not a PNG"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a PNG"),
    "pdf": (b"%PDF-1.4\n", "not a PNG"),
    "signature only": (PNG[:8], "not a PNG"),
    "header only": (PNG[:33], "damaged|not a PNG"),
    "truncated png": (PNG[: len(PNG) // 2], "damaged|not a PNG"),
    "truncated jpeg": (encoded(scene(), "JPEG")[:900], "damaged|not a PNG"),
    "truncated webp": (encoded(scene(), "WEBP")[:200], "damaged|not a PNG"),
    "wrong checksum": (PNG[:-20] + b"xxxx" + PNG[-16:], "damaged|not a PNG"),
    "zero width": (png(0, 4, 8, 2, b"\0" * 4), "damaged|not a PNG|empty"),
    "bad depth": (png(4, 4, 7, 2, b"\0" * 52), "damaged|not a PNG"),
    "small file of many pixels": (bomb(9_000), "over the limit of 80,000,000|too many"),
    "huge": (bomb(14_000), "too many"),
    "transparent": (encoded(np.zeros((3, 3, 4), dtype=np.uint8)), "every pixel"),
    "not a source": (17, "not a int"),
    "list": ([[0, 0, 0]], "not a list"),
    "no pixels": (np.zeros((0, 4, 3), dtype=np.uint8), "shape"),
    "two channels": (np.zeros((4, 4, 2), dtype=np.uint8), "shape"),
    "one row": (np.zeros(4, dtype=np.uint8), "shape"),
    "floats above one": (np.full((2, 2, 3), 1.5), "from 0 to 1"),
    "not a number": (np.full((2, 2, 3), np.nan), "from 0 to 1"),
    "texts": (np.full((2, 2, 3), "a"), "uint8"),
    "truth values": (np.ones((2, 2, 3), dtype=bool), "uint8"),
    "negative": (np.full((2, 2, 3), -1), "uint8"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_with_the_reason(name: str) -> None:
    source, reason = HOSTILE[name]
    with pytest.raises(InvalidPictureError, match=reason):
        read_picture(source)


def test_the_size_is_checked_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InvalidPictureError, match="12 by 8 pixels, over the limit of 95"):
        read_picture(PNG, most_pixels=95)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_metadata_of_any_kind_does_no_harm() -> None:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", "x" * 10_000)
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>")
    np.testing.assert_array_equal(read_picture(encoded(SCENE, pnginfo=texts)).pixels, SCENE)
    broken = encoded(SCENE, "PNG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_picture(broken).pixels, SCENE)


def test_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError):
        read_picture("no such file.png")


def test_bytes_like_values() -> None:
    np.testing.assert_array_equal(read_picture(bytearray(PNG)).pixels, SCENE)
    assert io.BytesIO(PNG).getbuffer().nbytes == len(PNG)
