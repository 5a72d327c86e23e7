"""Palettes as files: JSON, PNG, SVG, CSS, GIMP, Adobe Swatch Exchange and design tokens."""

import json
import struct
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from kohonen.colour.differences import alike
from kohonen.colour.palettes import Palette
from kohonen.colour.pixels import Pixels

__all__ = ["MEDIA_TYPES", "PaletteForm", "document", "write_palette"]

PaletteForm: TypeAlias = Literal["json", "png", "svg", "css", "gpl", "ase", "tokens"]
MEDIA_TYPES: dict[PaletteForm, str] = {
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "css": "text/css",
    "gpl": "application/x-gimp-palette",
    "ase": "application/x-adobe-ase",
    "tokens": "application/design-tokens+json",
}
#: Size of a strip in pixels.
WIDTH, HEIGHT = 800, 100


def write_palette(palette: Palette, form: PaletteForm) -> bytes:
    """Return a palette as a file.

    Parameters
    ----------
    palette : Palette
        The colours.
    form : {"json", "png", "svg", "css", "gpl", "ase", "tokens"}
        png, svg: a strip, with widths by share. css: custom properties. gpl: GIMP, Inkscape and Krita. ase:
        Adobe Swatch Exchange. tokens: the format of the Design Tokens Community Group.
    """
    return _WRITERS[form](palette)


def document(palette: Palette) -> dict[str, Any]:
    """Return a palette as JSON: its colours in order, and the pairs that are hard to tell apart."""
    rows = zip(
        palette.hex, palette.colours.tolist(), palette.oklch, palette.shares, palette.names, strict=True
    )
    colours = [
        {
            "hex": code,
            "rgb": rgb,
            "oklch": [round(float(value), digits) for value, digits in zip(oklch, (4, 4, 1), strict=True)],
            "share": round(float(share), 6),
            "name": name,
        }
        for code, rgb, oklch, share, name in rows
    ]
    pairs = {sight: [pair._asdict() for pair in found] for sight, found in alike(palette.colours).items()}
    return {"colours": colours, "alike": pairs, "notes": list(palette.notes)}


def _edges(palette: Palette) -> list[int]:
    """Return where colours begin and end in a strip, in pixels."""
    ends = np.rint(np.cumsum(palette.shares) / palette.shares.sum() * WIDTH).astype(int)
    return [0, *ends.tolist()]


def _json(palette: Palette) -> bytes:
    return json.dumps(document(palette), indent=2).encode() + b"\n"


def _png(palette: Palette) -> bytes:
    # Imported here: the other forms need no picture.
    from kohonen.pictures.maps import encode_png

    widths = np.diff(_edges(palette))
    row: Pixels = np.repeat(palette.colours, widths, axis=0)
    return encode_png(np.repeat(row[None], HEIGHT, axis=0))


def _svg(palette: Palette) -> bytes:
    edges = _edges(palette)
    strips = "".join(
        f'<rect x="{x}" width="{end - x}" height="{HEIGHT}" fill="{code}"><title>{code} {name}</title></rect>'
        for x, end, code, name in zip(edges, edges[1:], palette.hex, palette.names, strict=False)
    )
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{strips}</svg>\n'.encode()


def _css(palette: Palette) -> bytes:
    lines = [
        f"  --colour-{number}: {code}; /* {name}, {share:.1%} */\n"
        for number, code, name, share in _rows(palette)
    ]
    return f":root {{\n{''.join(lines)}}}\n".encode()


def _gpl(palette: Palette) -> bytes:
    rows = zip(palette.colours.tolist(), palette.names, strict=True)
    lines = [f"{red:3} {green:3} {blue:3}\t{name}\n" for (red, green, blue), name in rows]
    return f"GIMP Palette\nName: kohonen\nColumns: {len(lines)}\n#\n{''.join(lines)}".encode()


def _ase(palette: Palette) -> bytes:
    blocks = []
    for colour, name in zip(palette.colours, palette.names, strict=True):
        text = f"{name}\0".encode("utf-16-be")
        # The length in characters with the zero at the end, the model, three floats, and the type "normal".
        body = struct.pack(">H", len(text) // 2) + text + b"RGB " + struct.pack(">3fH", *(colour / 255), 2)
        blocks.append(struct.pack(">HI", 1, len(body)) + body)
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def _tokens(palette: Palette) -> bytes:
    tokens = {
        f"colour-{number}": {
            "$value": {
                "colorSpace": "srgb",
                "components": [round(channel / 255, 4) for channel in colour],
                "hex": code,
            },
            "$description": f"{name}, {share:.1%}",
        }
        for (number, code, name, share), colour in zip(_rows(palette), palette.colours.tolist(), strict=True)
    }
    return json.dumps({"palette": {"$type": "color", **tokens}}, indent=2).encode() + b"\n"


def _rows(palette: Palette) -> list[tuple[int, str, str, float]]:
    """Return number, code, name and share of each colour."""
    shares = palette.shares.tolist()
    return list(zip(range(1, len(shares) + 1), palette.hex, palette.names, shares, strict=True))


_WRITERS: dict[PaletteForm, Callable[[Palette], bytes]] = dict(
    zip(get_args(PaletteForm), (_json, _png, _svg, _css, _gpl, _ase, _tokens), strict=True)
)
