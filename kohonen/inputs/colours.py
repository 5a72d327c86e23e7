"""Parsing of colours: CSS names, ``#rgb``, ``#rrggbb`` and triples of numbers."""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from kohonen.errors import InvalidColourError, InvalidDataError, InvalidParameterError
from kohonen.inputs.arrays import FloatArray

__all__ = ["Colour", "parse_colours", "split_colours"]

#: A CSS name, "#rgb", "#rrggbb", or red, green and blue as numbers.
Colour: TypeAlias = str | Sequence[float]

_HEX = re.compile("#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_CHANNELS = ("red", "green", "blue")
_FORMS = 'a colour is a CSS name, "#rgb", "#rrggbb" or a list [red, green, blue] of numbers'


def parse_colours(colours: Sequence[Colour], *, colour_range: Literal[1, 255] = 1) -> FloatArray:
    """Return colours as samples for training.

    Parameters
    ----------
    colours : sequence of length n
        Each a CSS name in any case, ``"#rgb"``, ``"#rrggbb"`` or a triple of red, green and blue.
    colour_range : {1, 255}, default 1
        The largest value of a triple's channels; the smallest is 0. It is not inferred from the values.

    Returns
    -------
    ndarray of shape (n, 3)
        Red, green and blue in [0, 1]. A channel ``c`` out of 255 is ``c / 255`` exactly in every notation:
        "gold", "#ffd700" and, with a range of 255, [255, 215, 0] give equal floats.

    Raises
    ------
    InvalidColourError
        If a colour cannot be parsed; ``index`` is the position of the first such colour.
    InvalidDataError
        If there are no colours.
    InvalidParameterError
        If `colour_range` is neither 1 nor 255.
    """
    if colour_range not in (1, 255):
        raise InvalidParameterError(
            f"colour_range must be 1 or 255, but is {colour_range!r}", parameter="colour_range"
        )
    if len(colours) == 0:
        raise InvalidDataError("at least one colour is needed")
    parsed = []
    for index, colour in enumerate(colours):
        try:
            parsed.append(_text(colour) if isinstance(colour, str) else _triple(colour, colour_range))
        except ValueError as error:
            raise InvalidColourError(f"colours[{index}]: {error}", index=index) from None
    # Adding zero turns -0.0 into 0.0, so that equal colours have equal bytes.
    return np.array(parsed, dtype=np.float64) + 0.0


def split_colours(text: str) -> list[str]:
    """Return the colours of a text that separates them by commas; the ``#`` may be left out."""
    parts = [part.strip().lower() for part in text.split(",")]
    return [f"#{part}" if _HEX.fullmatch(f"#{part}") else part for part in parts]


def _text(text: str) -> list[float]:
    key = text.strip().lower()
    code = key if key.startswith("#") else _css_names().get(key, "")
    if not _HEX.fullmatch(code):
        raise ValueError(_unknown(text, key))
    digits = code[1:] if len(code) == 7 else "".join(2 * digit for digit in code[1:])
    return [channel / 255 for channel in bytes.fromhex(digits)]


def _triple(colour: Any, colour_range: int) -> list[float]:
    channels = colour.tolist() if isinstance(colour, np.ndarray) else colour
    if not isinstance(channels, list | tuple):
        raise ValueError(f"{_FORMS}, and this is {_shown(colour)}")
    if len(channels) != 3:
        raise ValueError(f"{_FORMS}, and this list has {len(channels)} values")
    return [
        _channel(value, name, colour_range) / colour_range
        for name, value in zip(_CHANNELS, channels, strict=True)
    ]


def _channel(value: Any, name: str, colour_range: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueError(f"{name} must be a number, but is {_shown(value)}")
    if 0 <= value <= colour_range:
        return float(value)
    if not isinstance(value, int) and not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, but is {value}")
    fix = ""
    if colour_range == 1 and value > 1:
        fix = '; for triples from 0 to 255 the range has to be 255 ("colour_range": 255)'
    raise ValueError(f"{name} must be from 0 to {colour_range}, but is {_shown(value)}{fix}")


def _unknown(text: str, key: str) -> str:
    if key.startswith("#"):
        return f'{_shown(text)} is not a colour; "#fc0" and "#ffcc00" are: 3 or 6 hexadecimal digits'
    import difflib  # needed only for this message

    # The time to compare grows with the length, and all names are shorter.
    close = difflib.get_close_matches(key, _css_names(), n=3) if len(key) <= 40 else []
    if close:
        return f"{_shown(text)} is not a CSS colour; did you mean {' or '.join(map(_shown, close))}?"
    return f"{_shown(text)} is not a CSS colour; {_FORMS}"


def _shown(value: Any) -> str:
    """Return a value for a message, shortened to 60 characters."""
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a very large integer"  # str() refuses integers of more than 4300 digits
    if isinstance(value, str | int | float | np.number):
        text = f'"{value}"' if isinstance(value, str) else str(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return f"a value of type {type(value).__name__}"


@functools.cache
def _css_names() -> Mapping[str, str]:
    """Return the CSS colours as ``#rrggbb``, by name."""
    # Imported here because only names need it, and it takes longer than the rest of the library.
    from PIL import ImageColor

    return {name: "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(name)) for name in ImageColor.colormap}
