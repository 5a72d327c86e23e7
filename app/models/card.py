"""The card of a model as the service stores it: with the state of the model and the name of its files."""

import json
import re
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from app.models.keys import folder, is_id
from kohonen.card import Card
from kohonen.files import most_npy_bytes

__all__ = ["MOST_DATA_BYTES", "State", "StoredCard", "parse_card", "without_data"]

#: The state of a model. It changes at most once: from unnamed to named, or to expired.
State: TypeAlias = Literal["unnamed", "named", "expired"]

#: Larger samples are not stored.
MOST_DATA_BYTES = 16 * 2**20
#: The years of models: the index has no place for others.
FIRST_YEAR, LAST_YEAR = 2000, 2199

_SHA256 = re.compile(r"[0-9a-f]{64}")


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
        """Return a card from the bytes in the store; raise `ValueError` when it is not valid."""
        card = _stored_cards().validate_json(document)
        _check(card)
        return card

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
    """Return the card in a JSON object or in its text; raise `ValueError` if it is not valid."""
    cards = _cards()
    try:
        card = cards.validate_json(document) if isinstance(document, str) else cards.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the card"
        raise ValueError(f"the card of this model is not valid: {place}: {first['msg']}") from error
    _check(card)
    return card


def _check(card: Card) -> None:
    """Refuse a card that contradicts itself, or that cannot be listed; raise `ValueError`."""
    parameters, (width, height, dimension) = card.parameters, card.weights.shape
    sums = (card.weights.sha256, card.data.fingerprint, card.data.sha256, card.data.sample_weight)
    created = card.created_at
    for valid, what in (
        (is_id(card.id), "its id is not 32 hexadecimal digits"),
        (created.tzinfo is not None, "created_at has no time zone"),
        (FIRST_YEAR <= created.year <= LAST_YEAR, f"created_at is not from {FIRST_YEAR} to {LAST_YEAR}"),
        ((parameters.width, parameters.height) == (width, height), "width and height are not the weights'"),
        (card.data.dimension == dimension, "the dimension of the data is not that of the weights"),
        (min(width, height, dimension, card.data.samples) > 0, "the shape of the weights or data is empty"),
        (0 < card.weights.bytes <= most_npy_bytes(width, height, dimension), "weights.bytes is impossible"),
        (all(each is None or _SHA256.fullmatch(each) for each in sums), "a checksum is not one of SHA-256"),
    ):
        if not valid:
            raise ValueError(f"the card of model {card.id[:40]!r} is not valid: {what}")
    parameters.to_parameters()


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
