"""Frames are drawn as the maps that they show, however the training was done."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from kohonen import Observer, Parameters, TrainedMap, Training, assess, train
from kohonen.animation.encode import animate, drawn_units
from kohonen.animation.frames import Frame, Frames
from kohonen.animation.moments import Moments
from kohonen.geometry import Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.maps import are_colours, map_colours
from tests.kohonen import oracle

COLOURS = np.random.default_rng(1).random((6, 3))


def parameters(**more: Any) -> Parameters:
    return Parameters(**{"width": 12, "height": 8, "iterations": 40, "random_state": 2, **more})


def capture(
    data: FloatArray, made: Parameters, moments: Moments | None = None, **options: Any
) -> list[Frame]:
    frames = Frames(moments or Moments(5), **options)
    train(data, made, observers=[frames])
    return frames.frames


def weights_at(frame: Frame, data: FloatArray, made: Parameters) -> FloatArray:
    """Return the weights of the map that a frame shows, trained again."""
    return train(data, made, last_iteration=frame.record.iteration).weights


def test_the_untrained_map_comes_first_and_the_trained_one_last() -> None:
    made = Parameters(width=5, height=4, iterations=30, random_state=2)
    frames = Frames(Moments(4))
    for _ in range(2):  # the second training is captured like the first
        train(COLOURS, made, observers=[frames])
        assert [frame.record.iteration for frame in frames.frames] == [0, 10, 20, 30]
    untrained = made.initial_weights(3)
    trained = oracle.online(COLOURS, untrained, iterations=30).history[9::10]
    for frame, weights in zip(frames.frames, [untrained, *trained], strict=True):
        np.testing.assert_array_equal(frame.colours, map_colours(weights))
        assert frame.record.quantization_error == assess(weights, COLOURS).quantization_error
    assert frames.frames[0].record.radius == 2.5


def test_24_frames_by_default() -> None:
    frames = Frames()
    train(COLOURS, parameters(), observers=[frames])
    assert len(frames.frames) == 24


@pytest.mark.parametrize("grid", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("initialisation", ["random", "pca"])
@pytest.mark.parametrize(
    "data",
    [COLOURS, 9 * COLOURS, 0.5 * COLOURS, np.random.default_rng(2).normal(size=(9, 5))],
    ids=["colours", "large", "small", "vectors"],
)
def test_they_make_the_animation_of_their_maps(data: FloatArray, initialisation: Any, grid: Any) -> None:
    made = parameters(initialisation=initialisation, grid=grid)
    frames = capture(data, made)
    assert [frame.record.iteration for frame in frames] == [0, 10, 20, 30, 40]
    maps = [weights_at(frame, data, made) for frame in frames]
    coloured = are_colours(maps[0]) and are_colours(maps[-1])
    drawn = [map_colours(weights, Geometry(grid), coloured=coloured) for weights in maps]
    expected = [Frame(frame.record, True, 1, one, None) for frame, one in zip(frames, drawn, strict=True)]
    for form in ("gif", "apng"):
        options: dict[str, Any] = {"form": form, "geometry": Geometry(grid), "most_bytes": 100_000}
        assert animate(frames, **options) == animate(expected, **options)


def test_they_take_a_few_bytes_a_unit() -> None:
    coloured = capture(COLOURS, parameters())
    grey = capture(np.random.default_rng(2).normal(size=(9, 50)), parameters())
    either = capture(COLOURS, parameters(initialisation="pca"))
    for frames, values in ((coloured, 3), (grey, 1), (either, 4)):
        for frame in frames:
            kept = [part for part in (frame.colours, frame.greys) if part is not None]
            assert sum(part.nbytes for part in kept) == 12 * 8 * values
            assert all(part.dtype == np.uint8 and part.base is None for part in kept)


def test_of_large_maps_some_units_are_kept() -> None:
    data = np.random.default_rng(2).normal(size=(9, 5))
    made = parameters(width=41, height=30, iterations=4)
    frames = capture(data, made, Moments(3), most_units=3 * 41 * 30 // 2)
    for frame in frames:
        assert (frame.stride, frame.colours) == (2, None)
        grey = map_colours(weights_at(frame, data, made), coloured=False)[::2, ::2, 0]
        np.testing.assert_array_equal(frame.greys, grey)
        assert grey.shape == (21, 15)
    animation = animate(frames, captions=False)
    assert (animation.scale, animation.reduced) == (0.5, True)
    smaller = animate(frames, captions=False, most_pixels=3 * 21 * 15 // 2)
    assert (smaller.scale, smaller.reduced) == (0.25, True)


def test_small_maps_are_kept_whole() -> None:
    first = capture(COLOURS, parameters(), Moments(2), most_units=1)[0]
    assert first.stride == 2
    assert first.colours is not None
    assert first.colours.shape == (6, 4, 3)


@pytest.mark.parametrize("moments", [Moments(7), Moments(7, "logarithmic"), Moments(100, every=3)])
@pytest.mark.parametrize("cuts", [[0, 40], [0, 1, 2, 3, 40], [0, 13, 30, 39, 40], list(range(41))])
def test_a_training_in_parts_has_the_same_frames(moments: Moments, cuts: list[int]) -> None:
    data, made = COLOURS, parameters(initialisation="pca")
    whole = capture(data, made, moments)
    frames: list[Frame] = []
    weights: FloatArray | None = None
    for first, last in pairwise(cuts):
        captured = frames[-1].record.iteration if frames else None
        part = Frames(moments, begun=0, captured=captured)
        trained = until(last, data, made, first, weights, part)
        frames += part.frames
        weights = trained.weights
    assert [one.record for one in frames] == [one.record for one in whole]
    for one, other in zip(frames, whole, strict=True):
        np.testing.assert_array_equal(one.colours, other.colours)
        np.testing.assert_array_equal(one.greys, other.greys)
        assert (one.coloured, one.stride) == (other.coloured, other.stride)


def test_parts_that_begin_with_other_weights_than_colours_leave_no_frame_out() -> None:
    made, moments, frames = parameters(), Moments(5), list[Frame]()
    weights: FloatArray = 0.9 + 0.2 * np.random.default_rng(3).random((12, 8, 3))
    for first, last in ((0, 33), (33, 40)):
        captured = frames[-1].record.iteration if frames else None
        part = Frames(moments, begun=0, captured=captured)
        weights = until(last, COLOURS, made, first, weights, part).weights
        frames += part.frames
    assert [one.greys is None for one in frames] == [False, False, False, False, True]
    drawn = drawn_units(frames)
    assert len(drawn) == 5
    for units, frame in zip(drawn, frames, strict=True):
        np.testing.assert_array_equal(units, frame.colours)


def until(
    last: int, data: FloatArray, made: Parameters, first: int, weights: FloatArray | None, watching: Observer
) -> TrainedMap:
    """Train a part of the iterations."""

    class Enough(Observer):
        def after_iteration(self, training: Training) -> None:
            if training.iteration == last:
                training.stop()

    return train(data, made, initial_weights=weights, first_iteration=first, observers=[watching, Enough()])


def test_a_training_that_ends_early_ends_with_what_it_reached() -> None:
    frames = Frames(Moments(3))
    until(25, COLOURS, parameters(), 0, None, frames)
    assert [frame.record.iteration for frame in frames.frames] == [0, 20, 25]


def test_a_training_that_goes_on_is_captured_from_there() -> None:
    frames = Frames(Moments(3))
    train(COLOURS, parameters(), first_iteration=30, observers=[frames])
    assert [frame.record.iteration for frame in frames.frames] == [30, 35, 40]


def test_as_many_units_as_an_animation_shows() -> None:
    frames = capture(COLOURS, parameters(width=500, height=400, iterations=100), Moments(100))
    first = frames[0]
    assert (len(frames), first.stride) == (100, 2)
    assert first.colours is not None
    assert first.colours.shape == (250, 200, 3)
    assert math.prod(first.colours.shape[:2]) * 100 <= 16_000_000
