"""The card of a model: what there is to say about it. It never changes."""

import datetime
import json
from typing import Literal, Self, TypeAlias

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from app.models.keys import data_key, derived_folder, weights_key
from app.models.preparation import CardPreparation
from app.schema import Schema
from kohonen import Preparation, Quality, TrainedMap, cards
from kohonen.data import FloatArray
from kohonen.geometry import Boundary, Geometry, Grid
from kohonen.history import History

__all__ = ["MOST_DATA_BYTES", "Card", "Lineage", "State", "make_card"]

#: Whether a model has been given a name, or else has been kept for as long as models without one are. A card
#: leaves the first state once, and none of the others.
State: TypeAlias = Literal["unnamed", "named", "expired"]

#: Samples of more bytes are not kept.
MOST_DATA_BYTES = 16 * 2**20


class _Part(Schema):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class CardParameters(_Part):
    """The parameters, with the seed and the radius that were used."""

    width: int
    height: int
    iterations: int
    learning_rate: float
    sigma: float
    random_state: int
    algorithm: str
    initialisation: str = "random"
    grid: Grid = "rectangular"
    boundary: Boundary = "planar"


class CardData(_Part):
    """What the model was trained on."""

    fingerprint: str = Field(description="SHA-256 of the shape and the values.")
    samples: int
    dimension: int
    kept: bool = Field(description="Whether the samples are stored beside the model.")
    sha256: str | None = Field(None, description="Checksum of their .npy file, where they are kept.")
    missing: int = Field(0, description="How many values of the table are missing, and masked.")


class CardPoint(_Part):
    """A moment of the training."""

    iteration: int = Field(description="How many iterations were done.")
    quantization_error: float


class CardHistory(_Part):
    """How the quantization error fell."""

    samples: int = Field(description="On how many of the samples it was measured, evenly chosen.")
    points: list[CardPoint]


class CardQuality(_Part):
    """How well the map fits its samples."""

    quantization_error: float = Field(description="Mean distance of the samples to their best matching unit.")
    topographic_error: float = Field(
        description="Share of the samples whose best and second-best units are not neighbours."
    )
    explained_variance: float | None = Field(
        description="Share of the samples' variance that the map keeps when each sample is replaced by its "
        "best matching unit; null where all samples are equal."
    )
    unused_units: float = Field(description="Share of the units that are no sample's best matching unit.")
    history: CardHistory | None = None


class CardEngine(_Part):
    """What trained the model."""

    name: str
    version: str
    numpy: str
    python: str
    seconds: float = Field(description="How long the training took.")


class CardWeights(_Part):
    """The stored weights."""

    shape: tuple[int, int, int] = Field(description="Width, height, dimension.")
    sha256: str = Field(description="Checksum of the .npy file.")
    bytes: int


class Lineage(_Part):
    """Which model a training went on from."""

    parent: str = Field(description="The id of the model whose weights it began with.")
    schedule: Literal["continued", "restarted"] = Field(
        description="Whether radius and learning rate went on from where the parent's training ended."
    )
    first_iteration: int = Field(description="The position in the schedule at which it began.")
    last_iteration: int = Field(description="The position at which it ended.")


class Card(_Part):
    """What there is to say about a model."""

    schema_version: int = 1
    id: str
    created_at: datetime.datetime
    environment: str = Field(description="The deployment that trained it.")
    parameters: CardParameters
    data: CardData
    quality: CardQuality
    engine: CardEngine
    weights: CardWeights
    lineage: Lineage | None = None
    preparation: CardPreparation | None = Field(
        None, description="How the samples were made from a table with named columns, if they were."
    )

    _writing: str = PrivateAttr(default="")
    _state: State = PrivateAttr(default="unnamed")

    @classmethod
    def decode(cls, document: bytes) -> "Card":
        """Return a card as it was stored.

        Raises
        ------
        ValidationError
            When it cannot be read.
        """
        found = _AtRest.model_validate_json(document)
        card = cls.model_construct(**{name: getattr(found, name) for name in cls.model_fields})
        return card.at(found.written, found.state_at_rest)

    def encode(self) -> bytes:
        """Return what is stored: the card, its state, and the name under which the files were written."""
        stored = {**self.model_dump(mode="json"), "writing": self._writing, "state": self._state}
        return json.dumps(stored, indent=2).encode()

    @model_validator(mode="after")
    def _prepares_what_the_map_takes(self) -> Self:
        if len(self.component_names) != self.weights.shape[2]:
            raise ValueError("the preparation makes samples of another dimension than the map has")
        return self

    @property
    def writing(self) -> str:
        """The name under which its files were written."""
        return self._writing

    @property
    def state(self) -> State:
        """Whether the model has been given a name, or has expired without one."""
        return self._state

    @property
    def weights_key(self) -> str:
        """Where its weights are."""
        return weights_key(self.id, self.weights.sha256, self._writing)

    @property
    def data_key(self) -> str | None:
        """Where the samples are that it was trained on; None where they are not kept."""
        sha256 = self.data.sha256
        return None if sha256 is None else data_key(self.id, sha256, self._writing)

    def derived_key(self, form: str = "") -> str:
        """Return where its weights are in another format, or what all such keys open with."""
        opening = derived_folder(self.id, self._writing)
        return f"{opening}weights.{form}" if form else opening

    @property
    def geometry(self) -> Geometry:
        """The kind of grid."""
        return Geometry(self.parameters.grid, self.parameters.boundary)

    @property
    def table(self) -> Preparation | None:
        """How a table becomes samples for this model; None for one that was trained on plain vectors."""
        return None if self.preparation is None else self.preparation.value

    @property
    def component_names(self) -> list[str]:
        """What the components of the samples are called."""
        if self.preparation is None:
            return [f"component {k}" for k in range(self.weights.shape[2])]
        return list(self.preparation.value.components)

    @property
    def last_iteration(self) -> int:
        """The position in the schedule at which the training ended."""
        return self.parameters.iterations if self.lineage is None else self.lineage.last_iteration

    def at(self, writing: str, state: State = "unnamed") -> "Card":
        """Return the card of the same model with its files under a name, in a state."""
        card = self.model_copy()
        card._writing = writing
        card._state = state
        return card


class _AtRest(Card):
    """A card as it is stored."""

    written: str = Field(alias="writing", pattern=r"^[0-9a-f]{12}$")
    state_at_rest: State = Field(alias="state")


def make_card(
    model_id: str,
    trained: TrainedMap,
    quality: Quality,
    samples: FloatArray,
    *,
    keep_data: bool,
    environment: str = "local",
    history: History | None = None,
    lineage: Lineage | None = None,
    preparation: Preparation | None = None,
) -> Card:
    """Write the card of a model that has just been trained."""
    card = cards.make_card(
        model_id,
        trained,
        quality,
        samples,
        keep_data=keep_data and samples.nbytes <= MOST_DATA_BYTES,
        environment=environment,
        history=history,
        lineage=None if lineage is None else lineage.model_dump(),
        preparation=preparation,
    )
    return Card.model_validate(card)
