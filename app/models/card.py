"""The card of a model as the service stores it: with the state of the model and the name of its files."""

import json
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from app.models.keys import folder
from kohonen.card import Card

__all__ = ["MOST_DATA_BYTES", "State", "StoredCard", "parse_card", "without_data"]

#: The state of a model. It changes at most once: from unnamed to named, or to expired.
State: TypeAlias = Literal["unnamed", "named", "expired"]

#: Larger samples are not stored.
MOST_DATA_BYTES = 16 * 2**20


@dataclass(frozen=True, kw_only=True)
class StoredCard(Card):
    """A card in the store, with the state of the model and the random word in the names of its files."""

    writing: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    state: State

    @classmethod
    def of(cls, card: Card, writing: str, state: State = "unnamed") -> "StoredCard":
        """Return a card with the name of its files and a state."""
        return cls(
            **{each.name: getattr(card, each.name) for each in fields(Card)}, writing=writing, state=state
        )

    @classmethod
    def decode(cls, document: bytes) -> "StoredCard":
        """Return a card from the bytes in the store; raise `ValidationError` when it cannot be read."""
        return _stored_cards().validate_json(document)

    def encode(self) -> bytes:
        """Return the bytes to be stored."""
        document = {**self.to_dict(), "writing": self.writing, "state": self.state}
        return json.dumps(document, indent=2, allow_nan=False).encode()

    def in_state(self, state: State) -> "StoredCard":
        """Return the card in another state."""
        return replace(self, state=state)

    @property
    def weights_key(self) -> str:
        """The key of the weights."""
        return f"{folder(self.id)}weights-{self.weights.sha256}-{self.writing}.npy"

    @property
    def data_key(self) -> str | None:
        """The key of the samples of the training; None where they are not stored."""
        sha256 = self.data.sha256
        return None if sha256 is None else f"{folder(self.id)}data-{sha256}-{self.writing}.npy"

    @property
    def annotations_key(self) -> str | None:
        """The key of the labels and ids of the rows; None where they are not stored."""
        annotations = self.data.annotations
        if annotations is None or annotations.sha256 is None:
            return None
        return f"{folder(self.id)}annotations-{annotations.sha256}-{self.writing}.json"

    @property
    def files(self) -> list[str]:
        """The keys of the weights, the samples and the annotations, where they are stored."""
        return [key for key in (self.weights_key, self.data_key, self.annotations_key) if key is not None]

    def derived_key(self, form: str = "") -> str:
        """Return the key of the weights in another format, or the prefix of all such keys."""
        return f"{folder(self.id)}derived/{self.writing}/" + (f"weights.{form}" if form else "")


def parse_card(document: object) -> Card:
    """Return the card in a JSON object or in its text; raise `ValidationError` if it is not valid."""
    cards = _cards()
    return cards.validate_json(document) if isinstance(document, str) else cards.validate_python(document)


def without_data(card: Card) -> Card:
    """Return the card of a model whose samples and annotations are not stored."""
    annotations = card.data.annotations
    if annotations is not None:
        annotations = replace(annotations, sha256=None)
    return replace(card, data=replace(card.data, kept=False, sha256=None, annotations=annotations))


@cache
def _cards() -> TypeAdapter[Card]:
    return TypeAdapter(Card)


@cache
def _stored_cards() -> TypeAdapter[StoredCard]:
    return TypeAdapter(StoredCard)
