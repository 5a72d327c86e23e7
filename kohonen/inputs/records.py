# ruff: noqa: RUF009
"""The preparation of a table, as the card of a model holds it."""

from dataclasses import MISSING, asdict, dataclass, field
from typing import Any, Literal

from kohonen.inputs.arrays import Missing
from kohonen.inputs.columns import Normalisation
from kohonen.inputs.preparation import Preparation

__all__ = ["CardColumn", "CardPreparation", "described"]


def described(description: str, default: Any = MISSING) -> Any:
    """Return a field with a description in its metadata, from where pydantic takes it."""
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True, kw_only=True)
class CardColumn:
    """A column of the table."""

    name: str
    normalisation: Normalisation = described(
        "What the numbers were moved and divided by: nothing, mean and standard deviation, "
        "least and range, or median and interquartile range."
    )
    offset: float = described("A number becomes `(number - offset) / scale`.")
    scale: float
    categories: tuple[str, ...] | None = described(
        "Of texts: each is a component, 1 where it is that text, else 0; null for numbers."
    )


@dataclass(frozen=True, kw_only=True)
class CardPreparation:
    """How the samples were made from a table: predictions make theirs alike."""

    version: Literal[1] = 1
    missing: Missing = described(
        "`mask`: what is missing is left out; a distance is that over what is present, and "
        "only that moves weights. `error`: nothing may be missing."
    )
    columns: tuple[CardColumn, ...]

    def __post_init__(self) -> None:
        self.to_preparation()

    @classmethod
    def of(cls, preparation: Preparation) -> "CardPreparation":
        """Return a preparation as the card holds it."""
        columns = tuple(CardColumn(**asdict(column)) for column in preparation.columns)
        return cls(missing=preparation.missing, columns=columns)

    def to_preparation(self) -> Preparation:
        """Return the preparation, which makes samples of further tables."""
        return Preparation.from_json(asdict(self))
