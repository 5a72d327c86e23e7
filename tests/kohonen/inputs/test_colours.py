"""Colours in every accepted notation, and the messages for others."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.errors import InvalidColourError, InvalidDataError, InvalidParameterError
from kohonen.inputs.colours import Colour, parse_colours


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("red", (255, 0, 0)),
        ("Gold", (255, 215, 0)),
        ("REBECCAPURPLE", (0x66, 0x33, 0x99)),
        ("grey", (128, 128, 128)),
        ("  navy\n", (0, 0, 128)),
        ("#fc0", (255, 204, 0)),
        ("#FC0", (255, 204, 0)),
        ("#e63946", (0xE6, 0x39, 0x46)),
        ("#E63946", (0xE6, 0x39, 0x46)),
    ],
)
def test_names_and_codes(colour: str, expected: tuple[int, int, int]) -> None:
    assert parse_colours([colour]).tolist() == [[channel / 255 for channel in expected]]


def test_all_forms_of_one_colour_are_the_same_bytes() -> None:
    forms: list[Colour] = ["gold", "#ffd700", [255, 215, 0], (255.0, 215.0, 0.0), [255, 215, -0.0]]
    parsed = parse_colours(forms, colour_range=255)
    assert parsed.shape == (5, 3)
    assert parsed.dtype == np.float64
    assert len({row.tobytes() for row in parsed}) == 1


def test_triples_in_the_unit_range_are_taken_as_they_are() -> None:
    assert parse_colours([[0.1, 0.7, 0.2], (0, 1, 0.5)]).tolist() == [[0.1, 0.7, 0.2], [0.0, 1.0, 0.5]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_arrays_and_their_scalars(dtype: Any) -> None:
    table = np.array([[0, 1, 0], [1, 1, 0]], dtype=dtype)
    assert parse_colours(list(table)).tolist() == table.tolist()
    assert parse_colours([tuple(row) for row in table]).tolist() == table.tolist()


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1))
def test_codes_and_triples_of_255_agree_bit_for_bit(triples: list[tuple[int, int, int]]) -> None:
    codes = ["#{:02x}{:02X}{:02x}".format(*triple) for triple in triples]
    expected = np.array(triples) / 255
    assert parse_colours(codes).tobytes() == expected.tobytes()
    assert parse_colours(triples, colour_range=255).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("colour", "message"),
    [
        ("goldd", '"goldd" is not a CSS colour; did you mean "gold"'),
        ("qqqqq", 'a colour is a CSS name, "#rgb", "#rrggbb" or a list [red, green, blue]'),
        ("", "is not a CSS colour"),
        ("x" * 100_000, "..."),
        ("#ff00001", '"#ff00001" is not a colour; "#fc0" and "#ffcc00" are'),
        ("#ggg", "3 or 6 hexadecimal digits"),
        ("#", "3 or 6 hexadecimal digits"),
        ("#\u0661\u0662\u0663", "3 or 6 hexadecimal digits"),
        ("rgb(1, 2, 3)", "is not a CSS colour"),
        (
            [300, 0, 0],
            "red must be from 0 to 1, but is 300; for triples from 0 to 255 the range has to be 255",
        ),
        (
            [0, 128, 0],
            "green must be from 0 to 1, but is 128; for triples from 0 to 255 the range has to be 255",
        ),
        ([0, 0, np.float32(1.5)], "but is 1.5; for triples from 0 to 255 the range has to be 255"),
        ([0, 0, 10**5000], "blue must be from 0 to 1, but is a very large integer"),
        ([0, 0, -(10**5000)], "but is a very large integer"),
        ([-0.5, 0, 0], "red must be from 0 to 1, but is -0.5"),
        ([float("nan"), 0, 0], "red must be a finite number, but is nan"),
        ([0, float("inf"), 0], "green must be a finite number, but is inf"),
        ([0, np.float32("-inf"), 0], "green must be a finite number, but is -inf"),
        ([True, 0, 0], "red must be a number, but is True"),
        ([np.True_, 0, 0], "red must be a number, but is a value of type bool"),
        ([0, 0, "1"], 'blue must be a number, but is "1"'),
        ([0, None, 0], "green must be a number, but is a value of type NoneType"),
        ([[0], 0, 0], "red must be a number, but is a value of type list"),
        ([0, 0], "this list has 2 values"),
        ([0, 0, 0, 1], "this list has 4 values"),
        ([], "this list has 0 values"),
        (None, "this is a value of type NoneType"),
        (0.5, "this is 0.5"),
        (np.array(0.5), "this is a value of type ndarray"),
        ({"r": 1}, "this is a value of type dict"),
        (b"abc", "this is a value of type bytes"),
    ],
)
def test_what_is_no_colour_is_named_with_its_fix(colour: Any, message: str) -> None:
    with pytest.raises(InvalidColourError) as caught:
        parse_colours(["red", colour, "also wrong"])
    assert caught.value.index == 1
    assert str(caught.value).startswith("colours[1]: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("channel", [256, -1, 255.5])
def test_no_other_range_is_suggested_where_none_would_help(channel: float) -> None:
    with pytest.raises(InvalidColourError, match="from 0 to 255, but is") as caught:
        parse_colours([[0, 0, channel]], colour_range=255)
    assert "send" not in str(caught.value)


def test_a_range_is_1_or_255() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        parse_colours(["red"], colour_range=100)  # type: ignore[arg-type]
    assert caught.value.parameter == "colour_range"


def test_no_colours() -> None:
    with pytest.raises(InvalidDataError, match="at least one colour"):
        parse_colours([])
