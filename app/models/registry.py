"""Stores, lists and names trained models, in any store.

A model is data, never code. Its card is written last and is the commit: a model without a card does not
exist, and files that a crash has left do no harm. A model is listed after its card is written, and removed
from the lists before it is deleted, so that every listed model can be loaded. A model that a crash has left
unlisted can be read by its id. The same training, or ``python -m app models repair``, lists it.

The stored card contains the state of the model: unnamed, named or expired. Naming and pruning both replace
the card of an unnamed model by a conditional write. Only one succeeds, so a named model is never pruned.
"""

import math
import time
import uuid
from contextlib import suppress
from typing import NamedTuple

from app.errors import ModelNotFoundError, StoreFullError
from app.models.card import StoredCard
from app.models.index import Entry
from app.models.keys import card_key
from app.models.references import Revision
from app.models.removal import ModelRemover
from app.storage.port import BlobNotFound
from kohonen.card import Card
from kohonen.files import npy
from kohonen.inputs.arrays import Dataset, FloatArray

__all__ = ["Models", "Stored"]

#: The number of checks whether an expired model has been removed, and the pause between them in seconds. A
#: removal takes a few calls of the store once the card is marked. If it takes longer, its process has died.
ATTEMPTS, PAUSE = 100, 0.1

#: Seconds after which the stored bytes are counted again, since others store models as well.
RECOUNT_SECONDS = 60.0

_OCTETS = "application/octet-stream"


class Stored(NamedTuple):
    """A model in the store, whether this call stored it, and the revision of the requested name."""

    card: StoredCard
    created: bool
    revision: Revision | None = None


class Models(ModelRemover):
    """The models of one store; see `ModelReader` for the parameters and for what can be read."""

    def check_room(self, size: int) -> None:
        """Raise `StoreFullError` if weights of some bytes would be over the limit of stored bytes.

        The bytes of all weights are counted in the index, now and then, and whenever they seem to be too
        many.
        """
        most = self._most_bytes
        if most is None:
            return
        if time.monotonic() - self._counted_at > RECOUNT_SECONDS or self._stored_bytes + size > most:
            self._stored_bytes = sum(8 * math.prod(entry.shape) for entry in self.index.entries())
            self._counted_at = time.monotonic()
        if self._stored_bytes + size > most:
            raise StoreFullError(
                f"the weights of this model have {size:,} bytes, those of all models {self._stored_bytes:,}, "
                f"and {most:,} may be stored (SOM_MAX_STORED_BYTES): delete models, or use a smaller map"
            )

    def add(
        self, card: Card, weights: FloatArray, data: Dataset | None, *, name: str | None = None
    ) -> Stored:
        """Store a model and list it, as a revision of a name if one is given.

        A model that is stored already is left as it is, and its card returned. `data` are stored
        where the card says so.
        """
        self.check_room(card.weights.bytes)
        own = StoredCard.of(card, uuid.uuid4().hex[:12], "unnamed" if name is None else "named")
        self._write(own, npy(weights), data)
        while not self._commit(own):
            there = self.find(own.id)
            if there is None:
                self._make_room(own.id)
                continue
            with suppress(ModelNotFoundError):  # deleted concurrently: then this one is stored
                stored = self.ensure_listed(there, name)
                self._discard(own)
                return stored
        self._stored_bytes += card.weights.bytes
        self.index.add(Entry.of(own))
        revision = self._named(own, name)
        self._confirm(own, revision)
        return Stored(own, created=True, revision=revision)

    def ensure_listed(self, card: StoredCard, name: str | None) -> Stored:
        """List a stored model where it is not listed yet, and give it the name, if there is one.

        `ModelNotFoundError` is raised when it has been deleted, or has expired, since the card was read.
        """
        if name is not None:
            card = self._keep(card)
        listed = self.index.ensure(Entry.of(card))
        revision = self._named(card, name)
        if revision is not None or not listed:
            self._confirm(card, revision)
        return Stored(card, created=False, revision=revision)

    def add_derived(self, card: StoredCard, form: str, file: bytes, *, media_type: str) -> str:
        """Store the weights of a model in another format, and return their key."""
        key = card.derived_key(form)
        self.store.create(key, file, content_type=media_type)
        return key

    def _named(self, card: StoredCard, name: str | None) -> Revision | None:
        return None if name is None else self.names.assign(name, Entry.of(card))

    def _write(self, card: StoredCard, weights: bytes, data: Dataset | None) -> None:
        self.store.create(card.weights_key, weights, content_type=_OCTETS)
        if data is None:
            return
        if card.data_key is not None:
            self.store.create(card.data_key, npy(data.table), content_type=_OCTETS)
        if card.annotations_key is not None and data.annotations is not None:
            file = data.annotations.encode()
            self.store.create(card.annotations_key, file, content_type="application/json")

    def _commit(self, card: StoredCard) -> bool:
        return self.store.create(card_key(card.id), card.encode(), content_type="application/json")

    def _confirm(self, card: StoredCard, revision: Revision | None) -> None:
        """Remove a model from the lists if it was deleted while it was being listed."""
        with suppress(BlobNotFound):
            if self.card_in(card.id).created_at == card.created_at:
                return
        self._unlist(card, () if revision is None else (revision,))

    def _keep(self, card: StoredCard) -> StoredCard:
        """Mark the stored card as that of a named model, and return it."""
        try:
            while card.state == "unnamed":
                card, _ = self._mark(card, "named")
        except BlobNotFound:
            card = card.in_state("expired")
        if card.state == "expired":
            raise ModelNotFoundError(f"there is no model {card.id!r}: it was removed concurrently")
        return card

    def _make_room(self, model_id: str) -> None:
        """Wait until an expired model is removed, or remove it, so that it can be stored again."""
        for _ in range(ATTEMPTS):
            try:
                card = self.card_in(model_id)
            except BlobNotFound:
                return
            if card.state != "expired":
                if not self._lasts(card):
                    self.expire(Entry.of(card))
                return
            time.sleep(PAUSE)
        self._remove(card)
