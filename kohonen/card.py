# ruff: noqa: RUF009
"""The card of a trained model: its parameters, data, quality, engine and lineage, as frozen dataclasses.

The library writes a card as JSON beside the weights of a run, and the service beside those of a stored model.
The descriptions in the fields' metadata are those of the service's OpenAPI document.
"""

import datetime
import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Literal

import numpy as np

from kohonen.analysis.quality import Quality
from kohonen.files import npy
from kohonen.geometry import Boundary, Geometry, Grid
from kohonen.identity import fingerprint
from kohonen.inputs.arrays import Dataset
from kohonen.inputs.preparation import Preparation
from kohonen.inputs.records import CardAnnotations, CardPreparation, described
from kohonen.observers.history import History
from kohonen.parameters import Parameters
from kohonen.training import TrainedMap

__all__ = [
    "SCHEMA_VERSION",
    "Card",
    "CardData",
    "CardEngine",
    "CardHistory",
    "CardParameters",
    "CardPoint",
    "CardQuality",
    "CardWeights",
    "Lineage",
    "component_names",
    "geometry_of",
    "make_card",
    "preparation_of",
]


#: The version of cards, which is that of the contract.
SCHEMA_VERSION: Literal[2] = 2


@dataclass(frozen=True, kw_only=True)
class CardParameters:
    """The parameters, with the seed and the radius that were used."""

    width: int
    height: int
    iterations: int
    learning_rate: float
    sigma: float
    final_sigma: float = 1.0
    random_state: int
    algorithm: str
    initialisation: str = "random"
    grid: Grid = "rectangular"
    boundary: Boundary = "planar"

    def to_parameters(self) -> Parameters:
        """Return the parameters with which the training can be repeated."""
        return Parameters(**asdict(self))


@dataclass(frozen=True, kw_only=True)
class CardData:
    """The training data of a model."""

    fingerprint: str = described("SHA-256 of the shape and the values.")
    samples: int
    dimension: int
    kept: bool = described("Whether the samples are stored beside the model.")
    sha256: str | None = described("Checksum of their .npy file, where they are kept.", default=None)
    missing: int = described("How many values are missing, and masked.", default=0)
    sample_weight: str | None = described(
        "The fingerprint of the sample weights, if there are any.", default=None
    )
    annotations: CardAnnotations | None = described(
        "The labels and ids of the rows, if the table has any and `keep_data` is true.", default=None
    )


@dataclass(frozen=True, kw_only=True)
class CardPoint:
    """A moment of the training."""

    iteration: int = described("How many iterations were done.")
    quantization_error: float


@dataclass(frozen=True, kw_only=True)
class CardHistory:
    """The quantization error during the training."""

    samples: int = described("On how many of the samples it was measured, evenly chosen.")
    points: tuple[CardPoint, ...]


@dataclass(frozen=True, kw_only=True)
class CardQuality:
    """The quality of a map on its samples."""

    quantization_error: float = described("Mean distance of the samples to their best matching unit.")
    topographic_error: float = described(
        "Share of the samples whose best and second-best units are not neighbours."
    )
    explained_variance: float | None = described(
        "Share of the samples' variance that the map keeps when each sample is replaced "
        "by its best matching unit; null where all samples are equal."
    )
    unused_units: float = described("Share of the units that are no sample's best matching unit.")
    history: CardHistory | None = None


@dataclass(frozen=True, kw_only=True)
class CardEngine:
    """The engine that trained the model."""

    name: str
    version: str
    numpy: str
    python: str
    seconds: float = described("How long the training took.")


