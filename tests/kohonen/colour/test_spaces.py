from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kohonen.colour.spaces import SPACES, Space, TrainingSpace, cielab, linear, oklab

COLOURS = np.vstack([np.eye(3), 1 - np.eye(3), np.zeros((1, 3)), np.random.default_rng(0).random((50, 3))])


def test_linear_light_is_that_of_the_standard() -> None:
    np.testing.assert_allclose(
        linear(np.array([0.0, 0.04, 0.5, 1.0])), [0, 0.04 / 12.92, 0.21404114, 1], atol=1e-8
    )


def test_oklab_of_known_colours() -> None:
    found = oklab(np.array([[1.0, 1, 1], [1, 0, 0], [0, 0, 1]]))
    expected: Any = [[1, 0, 0], [0.627955, 0.224863, 0.125846], [0.452014, -0.032457, -0.311528]]
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_cielab_of_known_colours() -> None:
    found = cielab(linear(np.array([[1.0, 1, 1], [1, 0, 0], [0.2, 0.4, 0.6], [0.01, 0.01, 0.01]])))
    expected: Any = [[100, 0, 0], [53.24, 80.09, 67.20], [42.01, -0.15, -32.84], [0.699, 0, 0]]
    np.testing.assert_allclose(found, expected, atol=0.1)


@pytest.mark.parametrize("name", SPACES)
def test_a_training_space_leads_back(name: Space) -> None:
    space = TrainingSpace(name)
    np.testing.assert_allclose(space.to_srgb(space.of_srgb(COLOURS)), COLOURS, atol=1e-5)
    assert space.to_srgb(np.array([[2.0, 3.0, -4.0]])).min() >= 0.0


@pytest.mark.parametrize("name", SPACES)
def test_numpy_and_the_kernel_agree_to_the_bit(name: Space, without_kernel: Callable[[], None]) -> None:
    space = TrainingSpace(name)
    there, back = space.of_srgb(COLOURS), space.to_srgb(COLOURS * 2 - 0.5)
    without_kernel()
    assert space.of_srgb(COLOURS).tobytes() == there.tobytes()
    assert space.to_srgb(COLOURS * 2 - 0.5).tobytes() == back.tobytes()
