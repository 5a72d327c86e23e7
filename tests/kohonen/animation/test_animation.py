"""Animations are decoded, and their pixels compared with the maps."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from kohonen import InvalidParameterError, Parameters, train
from kohonen.animation.encode import FORMS, PAUSE, Form, animate
from kohonen.animation.frames import Frame, Frames
from kohonen.animation.moments import Moments
from kohonen.geometry import Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.maps import draw_map
from kohonen.pictures.views import draw_u_matrix

COLOURS = np.random.default_rng(1).random((6, 3))


def parameters(**options: Any) -> Parameters:
    return Parameters(**{"width": 12, "height": 8, "iterations": 40, "random_state": 2, **options})


def frames_of(data: FloatArray = COLOURS, count: int = 5, **options: Any) -> list[Frame]:
    frames = Frames(Moments(count))
    train(data, parameters(**options), observers=[frames])
    return frames.frames


def weights_of(frame: Frame, data: FloatArray = COLOURS, **options: Any) -> FloatArray:
    """Return the weights of the map that a frame shows, trained again."""
    return train(data, parameters(**options), last_iteration=frame.record.iteration).weights


def decode(content: bytes) -> list[tuple[npt.NDArray[np.uint8], int]]:
    """Return the pixels and the duration of each frame."""
    decoded = []
    with Image.open(io.BytesIO(content)) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            # The duration of a WebP frame is known once it is loaded.
            pixels = np.asarray(image.convert("RGB"))
            decoded.append((pixels, round(image.info["duration"])))
    return decoded


@pytest.mark.parametrize("form", ["gif", "apng", "webp"])
def test_every_frame_shows_its_map(form: Form) -> None:
    frames = frames_of()
    made = animate(frames, form=form, scale=10)
    assert (made.media_type, made.frames, made.scale, made.reduced) == (FORMS[form], 5, 10, False)
    decoded = decode(made.content)
    assert [duration for _, duration in decoded] == [120] * 4 + [120 + PAUSE]
    for (pixels, _), frame in zip(decoded, frames, strict=True):
        expected = draw_map(weights_of(frame), scale=10)
        assert pixels.shape[1:] == (120, 3)
        np.testing.assert_array_equal(pixels[:80], expected)  # 96 units: fewer than a GIF's colours
        caption = pixels[80:]
        assert set(np.unique(caption)) == {0, 255}


def test_captions_differ_and_may_be_left_out() -> None:
    frames = frames_of(count=2)
    first, last = (pixels for pixels, _ in decode(animate(frames, scale=40).content))
    assert first.shape == (320 + 24, 480, 3)  # one line
    assert not np.array_equal(first[320:], last[320:])
    narrow = decode(animate(frames, scale=10).content)
    assert narrow[0][0].shape[0] > 80 + 24  # several
    bare = decode(animate(frames, scale=10, captions=False).content)
    assert [pixels.shape for pixels, _ in bare] == [(80, 120, 3)] * 2


def test_a_small_map_has_room_for_its_caption() -> None:
    frames = frames_of(width=2, height=2)
    pixels = decode(animate(frames, scale=5).content)[0][0]
    assert pixels.shape[1] == 120
    assert (pixels[:10, 10:] == 255).all()
    np.testing.assert_array_equal(
        pixels[:10, :10], draw_map(weights_of(frames[0], width=2, height=2), scale=5)
    )


def test_what_is_no_colour_is_a_u_matrix_in_every_frame() -> None:
    frames = frames_of(COLOURS * 9)  # the untrained weights alone would be colours
    for (pixels, _), frame in zip(decode(animate(frames, scale=10).content), frames, strict=True):
        np.testing.assert_array_equal(pixels[:80], draw_u_matrix(weights_of(frame, COLOURS * 9), scale=10))


def test_hexagons_move_too() -> None:
    frames = frames_of(grid="hexagonal")
    geometry = Geometry("hexagonal", "planar")
    pixels = decode(animate(frames, form="apng", scale=10, geometry=geometry).content)[-1][0]
    expected = draw_map(weights_of(frames[-1], grid="hexagonal"), scale=10, geometry=geometry)
    np.testing.assert_array_equal(pixels[: len(expected), : expected.shape[1]], expected)


def test_a_gif_comes_close_to_many_colours() -> None:
    frames = frames_of(width=40, height=30, count=2)
    pixels = decode(animate(frames, captions=False, scale=2).content)[1][0].astype(int)
    weights = weights_of(frames[1], width=40, height=30)
    assert np.abs(pixels - draw_map(weights, scale=2)).mean() < 4


def test_what_is_too_large_is_scaled_down() -> None:
    frames = frames_of(width=30, height=20)
    whole = animate(frames, scale=8)
    assert not whole.reduced
    half = animate(frames, scale=8, most_bytes=len(whole.content) - 1)
    assert half.reduced
    assert half.scale <= 4
    assert len(half.content) < len(whole.content)
    assert half.frames == 5
    by_pixels = animate(frames, scale=8, most_pixels=5 * 30 * 20 * 4 * 4)
    assert (by_pixels.scale, by_pixels.reduced) == (4, True)
    some_units = animate(frames, scale=1, most_pixels=5 * 15 * 10, captions=False)
    assert some_units.scale == 0.5
    assert decode(some_units.content)[0][0].shape == (10, 15, 3)
    smallest = animate(frames, most_bytes=1)
    assert smallest.scale == 0.25


def test_what_cannot_be_animated_is_said() -> None:
    with pytest.raises(InvalidParameterError, match="at least one frame"):
        animate([])
    with pytest.raises(InvalidParameterError, match="'gif', 'apng', 'webp', but is 'mp4'"):
        animate(frames_of(), form="mp4")  # type: ignore[arg-type]
