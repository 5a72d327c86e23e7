import json
import re
import struct
from xml.etree import ElementTree

import numpy as np
import pytest

from kohonen.colour.exports import MEDIA_TYPES, write_palette
from kohonen.colour.palettes import Palette
from tests.kohonen.colour.scenes import decoded

PALETTE = Palette(
    np.array([[229, 0, 0], [0, 0, 0], [3, 67, 223]], dtype=np.uint8), np.array([0.5, 0.25, 0.25]), ("a note",)
)


def test_json_has_all_that_is_known() -> None:
    document = json.loads(write_palette(PALETTE, "json"))
    first = document["colours"][0]
    assert first["hex"] == "#e50000"
    assert first["rgb"] == [229, 0, 0]
    assert first["share"] == 0.5
    assert first["name"] == "red"
    assert first["oklch"] == pytest.approx([0.5789, 0.2376, 29.2], abs=1e-3)
    assert document["alike"]["normal"] == []
    assert document["notes"] == ["a note"]


def test_a_strip_shows_the_shares() -> None:
    pixels = np.asarray(decoded(write_palette(PALETTE, "png")))
    assert pixels.shape == (100, 800, 3)
    assert [(pixels == colour).all(axis=2).mean() for colour in PALETTE.colours] == [0.5, 0.25, 0.25]
    svg = ElementTree.fromstring(write_palette(PALETTE, "svg"))
    strips = svg.findall("{http://www.w3.org/2000/svg}rect")
    assert [(strip.get("x"), strip.get("width"), strip.get("fill")) for strip in strips] == [
        ("0", "400", "#e50000"), ("400", "200", "#000000"), ("600", "200", "#0343df"),
    ]  # fmt: skip


def test_css() -> None:
    found = re.findall(r"--colour-(\d): (#\w+); /\* (.+), (.+)% \*/", write_palette(PALETTE, "css").decode())
    assert found == [
        ("1", "#e50000", "red", "50.0"), ("2", "#000000", "black", "25.0"), ("3", "#0343df", "blue", "25.0"),
    ]  # fmt: skip


def test_gimp() -> None:
    lines = write_palette(PALETTE, "gpl").decode().splitlines()
    assert lines[0] == "GIMP Palette"
    assert lines[-3:] == ["229   0   0\tred", "  0   0   0\tblack", "  3  67 223\tblue"]


def test_adobe() -> None:
    content = write_palette(PALETTE, "ase")
    assert content[:12] == b"ASEF\0\1\0\0\0\0\0\3"
    place, found = 12, []
    while place < len(content):
        kind, size = struct.unpack_from(">HI", content, place)
        block = content[place + 6 : place + 6 + size]
        (length,) = struct.unpack_from(">H", block)
        name = block[2 : 2 + 2 * length].decode("utf-16-be").rstrip("\0")
        model, *values, mode = struct.unpack_from(">4s3fH", block, 2 + 2 * length)
        assert (kind, model, mode, size) == (1, b"RGB ", 2, 2 + 2 * length + 18)
        found.append((name, [round(255 * value) for value in values]))
        place += 6 + size
    assert found == [("red", [229, 0, 0]), ("black", [0, 0, 0]), ("blue", [3, 67, 223])]


def test_design_tokens() -> None:
    tokens = json.loads(write_palette(PALETTE, "tokens"))["palette"]
    assert tokens["$type"] == "color"
    assert tokens["colour-3"]["$value"] == {
        "colorSpace": "srgb", "components": [0.0118, 0.2627, 0.8745], "hex": "#0343df",
    }  # fmt: skip


def test_every_form_has_a_media_type() -> None:
    assert all(write_palette(PALETTE, form) for form in MEDIA_TYPES)