@dataclass(frozen=True, kw_only=True)
class CardWeights:
    """The stored weights."""

    shape: tuple[int, int, int] = described("Width, height, dimension.")
    sha256: str = described("Checksum of the .npy file.")
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Which model a training went on from."""

    parent: str = described("The id of the model whose weights it began with.")
    schedule: Literal["continued", "restarted"] = described(
        "Whether radius and learning rate went on from where the parent's training ended."
    )
    first_iteration: int = described("The position in the schedule at which it began.")
    last_iteration: int = described("The position at which it ended.")


@dataclass(frozen=True, kw_only=True)
class Card:
    """The description of a trained model."""

    schema_version: Literal[2] = SCHEMA_VERSION
    id: str
    created_at: datetime.datetime
    environment: str = described("The deployment that trained it.")
    parameters: CardParameters
    data: CardData
    quality: CardQuality
    engine: CardEngine
    weights: CardWeights
    unverified: bool = described("Whether it came without the data that show it to be true.", default=False)
    lineage: Lineage | None = None
    preparation: CardPreparation | None = described(
        "How the samples were made from a table with named columns, if they were.", default=None
    )

    #: Configures the service's validator, which is built when a card is first read.
    __pydantic_config__ = {"allow_inf_nan": False, "defer_build": True}  # noqa: RUF012

    def __post_init__(self) -> None:
        if len(self.component_names) != self.weights.shape[2]:
            raise ValueError("the preparation makes samples of another dimension than the map has")

    def to_dict(self) -> dict[str, Any]:
        """Return the card as a JSON object."""
        return {each.name: _json(getattr(self, each.name)) for each in fields(Card)}

    @property
    def geometry(self) -> Geometry:
        """The kind of grid."""
        return Geometry(self.parameters.grid, self.parameters.boundary)

    @property
    def table(self) -> Preparation | None:
        """The preparation of tables for this model; None for a model trained on plain vectors."""
        return None if self.preparation is None else self.preparation.to_preparation()

    @property
    def component_names(self) -> list[str]:
        """The names of the samples' components."""
        return _component_names(self.table, self.weights.shape[2])

    @property
    def last_iteration(self) -> int:
        """The position in the schedule at which the training ended."""
        return self.parameters.iterations if self.lineage is None else self.lineage.last_iteration


def make_card(
    model_id: str,
    trained: TrainedMap,
    quality: Quality,
    data: Dataset,
    *,
    keep_data: bool,
    environment: str = "local",
    history: History | None = None,
    lineage: Lineage | None = None,
    preparation: Preparation | None = None,
) -> Card:
    """Return the card of a model that has just been trained.

    `keep_data` says that the data are stored beside the weights, with their annotations. `lineage` names the
    model that the training went on from, and `preparation` has made the samples from a table.
    """
    # Imported here: the package imports the modules above it first.
    from kohonen import __version__

    file = npy(trained.weights)
    width, height, dimension = trained.weights.shape
    sigma = trained.parameters.initial_radius
    return Card(
        id=model_id,
        created_at=datetime.datetime.now(datetime.UTC),
        environment=environment,
        parameters=CardParameters(**{**asdict(trained.parameters), "sigma": sigma}),
        data=CardData(
            fingerprint=fingerprint(data.samples),
            samples=len(data.samples),
            dimension=data.samples.shape[1],
            kept=keep_data,
            sha256=hashlib.sha256(npy(data.table)).hexdigest() if keep_data else None,
            missing=int(np.isnan(data.samples).sum())
            if preparation is None
            else preparation.count_missing(data.samples),
            sample_weight=None if data.sample_weight is None else fingerprint(data.sample_weight),
            annotations=None
            if data.annotations is None
            else CardAnnotations.of(data.annotations, kept=keep_data),
        ),
        quality=CardQuality(**quality._asdict(), history=_history(history)),
        engine=CardEngine(
            name=trained.engine,
            version=__version__,
            numpy=np.__version__,
            python=platform.python_version(),
            seconds=trained.seconds,
        ),
        weights=CardWeights(
            shape=(width, height, dimension), sha256=hashlib.sha256(file).hexdigest(), bytes=len(file)
        ),
        lineage=lineage,
        preparation=None if preparation is None else CardPreparation.of(preparation),
    )


def _history(history: History | None) -> CardHistory | None:
    if history is None:
        return None
    points = tuple(CardPoint(iteration=at, quantization_error=error) for at, error in history.points)
    return CardHistory(samples=history.samples, points=points)


def geometry_of(card: Mapping[str, Any]) -> Geometry:
    """Return the kind of grid of a card's map."""
    return Geometry(card["parameters"]["grid"], card["parameters"]["boundary"])


def preparation_of(card: Mapping[str, Any]) -> Preparation | None:
    """Return the preparation of a card, or None where the samples were not made from a table."""
    document = card.get("preparation")
    return None if document is None else Preparation.from_json(document)


def component_names(card: Mapping[str, Any]) -> list[str]:
    """Return the names of the samples' components."""
    return _component_names(preparation_of(card), card["data"]["dimension"])


def _component_names(preparation: Preparation | None, dimension: int) -> list[str]:
    if preparation is None:
        return [f"component {k}" for k in range(dimension)]
    return list(preparation.components)


def _json(value: Any) -> Any:
    """Return a value of a card as JSON has it: an object, a list, a text, a number or null."""
    if is_dataclass(value):
        return {each.name: _json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value
