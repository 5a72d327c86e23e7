from typing import Any

import numpy as np
import pytest

from kohonen import InvalidParameterError, Observer, Parameters, Training, assess, train
from kohonen.frames import Frames, Moments
from tests.kohonen import oracle

DATA = np.random.default_rng(1).random((6, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)


def captured(frames: Frames, parameters: Parameters = PARAMETERS, **options: Any) -> list[int]:
    train(DATA, parameters, observers=[frames], **options)
    return [frame.record.iteration for frame in frames.frames]


def test_the_untrained_map_comes_first_and_the_trained_one_last() -> None:
    frames = Frames(4)
    assert captured(frames) == [0, 10, 20, 30]
    expected = oracle.contract(DATA, PARAMETERS.initial_weights(3), iterations=30).history
    np.testing.assert_array_equal(frames.frames[0].weights, PARAMETERS.initial_weights(3))
    for frame, weights in zip(frames.frames[1:], expected[9::10], strict=True):
        np.testing.assert_array_equal(frame.weights, weights)
        assert frame.record.quantization_error == assess(weights, DATA).quantization_error
    assert frames.frames[0].record.radius == 2.5
    assert captured(frames) == [0, 10, 20, 30]


def test_no_more_frames_than_iterations() -> None:
    assert captured(Frames(100)) == list(range(31))
    assert captured(Frames(100, spacing="logarithmic")) == list(range(31))


def test_logarithmic_frames_are_dense_at_the_beginning() -> None:
    long = Parameters(width=2, height=2, iterations=1000, random_state=0)
    at = captured(Frames(8, spacing="logarithmic"), long)
    assert at == [0, 3, 8, 21, 55, 145, 381, 1000]


@pytest.mark.parametrize("iterations", [1, 2, 5, 23, 24, 25, 1000])
@pytest.mark.parametrize("spacing", ["even", "logarithmic"])
def test_as_many_as_asked_for_where_there_are_as_many(iterations: int, spacing: Any) -> None:
    parameters = Parameters(width=2, height=2, iterations=iterations, random_state=0)
    at = captured(Frames(24, spacing=spacing), parameters)
    assert len(at) == min(24, iterations + 1)
    assert at[0] == 0
    assert at[-1] == iterations


def test_every_so_many_iterations() -> None:
    assert captured(Frames(every=8)) == [0, 8, 16, 24, 30]
    assert captured(Frames(every=10)) == [0, 10, 20, 30]
    assert captured(Frames(every=100)) == [0, 30]
    assert captured(Frames(4, every=5)) == [0, 5, 15, 30]


def test_memory_is_bounded() -> None:
    frame_bytes = 5 * 4 * 3 * 8
    assert captured(Frames(20, most_bytes=3 * frame_bytes)) == [0, 15, 30]
    assert captured(Frames(20, most_bytes=1)) == [0, 30]


def test_where_a_training_goes_on_or_ends_early() -> None:
    class Enough(Observer):
        def after_iteration(self, training: Training) -> None:
            if training.iteration == 25:
                training.stop()

    frames = Frames(3)
    train(DATA, PARAMETERS, first_iteration=20, observers=[frames])
    assert [frame.record.iteration for frame in frames.frames] == [20, 25, 30]
    train(DATA, PARAMETERS, observers=[frames, Enough()])
    assert [frame.record.iteration for frame in frames.frames] == [0, 15, 25]


def test_what_cannot_be_captured_is_said() -> None:
    with pytest.raises(InvalidParameterError, match="count must be an integer of at least 2"):
        Frames(1)
    with pytest.raises(InvalidParameterError, match="spacing must be 'even' or 'logarithmic'"):
        Frames(spacing="odd")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="every must be an integer of at least 1"):
        Moments(every=0)
