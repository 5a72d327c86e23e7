"""Sketches are drawn as the frames that they stand for, however the training was done."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from kohonen import Observer, Parameters, TrainedMap, Training, train
from kohonen.animation import animate, drawn_units
from kohonen.data import FloatArray
from kohonen.frames import Frames, Moments
from kohonen.geometry import Geometry
from kohonen.pictures import map_colours
from kohonen.sketches import Sketch, Sketches

COLOURS = np.random.default_rng(1).random((6, 3))


def parameters(**more: Any) -> Parameters:
    return Parameters(**{"width": 12, "height": 8, "iterations": 40, "random_state": 2, **more})


def both(data: FloatArray, made: Parameters, moments: Moments | None = None) -> tuple[Frames, Sketches]:
    moments = moments or Moments(5)
    frames = Frames(moments.count, spacing=moments.spacing, every=moments.every)
    sketches = Sketches(moments)
    train(data, made, observers=[frames, sketches])
    return frames, sketches


@pytest.mark.parametrize("grid", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("initialisation", ["random", "pca"])
@pytest.mark.parametrize(
    "data",
    [COLOURS, 9 * COLOURS, 0.5 * COLOURS, np.random.default_rng(2).normal(size=(9, 5))],
    ids=["colours", "large", "small", "vectors"],
)
def test_they_make_the_animation_of_the_frames(data: FloatArray, initialisation: Any, grid: Any) -> None:
    made = parameters(initialisation=initialisation, grid=grid)
    frames, sketches = both(data, made)
    for form in ("gif", "apng"):
        options: dict[str, Any] = {"form": form, "geometry": Geometry(grid), "most_bytes": 100_000}
        assert animate(sketches.sketches, **options) == animate(frames.frames, **options)
    assert [sketch.record.iteration for sketch in sketches.sketches] == [0, 10, 20, 30, 40]
    assert [sketch.record for sketch in sketches.sketches] == [frame.record for frame in frames.frames]


def test_they_take_a_few_bytes_a_unit() -> None:
    _, coloured = both(COLOURS, parameters())
    _, grey = both(np.random.default_rng(2).normal(size=(9, 50)), parameters())
    _, either = both(COLOURS, parameters(initialisation="pca"))
    for sketches, values in ((coloured, 3), (grey, 1), (either, 4)):
        for sketch in sketches.sketches:
            kept = [part for part in (sketch.colours, sketch.greys) if part is not None]
            assert sum(part.nbytes for part in kept) == 12 * 8 * values
            assert all(part.dtype == np.uint8 and part.base is None for part in kept)


def test_of_large_maps_some_units_are_kept() -> None:
    data = np.random.default_rng(2).normal(size=(9, 5))
    made = parameters(width=41, height=30, iterations=4)
    frames, sketches = Frames(3), Sketches(Moments(3), most_units=3 * 41 * 30 // 2)
    train(data, made, observers=[frames, sketches])
    for sketch, frame in zip(sketches.sketches, frames.frames, strict=True):
        assert (sketch.stride, sketch.colours) == (2, None)
        grey = map_colours(frame.weights, coloured=False)[::2, ::2, 0]
        np.testing.assert_array_equal(sketch.greys, grey)
        assert grey.shape == (21, 15)
    animation = animate(sketches.sketches, captions=False)
    assert (animation.scale, animation.reduced) == (0.5, True)
    smaller = animate(sketches.sketches, captions=False, most_pixels=3 * 21 * 15 // 2)
    assert (smaller.scale, smaller.reduced) == (0.25, True)


def test_small_maps_are_kept_whole() -> None:
    sketches = Sketches(Moments(2), most_units=1)
    train(COLOURS, parameters(), observers=[sketches])
    assert sketches.sketches[0].stride == 2
    assert sketches.sketches[0].colours is not None
    assert sketches.sketches[0].colours.shape == (6, 4, 3)


@pytest.mark.parametrize("moments", [Moments(7), Moments(7, "logarithmic"), Moments(100, every=3)])
@pytest.mark.parametrize("cuts", [[0, 40], [0, 1, 2, 3, 40], [0, 13, 30, 39, 40], list(range(41))])
def test_a_training_in_parts_has_the_same_sketches(moments: Moments, cuts: list[int]) -> None:
    data, made = COLOURS, parameters(initialisation="pca")
    _, whole = both(data, made, moments)
    sketches: list[Sketch] = []
    weights: FloatArray | None = None
    for first, last in pairwise(cuts):
        captured = sketches[-1].record.iteration if sketches else None
        part = Sketches(moments, begun=0, captured=captured)
        trained = until(last, data, made, first, weights, part)
        sketches += part.sketches
        weights = trained.weights
    assert [one.record for one in sketches] == [one.record for one in whole.sketches]
    for one, other in zip(sketches, whole.sketches, strict=True):
        np.testing.assert_array_equal(one.colours, other.colours)
        np.testing.assert_array_equal(one.greys, other.greys)
        assert (one.coloured, one.stride) == (other.coloured, other.stride)


def test_parts_that_begin_with_other_weights_than_colours_leave_no_frame_out() -> None:
    made, moments, sketches = parameters(), Moments(5), list[Sketch]()
    weights: FloatArray = 0.9 + 0.2 * np.random.default_rng(3).random((12, 8, 3))
    for first, last in ((0, 33), (33, 40)):
        captured = sketches[-1].record.iteration if sketches else None
        part = Sketches(moments, begun=0, captured=captured)
        weights = until(last, COLOURS, made, first, weights, part).weights
        sketches += part.sketches
    assert [one.greys is None for one in sketches] == [False, False, False, False, True]
    drawn = drawn_units(sketches)
    assert len(drawn) == 5
    for units, sketch in zip(drawn, sketches, strict=True):
        np.testing.assert_array_equal(units, sketch.colours)


def until(
    last: int, data: FloatArray, made: Parameters, first: int, weights: FloatArray | None, watching: Observer
) -> TrainedMap:
    """Train a part, which ends before its time."""

    class Enough(Observer):
        def after_iteration(self, training: Training) -> None:
            if training.iteration == last:
                training.stop()

    return train(data, made, initial_weights=weights, first_iteration=first, observers=[watching, Enough()])


def test_a_training_that_ends_early_ends_with_what_it_reached() -> None:
    sketches = Sketches(Moments(3))
    until(25, COLOURS, parameters(), 0, None, sketches)
    assert [one.record.iteration for one in sketches.sketches] == [0, 20, 25]


def test_as_many_units_as_an_animation_shows() -> None:
    sketches = Sketches(Moments(100))
    train(COLOURS, parameters(width=500, height=400, iterations=100), observers=[sketches])
    first = sketches.sketches[0]
    assert (len(sketches.sketches), first.stride) == (100, 2)
    assert first.colours is not None
    assert first.colours.shape == (250, 200, 3)
    assert math.prod(first.colours.shape[:2]) * 100 <= 16_000_000
