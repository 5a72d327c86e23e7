"""Pictures are decoded, and compared pixel by pixel."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kohonen.errors import InvalidDataError, InvalidParameterError
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.maps import (
    Pixels,
    draw_input_output,
    draw_input_strip,
    draw_map,
    encode_png,
    unit_pixels,
)

RED, GREEN, BLUE, BLACK, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0], [255, 255, 255]


def decode(png: bytes) -> Pixels:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.mode == "RGB"
        return np.asarray(image)


def a_map(width: int, height: int, **units: list[int]) -> FloatArray:
    """Return a black map with some units in colours: ``x1y2=RED``."""
    weights = np.zeros((width, height, 3))
    for name, colour in units.items():
        x, y = name[1:].split("y")
        weights[int(x), int(y)] = np.array(colour) / 255
    return weights


@pytest.mark.parametrize(
    ("width", "height", "pixels"),
    [
        (100, 100, 4),
        (30, 20, 13),
        (20, 30, 13),
        (1, 1, 400),
        (400, 400, 1),
        (401, 1, 1),
        (2000, 500, 1),
        (3, 1, 133),
    ],
)
def test_units_are_as_large_as_400_pixels_allow(width: int, height: int, pixels: int) -> None:
    assert unit_pixels(width, height) == pixels


def test_x_runs_to_the_right_and_y_downwards() -> None:
    picture = decode(encode_png(draw_map(a_map(5, 3, x4y0=RED, x0y2=GREEN, x4y2=BLUE), scale=2)))
    assert picture.shape == (6, 10, 3)
    assert picture[0, 9].tolist() == RED  # top right
    assert picture[5, 0].tolist() == GREEN  # bottom left
    assert picture[5, 9].tolist() == BLUE  # bottom right
    assert picture[0, 0].tolist() == BLACK
    assert (picture == RED).all(axis=2).sum() == 4


@given(
    width=st.integers(1, 6), height=st.integers(1, 6), scale=st.integers(1, 5), seed=st.integers(0, 2**32 - 1)
)
def test_every_unit_is_a_square_of_its_colour(width: int, height: int, scale: int, seed: int) -> None:
    weights = np.random.default_rng(seed).random((width, height, 3))
    picture = decode(encode_png(draw_map(weights, scale=scale)))
    assert picture.shape == (height * scale, width * scale, 3)
    for x in range(width):
        for y in range(height):
            square = picture[y * scale : (y + 1) * scale, x * scale : (x + 1) * scale]
            assert (square == np.rint(weights[x, y] * 255)).all()


def test_the_default_scale() -> None:
    assert draw_map(np.zeros((30, 20, 3))).shape == (260, 390, 3)
    assert draw_map(np.zeros((20, 30, 3))).shape == (390, 260, 3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5, 3), (5, 1, 3), (1, 1, 1), (1, 5, 2), (5, 1, 4)])
def test_thin_maps(shape: tuple[int, int, int]) -> None:
    picture = decode(encode_png(draw_map(np.random.default_rng(1).random(shape), scale=3)))
    assert picture.shape == (3 * shape[1], 3 * shape[0], 3)


def test_channels_are_rounded_to_the_nearest() -> None:
    weights = np.array([[[0.0, 1.0, 127.4 / 255]], [[127.6 / 255, 254.6 / 255, 0.4 / 255]]])
    assert draw_map(weights, scale=1).tolist() == [[[0, 255, 127], [128, 255, 0]]]


def test_a_weight_outside_by_rounding_is_still_a_colour() -> None:
    assert draw_map([[[1.0 + 1e-12, -1e-12, 0.0]]], scale=1).tolist() == [[RED]]


def test_what_is_no_colour_is_drawn_as_its_u_matrix_in_greys() -> None:
    weights = np.zeros((4, 3, 2))
    weights[2:] = 7.0  # a border between columns 1 and 2
    picture = decode(encode_png(draw_map(weights, scale=2)))
    assert picture.shape == (6, 8, 3)
    assert (picture[:, :2] == 255).all()
    assert (picture[:, 6:] == 255).all()
    assert picture[0, 2:6].tolist() == [BLACK] * 4  # the largest distance
    assert picture[2, 2].tolist() == [16, 16, 16]  # 15/16 of it
    assert (picture == picture[..., :1]).all()


@pytest.mark.parametrize("outside", [1.1, -0.1, 255.0])
def test_three_channels_beyond_the_range_are_no_colours(outside: float) -> None:
    weights = np.zeros((2, 2, 3))
    weights[0, 0, 1] = outside
    assert (draw_map(weights, scale=1)[0, 0] == 0).all()


def test_a_map_without_any_distance_is_white() -> None:
    assert (draw_map(np.full((3, 2, 5), 9.0)) == 255).all()


@pytest.mark.parametrize(
    "weights",
    [
        np.full((2, 2, 3), np.nan),
        np.full((2, 2, 4), np.inf),
        np.zeros((2, 2)),
        np.zeros((0, 2, 3)),
        np.zeros((2, 2, 0)),
        [[["a"]]],
    ],
)
def test_weights_that_cannot_be_drawn(weights: npt.ArrayLike) -> None:
    with pytest.raises(InvalidDataError, match="the weights must"):
        draw_map(weights)


@pytest.mark.parametrize("scale", [0, -1, True, 1.5, "2"])
def test_a_scale_is_a_whole_number_of_pixels(scale: Any) -> None:
    with pytest.raises(InvalidParameterError, match="scale must be an integer of at least 1") as caught:
        draw_map(np.zeros((2, 2, 3)), scale=scale)
    assert caught.value.parameter == "scale"


def test_numpy_integers_are_scales() -> None:
    scale: Any = np.int64(2)
    assert draw_map(np.zeros((2, 1, 3)), scale=scale).shape == (2, 4, 3)


def test_each_colour_has_an_equal_share_of_the_strip() -> None:
    strip = decode(encode_png(draw_input_strip(np.eye(3), columns=9, rows=2)))
    assert strip.shape == (2, 9, 3)
    assert strip[0].tolist() == strip[1].tolist() == [RED] * 3 + [GREEN] * 3 + [BLUE] * 3


@given(n=st.integers(1, 40), columns=st.integers(1, 100))
def test_shares_cover_the_width_and_differ_by_a_pixel_at_most(n: int, columns: int) -> None:
    colours = np.arange(n)[:, np.newaxis] * [1, 0, 0] / 255
    strip = draw_input_strip(colours, columns=columns)
    assert strip.shape == (20, columns, 3)
    order = strip[0, :, 0].astype(int)
    assert (np.diff(order) >= 0).all()
    counts = np.bincount(order, minlength=n)
    assert counts.sum() == columns
    assert counts.max() - counts.min() <= 1


def test_more_colours_than_columns_are_thinned_out_evenly() -> None:
    colours = np.arange(200)[:, np.newaxis] * [1, 1, 1] / 255
    assert draw_input_strip(colours, columns=4)[0, :, 0].tolist() == [0, 50, 100, 150]


@pytest.mark.parametrize("size", [{"columns": 0}, {"columns": 5, "rows": 0}, {"columns": 2.0}])
def test_a_strip_has_a_size(size: Any) -> None:
    with pytest.raises(InvalidParameterError, match="must be an integer of at least 1"):
        draw_input_strip(np.eye(3), **size)


@pytest.mark.parametrize("colours", [np.eye(4), np.zeros((0, 3)), [[np.nan, 0, 0]]])
def test_a_strip_is_of_colours(colours: npt.ArrayLike) -> None:
    with pytest.raises(InvalidDataError):
        draw_input_strip(colours, columns=10)


def test_the_demo_is_400_by_420() -> None:
    colours = np.random.default_rng([7, 1]).random((20, 3))
    weights = np.random.default_rng(7).random((100, 100, 3))
    picture = decode(encode_png(draw_input_output(colours, weights)))
    assert picture.shape == (420, 400, 3)
    for i, colour in enumerate(colours):  # 20 columns each
        assert (picture[:20, 20 * i : 20 * (i + 1)] == np.rint(255 * colour)).all()
    assert (picture[20:] == draw_map(weights)).all()


@pytest.mark.parametrize(("width", "height"), [(30, 20), (20, 30), (1, 7), (7, 1)])
def test_the_strip_is_as_wide_as_the_map(width: int, height: int) -> None:
    picture = draw_input_output([[1, 0, 0], [0, 0, 1]], a_map(width, height, x0y0=GREEN), scale=4)
    assert picture.shape == (20 + 4 * height, 4 * width, 3)
    assert picture[0, 0].tolist() == RED
    assert picture[19, -1].tolist() == BLUE
    assert picture[20, 0].tolist() == GREEN


@pytest.mark.parametrize("data", [[[0.0, 2.0, 0.0]], [[0.0, 1.0]]])
def test_data_that_are_no_colours_have_no_strip(data: list[list[float]]) -> None:
    weights = np.random.default_rng(0).random((4, 3, len(data[0])))
    assert draw_input_output(data, weights, scale=2).shape == (6, 8, 3)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 2, 3)),
        np.full((2, 2, 3), np.nan),
        np.zeros((2, 2), dtype=np.uint8),
        np.zeros((2, 2, 4), dtype=np.uint8),
        np.zeros((0, 2, 3), dtype=np.uint8),
    ],
)
def test_only_pixels_are_encoded(pixels: Any) -> None:
    with pytest.raises(InvalidDataError, match="pixels must be uint8"):
        encode_png(pixels)


def test_pixels_need_not_be_contiguous() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (6, 8, 3), dtype=np.uint8)[::2, ::-1]
    assert (decode(encode_png(pixels)) == pixels).all()
