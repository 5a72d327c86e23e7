"""Reads models: cards by reference, weights and samples, each verified against its checksum."""

import datetime
import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Literal

from app.errors import DamagedModelError, DataNotKeptError, ModelNotFoundError, OutdatedModelError
from app.models.card import StoredCard
from app.models.index import Entry, Index
from app.models.keys import card_key
from app.models.listing import Listing
from app.models.names import Names
from app.models.references import FORMS, Reference, parse
from app.storage.port import BlobNotFound, BlobTooLarge, Store
from kohonen.analysis.metrics import METRICS, Metric
from kohonen.card import SCHEMA_VERSION
from kohonen.files import most_npy_bytes, parse_npy
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset, FloatArray

__all__ = ["ModelReader"]

#: A thousand names of a hundred characters, and as many categories, take over two megabytes.
MOST_CARD_BYTES = 2**22
#: The number of listed models that do not exist (expired, or being deleted) and are passed over.
MOST_MISSING = 20
#: Models that are known to have a name, so that lists need not read their cards again.
MOST_REMEMBERED = 10_000


class ModelReader:
    """Read access to the models of one store.

    Parameters
    ----------
    metric : Metric, optional
        The metric that makes a model the best.
    unnamed_days : float, optional
        The days that models without a name are kept; for ever when None.
    most_bytes : int, optional
        The largest number of bytes of the weights of all models; any when None.
    """

    def __init__(
        self,
        store: Store,
        *,
        metric: Metric = METRICS["quantization_error"],
        unnamed_days: float | None = None,
        most_bytes: int | None = None,
    ) -> None:
        self.store = store
        self.names = Names(store)
        self.index = Index(store, metric)
        self.listing = Listing(store, self.names, self.index, self.is_kept)
        self._age = None if unnamed_days is None else datetime.timedelta(days=unnamed_days)
        self._most_bytes = most_bytes
        self._stored_bytes, self._counted_at = 0, -math.inf
        self._known: set[tuple[str, datetime.datetime]] = set()
        #: The keys of the weights that were found damaged: `latest` and `best` pass over these models.
        self._damaged: set[str] = set()

    def card(self, model_id: str) -> StoredCard:
        """Return a model's card; raise `ModelNotFoundError`, or `DamagedModelError` if it cannot be read."""
        reference = parse(model_id)
        if reference is None or reference.id is None:
            raise ModelNotFoundError(f"there is no model {model_id[:64]!r}: an id is 32 hexadecimal digits")
        with suppress(BlobNotFound):
            card = self.card_in(model_id)
            if self._lasts(card):
                return card
        raise ModelNotFoundError(f"there is no model {model_id!r}; POST /train makes one")

    def find(self, model_id: str) -> StoredCard | None:
        """Return a model's card, or None if the model does not exist."""
        try:
            return self.card(model_id)
        except ModelNotFoundError:
            return None

    def resolve(self, text: str) -> StoredCard:
        """Return the card of the model that a reference names.

        `latest`, `best` and names pass over damaged models, if there is another. `ModelNotFoundError` says
        what to do; `DamagedModelError` is raised when the card cannot be read.
        """
        reference = parse(text)
        if reference is None:
            raise ModelNotFoundError(f"{text[:80]!r} is not a reference to a model; use {FORMS}")
        if reference.id is not None:
            return self.card(reference.id)
        damaged: StoredCard | None = None
        unreadable: DamagedModelError | None = None
        for entry in islice(self._entries(reference), MOST_MISSING):
            try:
                card = self.find(entry.id)
            except DamagedModelError as error:
                if not reference.moves:
                    raise
                unreadable = error
                continue
            if card is not None and not (reference.moves and card.weights_key in self._damaged):
                return card
            damaged = damaged or card
        if damaged is not None:
            return damaged
        raise unreadable or ModelNotFoundError(reference.missing)

    def _entries(self, reference: Reference) -> Iterator[Entry]:
        """Yield the candidates of a reference; the first that exists is meant."""
        if reference.revision is not None:
            entry = self.names.entry(reference.revision)
            return iter(() if entry is None else (entry,))
        order = self.index.metric if reference.best else None
        return (one.entry for _, one in self.listing.places(order, name=reference.name, page=1))

    def weights_file(self, card: StoredCard) -> bytes:
        """Return the weights of a model as the bytes of an .npy file.

        `DamagedModelError` is raised when they are not what was stored, and `ModelNotFoundError` when they
        have been deleted since the card was read.
        """
        return self._file(card, "weights", card.weights.sha256, card.weights.bytes)

    def _file(
        self,
        card: StoredCard,
        what: Literal["weights", "data", "annotations"],
        sha256: str,
        most_bytes: int,
    ) -> bytes:
        """Return a file of a model, verified against its checksum."""
        for there in self._now(card):
            key: str | None = getattr(there, f"{what}_key")
            if key is None:
                continue
            try:
                file = self.store.read(key, max_bytes=most_bytes).data
            except BlobNotFound:
                continue
            except BlobTooLarge as error:
                raise self._damage(card, what) from error
            if hashlib.sha256(file).hexdigest() == sha256:
                return file
            break
        raise self._damage(card, what)

    def _now(self, card: StoredCard) -> Iterator[StoredCard]:
        """Yield the card and, if needed, that of the same model deleted and stored again since.

        `ModelNotFoundError` is raised when it has been deleted.
        """
        yield card
        try:
            there = self.card_in(card.id)
        except BlobNotFound:
            there = None
        if there is None or there.weights.sha256 != card.weights.sha256:
            raise ModelNotFoundError(f"there is no model {card.id!r}: it was deleted during this request")
        if there.writing != card.writing:
            yield there

    def weights(self, card: StoredCard) -> FloatArray:
        """Return the weights of a model, of shape (width, height, dim).

        The errors are those of `weights_file`.
        """
        shape = card.weights.shape
        if card.weights.bytes > most_npy_bytes(*shape):
            raise self._damage(card, "weights")
        try:
            return parse_npy(self.weights_file(card), *shape)
        except ValueError as error:
            raise self._damage(card, "weights") from error

    def samples(self, card: StoredCard) -> FloatArray:
        """Return the samples that a model was trained on, as `data` does."""
        return self.data(card).samples

    def annotations(self, card: StoredCard) -> Annotations | None:
        """Return the labels and ids of the rows that a model was trained on; None if they are not kept.

        The errors are those of `weights_file`.
        """
        kept = card.data.annotations
        if kept is None or kept.sha256 is None:
            return None
        file = self._file(card, "annotations", kept.sha256, kept.bytes)
        try:
            units = card.weights.shape[0] * card.weights.shape[1]
            return Annotations.decode(file, rows=card.data.samples, units=units)
        except ValueError as error:
            raise self._damage(card, "annotations") from error

    def data(self, card: StoredCard) -> Dataset:
        """Return the samples that a model was trained on, and their weights; see `annotations` for the rest.

        `DataNotKeptError` is raised when they were not kept; the other errors are those of `weights_file`.
        """
        if card.data.sha256 is None:
            raise DataNotKeptError(
                f"the data that model {card.id!r} was trained on are not kept: the request left them out "
                '("keep_data": false), or they were too large'
            )
        weighted = card.data.sample_weight is not None
        shape = (card.data.samples, card.data.dimension + weighted)
        file = self._file(card, "data", card.data.sha256, most_npy_bytes(*shape))
        try:
            return Dataset.of(parse_npy(file, *shape, missing=True), weighted=weighted)
        except ValueError as error:
            raise self._damage(card, "data") from error

    def _damage(self, card: StoredCard, what: str) -> DamagedModelError:
        """Remember that a model is damaged, and return the error."""
        known = card.weights_key in self._damaged
        if what == "weights" and len(self._damaged) < MOST_REMEMBERED:
            self._damaged.add(card.weights_key)
        error = DamagedModelError(
            f"the {what} of model {card.id!r} are not what was stored; it is left as it is"
        )
        error.is_new = what == "weights" and not known
        return error

    def derived(self, card: StoredCard, form: str) -> str | None:
        """Return the key of a model's weights in another format, if it is stored."""
        if form == "npy":
            return card.weights_key
        key = card.derived_key(form)
        return key if self.store.keys(key, limit=1) == [key] else None

    def card_in(self, model_id: str) -> StoredCard:
        """Return the card of a model, even if it has expired and is not yet removed.

        `BlobNotFound` is raised when there is none, and `DamagedModelError` when it cannot be read.
        """
        return self.read_card(model_id)[0]

    def read_card(self, model_id: str) -> tuple[StoredCard, str]:
        """Return the card of a model as `card_in` does, and the version of its blob."""
        try:
            blob = self.store.read(card_key(model_id), max_bytes=MOST_CARD_BYTES)
            card = StoredCard.decode(blob.data)
        except (BlobTooLarge, ValueError) as error:  # pydantic's ValidationError is a ValueError
            raise _unreadable(model_id, b"" if isinstance(error, BlobTooLarge) else blob.data) from error
        if card.id != model_id:
            raise DamagedModelError(f"the card of model {model_id!r} is that of another")
        return card, blob.version

    def is_kept(self, entry: Entry) -> bool:
        """Return whether a listed model has not expired.

        One that is over the age costs a read of its card; one with a name does so once.
        """
        return self._is_young(entry) or self.has_name(entry)

    def has_name(self, entry: Entry) -> bool:
        """Return whether a listed model exists and has a name, which it then keeps."""
        model = entry.id, entry.created_at
        if model not in self._known:
            try:
                card = self.card_in(entry.id)
            except BlobNotFound:
                return False
            except DamagedModelError:  # its names are in their own index
                return bool(self.names.revisions(entry.id))
            if card.state != "named" or card.created_at != entry.created_at:
                return False
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known.add(model)
        return True

    def _lasts(self, card: StoredCard) -> bool:
        """Return whether a model has not expired. Expired models are removed later."""
        return card.state == "named" or (card.state == "unnamed" and self._is_young(card))

    def _is_young(self, model: StoredCard | Entry) -> bool:
        return self._age is None or datetime.datetime.now(datetime.UTC) < model.created_at + self._age


def _unreadable(model_id: str, card: bytes) -> DamagedModelError:
    try:
        version = json.loads(card)["schema_version"]
    except (ValueError, KeyError, TypeError):
        version = SCHEMA_VERSION
    if version == SCHEMA_VERSION:
        return DamagedModelError(f"the card of model {model_id!r} cannot be read")
    return OutdatedModelError(
        f"model {model_id!r} was stored under version {version} of the contract, and this service reads "
        f"version {SCHEMA_VERSION}: delete it, and train it again"
    )
