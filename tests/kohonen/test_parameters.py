import inspect
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidParameterError, Parameters, SelfOrganizingMap
from kohonen.engines.sizes import WANTED
from kohonen.parameters import DEFINITIONS, Definition


def test_initial_weights_are_those_of_the_seed() -> None:
    parameters = Parameters(width=4, height=3, random_state=7)
    expected = np.random.default_rng(7).random((4, 3, 2))
    np.testing.assert_array_equal(parameters.initial_weights(2), expected)


def test_radius_is_half_the_longer_side_unless_given() -> None:
    assert Parameters(width=7, height=4).initial_radius == 3.5
    assert Parameters(width=7, height=4, sigma=2).initial_radius == 2.0


def test_a_seed_is_drawn_once() -> None:
    seeded = Parameters(width=1, height=1).seeded()
    assert seeded.random_state is not None
    assert 0 <= seeded.random_state < 2**32
    assert seeded.seeded() is seeded


def test_numpy_numbers_are_numbers() -> None:
    parameters = Parameters(width=np.int64(3), height=2, learning_rate=np.float32(0.5))  # type: ignore[arg-type]
    assert type(parameters.width) is int
    assert type(parameters.learning_rate) is float


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("width", 0, "at least 1, but is 0"),
        ("height", -3, "at least 1, but is -3"),
        ("iterations", 2.0, "must be an integer, but is 2.0"),
        ("width", True, "must be an integer, but is True"),
        ("width", "7", "must be an integer, but is '7'"),
        ("random_state", -1, "at least 0"),
        ("learning_rate", 0, "above 0 and at most 1"),
        ("learning_rate", 1.01, "above 0 and at most 1"),
        ("learning_rate", float("nan"), "above 0 and at most 1"),
        ("learning_rate", None, "must be a number"),
        ("sigma", 0.0, "above 0 and finite"),
        ("sigma", float("inf"), "above 0 and finite"),
        ("sigma", False, "must be a number"),
        ("algorithm", "magic", "must be one of 'online'"),
        ("initialisation", "zeros", "must be one of 'random', 'sample', 'pca', but is 'zeros'"),
        ("grid", "triangular", "must be one of 'rectangular', 'hexagonal'"),
        ("boundary", None, "must be one of 'planar', 'toroidal', but is None"),
    ],
)
def test_what_cannot_be_used_is_said(name: str, value: Any, says: str) -> None:
    with pytest.raises(InvalidParameterError, match=says) as caught:
        Parameters(**{"width": 3, "height": 3, name: value})
    assert caught.value.parameter == name


def test_a_hexagonal_torus_has_an_even_height() -> None:
    assert Parameters(width=3, height=4, grid="hexagonal", boundary="toroidal").geometry.toroidal
    with pytest.raises(
        InvalidParameterError, match="height must be even on a hexagonal toroidal grid, but is 3"
    ) as caught:
        Parameters(width=3, height=3, grid="hexagonal", boundary="toroidal")
    assert caught.value.parameter == "height"


def test_the_estimator_has_the_same_parameters() -> None:
    given = inspect.signature(SelfOrganizingMap).parameters
    assert list(DEFINITIONS) == [one.name for one in fields(Parameters)]
    assert set(given) == set(DEFINITIONS) | {"missing"}  # which is of the data
    for name, definition in WANTED.items():
        if name != "iterations":  # of which the default depends on those of width and height
            assert given[name].default == definition.default


@pytest.mark.parametrize(
    ("definition", "value", "says"),
    [
        (Definition("", int, least=1, most=5), 6, "at most 5, but is 6"),
        (Definition("", bool), 1, "must be true or false, but is 1"),
        (Definition("", str), 1, "must be a text"),
        (Definition("", list), "red", "must be a list"),
        (Definition("", dict), [], "must be names with values"),
    ],
)
def test_what_else_may_be_defined(definition: Definition, value: Any, says: str) -> None:
    with pytest.raises(InvalidParameterError, match=says):
        definition.check("it", value)


def test_what_is_as_defined_is_given_back() -> None:
    assert Definition("", int).check("it", -7) == -7
    assert Definition("", bool).check("it", True) is True
    assert Definition("", list).check("it", [1]) == [1]
    assert Definition("", str, choices=("a", "b")).check("it", "b") == "b"
