"""The examples are what they say: request bodies that can be sent as they are."""

import json
from pathlib import Path

import pytest

from kohonen import Parameters
from kohonen.colours import parse_colours

PALETTES = sorted((Path(__file__).parent.parent / "examples" / "palettes").glob("*.json"))


def test_there_are_palettes() -> None:
    assert PALETTES


@pytest.mark.parametrize("path", PALETTES, ids=lambda path: path.stem)
def test_a_palette_is_a_training_request(path: Path) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    colours = parse_colours(request.pop("colours"))
    assert 24 <= len(colours) <= 48
    assert len({row.tobytes() for row in colours}) == len(colours)
    assert Parameters(**request).random_state is not None
