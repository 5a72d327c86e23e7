"""The kernel's operations on pixels against NumPy, and against their definitions."""

from collections.abc import Callable

import numpy as np
import pytest

from kohonen.colour import pixels
from kohonen.colour.pixels import colours_of, count_pixels, dither, map_pixels
from kohonen.colour.spaces import SPACES, Space, TrainingSpace
from tests.kohonen.colour.scenes import scene

PALETTE = np.random.default_rng(1).integers(0, 256, (7, 3), dtype=np.uint8)
both = pytest.mark.parametrize("name", SPACES)


def test_cells_count_their_pixels() -> None:
    flat = scene().reshape(-1, 3)
    counts, sums = count_pixels(flat, 6, sums=True)
    cells = np.flatnonzero(counts)
    assert counts.sum() == len(flat)
    assert sums.sum(axis=0).tolist() == flat.sum(axis=0, dtype=np.int64).tolist()
    for cell, upper in zip(cells[:5], colours_of(cells[:5], 6), strict=True):
        inside = (flat >> 2 == upper).all(axis=1)
        assert counts[cell] == inside.sum()
        assert sums[cell].tolist() == flat[inside].sum(axis=0).tolist()


def test_numpy_counts_as_the_kernel_does(
    without_kernel: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = scene().reshape(-1, 3)
    found = [count_pixels(flat, 6, sums=True), count_pixels(flat, 4)]
    without_kernel()
    monkeypatch.setattr(pixels, "BLOCK", 1000)
    for (counts, sums), bits in zip(found, (6, 4), strict=True):
        own_counts, own_sums = count_pixels(flat, bits, sums=bits == 6)
        np.testing.assert_array_equal(own_counts, counts)
        np.testing.assert_array_equal(own_sums, sums)


@both
def test_each_pixel_has_its_nearest_colour(name: Space) -> None:
    picture, space = scene(), TrainingSpace(name)
    values = space.of_srgb(picture.reshape(-1, 3) / 255)
    squares = ((values[:, None] - space.of_srgb(PALETTE / 255)) ** 2).sum(axis=2)
    np.testing.assert_array_equal(map_pixels(picture, PALETTE, space).reshape(-1), squares.argmin(axis=1))


@both
def test_a_large_picture_is_mapped_by_cells(name: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = map_pixels(scene(), PALETTE, TrainingSpace(name))
    monkeypatch.setattr(pixels, "MOST_EXACT", 100)
    assert (map_pixels(scene(), PALETTE, TrainingSpace(name)) == exact).mean() > 0.98


@both
def test_numpy_maps_as_the_kernel_does(name: Space, without_kernel: Callable[[], None]) -> None:
    picture, space = scene(), TrainingSpace(name)
    found = map_pixels(picture, PALETTE, space)
    without_kernel()
    np.testing.assert_array_equal(map_pixels(picture, PALETTE, space), found)


@both
@pytest.mark.parametrize("masked", [False, True])
def test_numpy_dithers_as_the_kernel_does(
    name: Space, masked: bool, without_kernel: Callable[[], None]
) -> None:
    picture, space = scene(23, 17), TrainingSpace(name)
    opaque = np.random.default_rng(2).random((17, 23)) > 0.2 if masked else None
    found = dither(picture, PALETTE, space, 0.7, opaque)
    without_kernel()
    np.testing.assert_array_equal(dither(picture, PALETTE, space, 0.7, opaque), found)
    if opaque is not None:
        assert not found[~opaque].any()


def test_dithering_keeps_the_mean() -> None:
    grey = np.full((32, 32, 3), 100, dtype=np.uint8)
    ends = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
    assert not map_pixels(grey, ends, TrainingSpace("rgb")).any()
    assert 255 * dither(grey, ends, TrainingSpace("rgb"), 1.0).mean() == pytest.approx(100, abs=3)


def test_the_first_errors_go_where_floyd_and_steinberg_send_them() -> None:
    row = np.array([[[100] * 3, [125] * 3, [125] * 3], [[0] * 3, [0] * 3, [0] * 3]], dtype=np.uint8)
    ends = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
    # 125 + 100 * 7/16 is above the middle, and what is left over is negative.
    assert dither(row, ends, TrainingSpace("rgb"), 1.0)[0].tolist() == [0, 1, 0]
    assert dither(row, ends, TrainingSpace("rgb"), 0.01)[0].tolist() == [0, 0, 0]
