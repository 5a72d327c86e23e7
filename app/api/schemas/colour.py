"""Schemas of the requests for palettes and for pictures in few colours."""

from typing import Any

from pydantic import Field

from app.schema import BodySchema, QuerySchema
from kohonen.colour.compression import COMPRESSION, Form
from kohonen.colour.exports import PaletteForm
from kohonen.colour.palettes import PALETTE
from kohonen.colour.spaces import Space
from kohonen.parameters import Definition

__all__ = ["ColoursBody", "CompressQuery", "PaletteQuery"]


def _field(definition: Definition, **options: Any) -> Any:
    bounds = {"ge": definition.least, "gt": definition.above, "le": definition.most} | options
    return Field(definition.default, description=definition.help, **bounds)


class _ColourQuery(QuerySchema):
    """The query of both."""

    space: Space = _field(PALETTE["space"])
    keep: str | None = Field(
        None,
        description="Colours that must be in it, separated by commas: hexadecimal digits, or CSS names.",
        examples=["e63946,gold"],
    )


class PaletteQuery(_ColourQuery):
    """The query of a palette."""

    count: int = _field(PALETTE["count"])
    emphasis: float = _field(PALETTE["emphasis"])
    form: PaletteForm | None = Field(
        None, alias="format", description="The format of the answer; by default what `Accept` prefers."
    )


class CompressQuery(_ColourQuery):
    """The query of a picture in few colours."""

    colours: int = _field(COMPRESSION["colours"])
    emphasis: float = _field(COMPRESSION["emphasis"])
    dither: float = _field(COMPRESSION["dither"], ge=0, gt=None)
    palette: str | None = Field(
        None, description="A model that was trained on colours: its units are the colours to use."
    )
    form: Form | None = Field(
        None, alias="format", description="The format of the answer; by default what `Accept` prefers."
    )


class ColoursBody(BodySchema):
    """Colours that are to be put in order."""

    colours: list[Any] = Field(description="CSS colours, or triples of red, green and blue from 0 to 1.")
