"""Trained models at rest: weights, data and a card, in any store.

A model is data, never code. Under ``models/{id}/`` lie

* ``weights-{sha256}.npy``  the weights, under a name that holds their checksum,
* ``data-{sha256}.npy``     the samples, unless the request left them out or they are too large,
* ``card.json``             what there is to say about the model; written last, it is the commit: a model
  without a card does not exist, and whatever a crash has left of one is in nobody's way.
"""

import datetime
import hashlib
import io
import re
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import DamagedModelError, ModelNotFoundError
from app.storage.port import BlobNotFound, BlobTooLarge, Store
from kohonen import Parameters, Quality, TrainedMap, __version__
from kohonen.data import LARGEST_MAGNITUDE, FloatArray
from kohonen.identity import fingerprint

__all__ = ["Card", "Models", "make_card", "weights_filename"]

#: Samples of more bytes are not kept.
MOST_DATA_BYTES = 16 * 2**20
MOST_CARD_BYTES = 2**20
#: What the header of an .npy file may take.
HEADER_BYTES = 1024

_ID = re.compile(r"[0-9a-f]{32}")


class _Part(BaseModel):
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


class CardData(_Part):
    """What the model was trained on."""

    fingerprint: str = Field(description="SHA-256 of the shape and the values.")
    samples: int
    dimension: int
    kept: bool = Field(description="Whether the samples are stored beside the model.")


class CardQuality(_Part):
    """How well the map fits its samples."""

    quantization_error: float = Field(description="Mean distance of the samples to their best matching unit.")
    topographic_error: float = Field(
        description="Share of the samples whose best and second-best units are not neighbours."
    )


class CardEngine(_Part):
    """What trained the model."""

    name: str
    version: str
    seconds: float = Field(description="How long the training took.")


class CardWeights(_Part):
    """The stored weights."""

    shape: tuple[int, int, int] = Field(description="Width, height, dimension.")
    sha256: str = Field(description="Checksum of the .npy file.")
    bytes: int


class Card(_Part):
    """What there is to say about a model."""

    schema_version: int = 1
    id: str
    created_at: datetime.datetime
    parameters: CardParameters
    data: CardData
    quality: CardQuality
    engine: CardEngine
    weights: CardWeights


