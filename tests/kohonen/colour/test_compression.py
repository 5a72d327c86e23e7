import math

import numpy as np
import pytest

from kohonen import InvalidParameterError
from kohonen.colour import compression
from kohonen.colour.compression import compress
from kohonen.colour.spaces import SPACES, Space
from tests.kohonen.colour.scenes import decoded, encoded, scene


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("colours", [2, 16, 256])
def test_the_file_has_the_pixels_and_the_colours(colours: int, space: Space) -> None:
    made = compress(scene(), colours, space=space)
    image = decoded(made.encode())
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), made.pixels)
    assert len(np.unique(made.pixels.reshape(-1, 3), axis=0)) <= colours
    np.testing.assert_array_equal(np.asarray(decoded(made.encode("webp")).convert("RGB")), made.pixels)


def test_more_colours_are_nearer() -> None:
    made = [compress(scene(), colours) for colours in (4, 32, 200)]
    assert made[0].psnr < made[1].psnr < made[2].psnr
    assert made[0].difference > made[1].difference > made[2].difference


def test_the_figures() -> None:
    made = compress(scene(), 16)
    error = scene().astype(float) - made.pixels
    assert made.psnr == pytest.approx(10 * math.log10(255**2 / (error**2).mean()))
    assert 0.5 < made.difference < 10


def test_a_picture_of_few_colours_is_copied() -> None:
    few = (scene() // 128 * 255).astype(np.uint8)
    made = compress(few, 8)
    np.testing.assert_array_equal(made.pixels, few)
    assert made.psnr == math.inf
    assert made.difference == 0.0


def test_transparent_pixels_are_one_colour_and_count_for_nothing() -> None:
    picture = np.dstack([scene(), np.full((40, 60), 255, dtype=np.uint8)])
    picture[:20, :, 3] = 127
    picture[:20, :, :3] = (255, 0, 255)
    made = compress(picture, 9)
    assert len(made.palette) == 9
    image = decoded(made.encode())
    opacity = np.asarray(image.convert("RGBA"))[:, :, 3]
    assert (opacity[:20] == 0).all()
    assert (opacity[20:] == 255).all()
    assert made.transparent == 0
    below = compress(picture[20:, :, :3], 8)
    np.testing.assert_array_equal(made.palette[1:], below.palette)
    assert made.psnr == pytest.approx(below.psnr)
    assert 0 < made.difference < 10
    as_webp = np.asarray(decoded(made.encode("webp")).convert("RGBA"))
    np.testing.assert_array_equal(as_webp[20:], np.asarray(image.convert("RGBA"))[20:])
    dithered = compress(picture, 9, dither=0.5)
    assert (dithered.indices[:20] == 0).all()
    assert dithered.indices[20:].all()


def test_the_difference_of_a_part_without_opaque_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "COMPARED", 4)
    picture = np.zeros((40, 60, 4), dtype=np.uint8)
    picture[1, 1] = (5, 6, 7, 255)
    assert compress(picture, 4).difference == 0.0


def test_large_pictures_are_measured_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compress(scene(), 16)
    psnr, difference, file = whole.psnr, whole.difference, whole.encode()
    monkeypatch.setattr(compression, "BLOCK", 100)
    monkeypatch.setattr(compression, "COMPARED", 500)
    monkeypatch.setattr(compression, "LARGE", 500)
    assert compress(scene(), 16).encode("webp")
    again = compress(scene(), 16)
    assert again.psnr == psnr
    assert again.difference == pytest.approx(difference, rel=0.15)
    np.testing.assert_array_equal(np.asarray(decoded(again.encode())), np.asarray(decoded(file)))


def test_dithering_is_stronger_with_its_strength() -> None:
    plain, half, full = (compress(scene(), 4, dither=strength) for strength in (0.0, 0.5, 1.0))
    assert plain.psnr > half.psnr > full.psnr
    np.testing.assert_array_equal(plain.palette, full.palette)


def test_a_palette_may_be_given() -> None:
    made = compress(scene(), palette=["red", "white", "black"])
    assert made.palette.tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 0]]
    transparent = np.dstack([scene(), scene()[:, :, 0]])
    with pytest.raises(InvalidParameterError, match="palette"):
        compress(transparent, palette=[[0, 0, k / 300] for k in range(256)])


def test_no_metadata_comes_out() -> None:
    from PIL import Image

    image = Image.fromarray(scene())
    exif = Image.Exif()
    exif[0x010E] = "private"
    content = encoded(image, "JPEG", exif=exif, comment=b"private")
    for form in ("png", "webp"):
        assert b"private" not in compress(content, 8).encode(form)


@pytest.mark.parametrize("options", [{"colours": 1}, {"colours": 257}, {"dither": 1.5}, {"dither": -0.1}])
def test_parameters_are_bounded(options: dict[str, float]) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(options))):
        compress(scene(), **options)  # type: ignore[arg-type]
