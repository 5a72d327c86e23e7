"""How a model's samples were made from a table, as its card tells it."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from app.schema import Schema
from kohonen import Preparation
from kohonen.columns import Normalisation
from kohonen.data import Missing

__all__ = ["CardPreparation"]


class _Part(Schema):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class CardColumn(_Part):
    """A column of the table."""

    name: str
    normalisation: Normalisation = Field(
        description="What the numbers were moved and divided by: nothing, mean and standard deviation, least "
        "and range, or median and interquartile range."
    )
    offset: float = Field(description="A number becomes `(number - offset) / scale`.")
    scale: float
    categories: list[str] | None = Field(
        description="Of texts: each is a component, 1 where it is that text, else 0; null for numbers."
    )


class CardPreparation(_Part):
    """How the samples were made from a table: predictions make theirs alike."""

    version: Literal[1] = 1
    missing: Missing = Field(
        description="`mask`: what is missing is left out; a distance is that over what is present, and only "
        "that moves weights. `error`: nothing may be missing."
    )
    columns: list[CardColumn]

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        Preparation.from_json(self.model_dump())
        return self

    @classmethod
    def of(cls, preparation: Preparation) -> "CardPreparation":
        """Tell of a preparation."""
        return cls.model_validate(preparation.to_json())

    @property
    def value(self) -> Preparation:
        """The preparation itself."""
        return Preparation.from_json(self.model_dump())
