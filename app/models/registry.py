"""Trained models at rest, in any store: written, named, moved and deleted.

A model is data, never code. Its card is written last and is the commit: a model without a card does not
exist, and whatever a crash has left of one is in nobody's way. A model is listed once its card is there, and
no longer once it is to be deleted: what is listed can be loaded. What a crash has kept from being listed is
to be had by its id, and is listed when the same training is asked for again, or by ``python -m app models
repair``.
"""

from contextlib import suppress
from dataclasses import dataclass

from app.errors import DamagedModelError, ModelNotFoundError
from app.models.card import Card
from app.models.files import npy
from app.models.index import Entry, Index, keys_from
from app.models.keys import KEPT, UNNAMED, Home, card_key, data_key, derived_key, folder, weights_key
from app.models.names import Revision
from app.models.reading import ModelReader
from app.storage.port import BlobChanged, BlobNotFound, BlobTooLarge
from kohonen.data import FloatArray

__all__ = ["Models", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A model in the store.

    Attributes
    ----------
    card : Card
        Its card.
    created : bool
        Whether it was put there just now.
    revision : Revision or None
        The revision of the name that was asked for.
    """

    card: Card
    created: bool
    revision: Revision | None = None


class Models(ModelReader):
    """The models of one store; see `ModelReader` for the parameters and for what can be read."""

    def add(
        self, card: Card, weights: FloatArray, samples: FloatArray | None, *, name: str | None = None
    ) -> Stored:
        """Store a model and list it.

        Parameters
        ----------
        card : Card
            Its card, from `make_card`.
        weights : ndarray of shape (width, height, dim)
            Its weights.
        samples : ndarray of shape (n, dim) or None
            What it was trained on; stored where the card says so.
        name : str, optional
            A name that it becomes a revision of.

        Returns
        -------
        Stored
            The card that was there, if the model was; it is left as it is.

        Raises
        ------
        StoreUnavailable
            When the store cannot be written.
        """
        home = UNNAMED if name is None else KEPT
        if home == UNNAMED:
            self._remove_expired(card.id)
        self._write(weights_key(home, card.id, card.weights.sha256), npy(weights), home)
        if card.data.sha256 is not None and samples is not None:
            self._write(data_key(home, card.id, card.data.sha256), npy(samples), home)
        if not self._commit(card, home):
            return self.settle(self.card(card.id), name)
        Index(self.store, home).add(Entry.of(card))
        if home == KEPT:  # somebody may have trained the same without a name meanwhile
            self.remove(UNNAMED, card.id)
        return Stored(card.at(home), created=True, revision=self._named(card, name))

    def settle(self, card: Card, name: str | None = None) -> Stored:
        """See to it that a model that is there is listed, and that it has a name where one is asked for."""
        if name is not None and card.home == UNNAMED:
            card = self._keep(card)
        Index(self.store, card.home).ensure(Entry.of(card))
        if name is not None:  # a move may not have come to its end
            self.remove(UNNAMED, card.id)
        return Stored(card, created=False, revision=self._named(card, name))

    def delete(self, model_id: str) -> None:
        """Remove a model, with its revisions of names, whose numbers are not given again.

        Raises
        ------
        ModelNotFoundError
            When it is not there.
        """
        found = [self.remove(home, model_id) for home in (UNNAMED, KEPT)]
        if not any(found):
            raise ModelNotFoundError(f"there is no model {model_id!r}")

    def remove(self, home: Home, model_id: str) -> bool:
        """Remove what there is of a model in a home, and say whether it was there."""
        index = Index(self.store, home)
        try:
            index.remove(Entry.of(self.card_in(home, model_id)))
        except BlobNotFound:
            return False
        except DamagedModelError:
            index.remove_id(model_id)
        if home == KEPT:
            for revision in self.names.revisions(model_id):
                self.names.remove(revision)
        self.store.delete(card_key(home, model_id))
        for key in list(keys_from(self.store, folder(home, model_id))):
            self.store.delete(key)
        return True

    def add_derived(self, card: Card, form: str, file: bytes, *, media_type: str) -> str:
        """Store the weights of a model in another format, and return their key."""
        key = derived_key(card.home, card.id, form)
        self.store.create(key, file, content_type=media_type)
        return key

    def _named(self, card: Card, name: str | None) -> Revision | None:
        return None if name is None else self.names.assign(name, Entry.of(card))

    def _commit(self, card: Card, home: Home) -> bool:
        document = card.model_dump_json(indent=2).encode()
        return self.store.create(card_key(home, card.id), document, content_type="application/json")

    def _write(self, key: str, data: bytes, home: Home) -> None:
        created = self.store.create(key, data, content_type="application/octet-stream")
        if not created and home == UNNAMED and self._age is not None:
            # What a crash has left would expire before the model does: make it new.
            with suppress(BlobNotFound, BlobChanged, BlobTooLarge):
                version = self.store.read(key, max_bytes=len(data)).version
                self.store.replace(key, data, version=version, content_type="application/octet-stream")

    def _keep(self, card: Card) -> Card:
        """Move a model to those that are kept."""
        weights = self.weights_file(card)
        self._write(weights_key(KEPT, card.id, card.weights.sha256), weights, KEPT)
        if card.data.sha256 is not None:
            self._write(data_key(KEPT, card.id, card.data.sha256), npy(self.samples(card)), KEPT)
        self._commit(card, KEPT)
        return card.at(KEPT)

    def _remove_expired(self, model_id: str) -> None:
        with suppress(BlobNotFound, DamagedModelError):
            if self._age is not None and not self._lasts(self.card_in(UNNAMED, model_id)):
                self.remove(UNNAMED, model_id)
