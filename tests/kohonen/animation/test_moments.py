"""Frames are captured after the expected iterations."""

from typing import Any

import pytest

from kohonen import InvalidParameterError
from kohonen.animation.moments import Moments


def test_they_are_evenly_spaced() -> None:
    assert Moments(4).choose(30) == {10, 20, 30}


def test_no_more_frames_than_iterations() -> None:
    assert Moments(100).choose(30) == set(range(1, 31))
    assert Moments(100, "logarithmic").choose(30) == set(range(1, 31))


def test_logarithmic_frames_are_dense_at_the_beginning() -> None:
    assert Moments(8, "logarithmic").choose(1000) == {3, 8, 21, 55, 145, 381, 1000}


@pytest.mark.parametrize("iterations", [1, 2, 5, 23, 24, 25, 1000])
@pytest.mark.parametrize("spacing", ["even", "logarithmic"])
def test_as_many_as_asked_for_where_there_are_as_many(iterations: int, spacing: Any) -> None:
    chosen = Moments(24, spacing).choose(iterations)
    assert len(chosen) == min(23, iterations)
    assert 0 < min(chosen) <= max(chosen) == iterations


def test_every_so_many_iterations() -> None:
    assert Moments(every=8).choose(30) == {8, 16, 24, 30}
    assert Moments(every=10).choose(30) == {10, 20, 30}
    assert Moments(every=100).choose(30) == {30}
    assert Moments(4, every=5).choose(30) == {5, 15, 30}


def test_invalid_moments_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="count must be an integer of at least 2"):
        Moments(1)
    with pytest.raises(InvalidParameterError, match="spacing must be 'even' or 'logarithmic'"):
        Moments(spacing="odd")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="every must be an integer of at least 1"):
        Moments(every=0)
