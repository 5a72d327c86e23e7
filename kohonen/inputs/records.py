# ruff: noqa: RUF009
"""The preparation of a table, and the labels and ids of its rows, as the card of a model holds them."""

import hashlib
from dataclasses import MISSING, asdict, dataclass, field
from typing import Any, Literal

from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Missing
from kohonen.inputs.columns import Normalisation
from kohonen.inputs.preparation import Preparation
from kohonen.inputs.roles import Role

__all__ = ["CardAnnotations", "CardColumn", "CardPreparation", "described"]


def described(description: str, default: Any = MISSING) -> Any:
    """Return a field with a description in its metadata, from where pydantic takes it."""
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True, kw_only=True)
class CardColumn:
    """A column of the table."""

    name: str
    role: Role = described("What the column is; numbers and categories took part in the training.")
    reason: str = described("Why.")
    missing: int = described("How many values are missing.")
    normalisation: Normalisation | None = described(
        "What the numbers were moved and divided by: nothing, mean and standard deviation, "
        "least and range, or median and interquartile range; or what bends them before: logarithm, inverse "
        "hyperbolic sine, or rank. Null where the column took no part."
    )
    offset: float | None = described("A number becomes `(number - offset) / scale`.")
    scale: float | None
    categories: tuple[str, ...] | None = described(
        "Of texts: each is a component, 1 where it is that text, else 0; null for numbers."
    )
    knots: tuple[float, ...] | None = described("Of ranks: the values between which they are interpolated.")
    unit: str | None = described("What was taken off the numbers, such as a percent sign.")
    form: str | None = described("The form of dates that took part.")
    start: float | None = described("The first of these dates, in days since the year 1.")


@dataclass(frozen=True, kw_only=True)
class CardPreparation:
    """The preparation of the samples of a table, which predictions repeat."""

    version: Literal[1] = 1
    missing: Missing = described(
        "`mask`: what is missing is left out; a distance is that over what is present, and "
        "only that moves weights. `error`: nothing may be missing."
    )
    rows: Literal["none", "l2"] = described("`l2`: each sample was divided by its length.", default="none")
    columns: tuple[CardColumn, ...]
    notes: tuple[str, ...] = described("What else was found or decided when the table was read.")
    dialect: dict[str, Any] = described("How the file is written, where it is not found again.")

    def __post_init__(self) -> None:
        self.to_preparation()

    @classmethod
    def of(cls, preparation: Preparation) -> "CardPreparation":
        """Return a preparation as the card holds it."""
        document = preparation.to_json()
        columns = tuple(CardColumn(**_hashable(column)) for column in document["columns"])
        return cls(
            missing=preparation.missing,
            rows=preparation.rows,
            columns=columns,
            notes=preparation.notes,
            dialect=document["dialect"],
        )

    def to_preparation(self) -> Preparation:
        """Return the preparation, which makes samples of further tables."""
        return Preparation.from_json(asdict(self))


@dataclass(frozen=True, kw_only=True)
class CardAnnotations:
    """The columns of labels and of ids that stay with the rows."""

    labels: tuple[str, ...] = described("The columns of labels.")
    ids: tuple[str, ...] = described("The columns that name the rows.")
    fingerprint: str = described("SHA-256 of their names and texts.")
    sha256: str | None = described("Checksum of their file, where it is kept.")
    bytes: int = described("Its size.")

    @classmethod
    def of(cls, annotations: Annotations, *, kept: bool) -> "CardAnnotations":
        """Return annotations as the card describes them."""
        file = annotations.encode()
        return cls(
            labels=tuple(annotations.labels),
            ids=tuple(annotations.ids),
            fingerprint=annotations.fingerprint,
            sha256=hashlib.sha256(file).hexdigest() if kept else None,
            bytes=len(file),
        )


def _hashable(column: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in column.items()}