class Models:
    """The models of one store.

    Parameters
    ----------
    store : Store
        Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def card(self, model_id: str) -> Card:
        """Return a model's card.

        Raises
        ------
        ModelNotFoundError
            When there is no such model, or the id cannot be one.
        DamagedModelError
            When the card cannot be read.
        """
        if not _ID.fullmatch(model_id):
            raise ModelNotFoundError(f"there is no model {model_id[:64]!r}: an id is 32 hexadecimal digits")
        try:
            blob = self._store.read(_card_key(model_id), max_bytes=MOST_CARD_BYTES)
            card = Card.model_validate_json(blob.data)
        except BlobNotFound as error:
            raise ModelNotFoundError(f"there is no model {model_id!r}; POST /train makes one") from error
        except (BlobTooLarge, ValidationError) as error:
            raise DamagedModelError(f"the card of model {model_id!r} cannot be read") from error
        if card.id != model_id:
            raise DamagedModelError(f"the card of model {model_id!r} is that of another")
        return card

    def find(self, model_id: str) -> Card | None:
        """Return a model's card, or None when there is no such model."""
        try:
            return self.card(model_id)
        except ModelNotFoundError:
            return None

    def weights_file(self, card: Card) -> bytes:
        """Return the weights of a model as the bytes of an .npy file.

        Raises
        ------
        DamagedModelError
            When they are not what was stored.
        """
        try:
            data = self._store.read(_weights_key(card), max_bytes=card.weights.bytes).data
        except (BlobNotFound, BlobTooLarge) as error:
            raise _damaged(card) from error
        if hashlib.sha256(data).hexdigest() != card.weights.sha256:
            raise _damaged(card)
        return data

    def weights(self, card: Card) -> FloatArray:
        """Return the weights of a model, of shape (width, height, dim).

        Raises
        ------
        DamagedModelError
            When they are not what was stored.
        """
        width, height, dimension = card.weights.shape
        if card.weights.bytes > 8 * width * height * dimension + HEADER_BYTES:
            raise _damaged(card)
        try:
            weights = np.load(io.BytesIO(self.weights_file(card)), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise _damaged(card) from error
        usable = weights.shape == card.weights.shape and weights.dtype == np.float64
        if not usable or not np.abs(weights).max() <= LARGEST_MAGNITUDE:
            raise _damaged(card)
        return np.asarray(weights, dtype=np.float64)

    def weights_link(self, card: Card, *, seconds: int) -> str | None:
        """Return a URL that gives the weights for some seconds, where the store has such."""
        return self._store.link(_weights_key(card), seconds=seconds, filename=weights_filename(card))

    def add(self, card: Card, trained: TrainedMap, samples: FloatArray) -> bool:
        """Store a model.

        Parameters
        ----------
        card : Card
            Its card, from `make_card`.
        trained : TrainedMap
            Its weights.
        samples : ndarray of shape (n, dim)
            What it was trained on; stored when the card says so.

        Returns
        -------
        bool
            False when the model was there already; it is left as it is.

        Raises
        ------
        StoreUnavailable
            When the store cannot be written.
        """
        octets = "application/octet-stream"
        self._store.create(_weights_key(card), npy(trained.weights), content_type=octets)
        if card.data.kept:
            file = npy(samples)
            key = f"models/{card.id}/data-{hashlib.sha256(file).hexdigest()}.npy"
            self._store.create(key, file, content_type=octets)
        document = card.model_dump_json(indent=2).encode()
        return self._store.create(_card_key(card.id), document, content_type="application/json")


def make_card(
    model_id: str, trained: TrainedMap, quality: Quality, samples: FloatArray, *, keep_data: bool
) -> Card:
    """Write the card of a model that has just been trained."""
    file = npy(trained.weights)
    count, dimension = samples.shape
    return Card(
        id=model_id,
        created_at=datetime.datetime.now(datetime.UTC),
        parameters=_card_parameters(trained.parameters),
        data=CardData(
            fingerprint=fingerprint(samples),
            samples=count,
            dimension=dimension,
            kept=keep_data and samples.nbytes <= MOST_DATA_BYTES,
        ),
        quality=CardQuality(
            quantization_error=quality.quantization_error, topographic_error=quality.topographic_error
        ),
        engine=CardEngine(name=trained.engine, version=__version__, seconds=trained.seconds),
        weights=CardWeights(
            shape=_three(trained.weights.shape), sha256=hashlib.sha256(file).hexdigest(), bytes=len(file)
        ),
    )


def npy(array: FloatArray) -> bytes:
    """Return an array as the bytes of an .npy file: little-endian float64, in C order."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array, dtype="<f8"), allow_pickle=False)
    return file.getvalue()


def weights_filename(card: Card) -> str:
    """Return what a downloaded file of weights is called."""
    return f"kohonen-{card.id}.npy"


def _card_parameters(parameters: Parameters) -> CardParameters:
    return CardParameters(
        width=parameters.width,
        height=parameters.height,
        iterations=parameters.iterations,
        learning_rate=parameters.learning_rate,
        sigma=parameters.initial_radius,
        random_state=parameters.random_state,
        algorithm=parameters.algorithm,
    )


def _card_key(model_id: str) -> str:
    return f"models/{model_id}/card.json"


def _weights_key(card: Card) -> str:
    return f"models/{card.id}/weights-{card.weights.sha256}.npy"


def _damaged(card: Card) -> DamagedModelError:
    return DamagedModelError(f"the weights of model {card.id!r} are not what was stored; it is left as it is")


def _three(shape: Sequence[int]) -> tuple[int, int, int]:
    width, height, dimension = shape
    return width, height, dimension
