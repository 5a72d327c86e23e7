"""Trained models at rest, in any store: written, named, moved and deleted.

A model is data, never code. Its card is written last and is the commit: a model without a card does not
exist, and whatever a crash has left of one is in nobody's way. A model is listed once its card is there, and
no longer once it is to be deleted: what is listed can be loaded. What a crash has kept from being listed is
to be had by its id, and is listed when the same training is asked for again, or by ``python -m app models
repair``.
"""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from app.errors import DamagedModelError, ModelNotFoundError
from app.models.card import Card
from app.models.index import Entry, Index
from app.models.keys import KEPT, UNNAMED, Home, card_key, folder, revision_key, revisions_folder
from app.models.reading import ModelReader
from app.models.references import Revision
from app.storage.paging import keys_from
from app.storage.port import BlobNotFound
from kohonen.data import FloatArray
from kohonen.files import npy

__all__ = ["Models", "Stored"]

_OCTETS = "application/octet-stream"


class Stored(NamedTuple):
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
        card = card.at(UNNAMED if name is None else KEPT, _new_writing())
        self._remove_expired(card)
        self._write(card, npy(weights), None if samples is None else npy(samples))
        while not self._commit(card):
            there = self.find(card.id)
            if there is None:
                self._remove_expired(card)
                continue
            with suppress(ModelNotFoundError):  # it may be deleted meanwhile, and then ours is wanted
                stored = self.settle(there, name)
                self._discard(card)
                return stored
        Index(self.store, card.home).add(Entry.of(card))
        if card.home == KEPT:  # somebody may have trained the same without a name meanwhile
            self.remove(UNNAMED, card.id)
        revision = self._named(card, name)
        self._confirm(card, revision)
        return Stored(card, created=True, revision=revision)

    def settle(self, card: Card, name: str | None) -> Stored:
        """See to it that a model that is there is listed, and that it has a name where one is asked for.

        Raises
        ------
        ModelNotFoundError
            When it has been deleted since the card was read, and so cannot be given a name.
        """
        if name is not None and card.home == UNNAMED:
            card = self._keep(card)
        listed = Index(self.store, card.home).ensure(Entry.of(card))
        if name is not None:  # a move may not have come to its end
            self.remove(UNNAMED, card.id)
        revision = self._named(card, name)
        if revision is not None or not listed:
            self._confirm(card, revision)
        return Stored(card, created=False, revision=revision)

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
        try:
            card = self.card_in(home, model_id)
        except BlobNotFound:
            return False
        except DamagedModelError:
            self._remove_damaged(home, model_id)
            return True
        revisions = self._unlist(card)
        self.store.delete(card_key(home, model_id))
        # Somebody may have listed it meanwhile, or given it a name; who does so later sees that it is gone.
        self._unlist(card, revisions)
        self._unlist_another(card)
        self._discard(card)
        for key in list(keys_from(self.store, card.derived_key())):
            self.store.delete(key)
        return True

    def add_derived(self, card: Card, form: str, file: bytes, *, media_type: str) -> str:
        """Store the weights of a model in another format, and return their key."""
        key = card.derived_key(form)
        self.store.create(key, file, content_type=media_type)
        return key

    def _named(self, card: Card, name: str | None) -> Revision | None:
        return None if name is None else self.names.assign(name, Entry.of(card))

    def _write(self, card: Card, weights: bytes, samples: bytes | None) -> None:
        self.store.create(card.weights_key, weights, content_type=_OCTETS)
        if card.data_key is not None and samples is not None:
            self.store.create(card.data_key, samples, content_type=_OCTETS)

    def _commit(self, card: Card) -> bool:
        key = card_key(card.home, card.id)
        return self.store.create(key, card.encode(), content_type="application/json")

    def _discard(self, card: Card) -> None:
        """Remove the files of a card that is not there, or no more."""
        for key in (card.weights_key, card.data_key):
            if key is not None:
                self.store.delete(key)

    def _confirm(self, card: Card, revision: Revision | None) -> None:
        """List a model no more that was deleted while it was being listed."""
        with suppress(BlobNotFound):
            if self.card_in(card.home, card.id).created_at == card.created_at:
                return
        self._unlist(card, () if revision is None else (revision,))

    def _unlist(self, card: Card, known: Iterable[Revision] = ()) -> set[Revision]:
        """List a model no more, nor as a revision of any name; not another one of the same id.

        Returns the revisions that it is or was about to be, beside those that are known.
        """
        Index(self.store, card.home).remove(Entry.of(card))
        if card.home == UNNAMED:
            return set()
        revisions = {*known, *self.names.revisions(card.id)}
        for revision in revisions:
            if self.names.entry(revision) == Entry.of(card):
                self._unname(card.id, revision)
        return revisions

    def _unlist_another(self, card: Card) -> None:
        """List a model no more that was made anew, and whose card has just been removed for an older one.

        That is where two remove the same and somebody makes it again in between. Its files are still there.
        """
        weights = self.store.keys(f"{folder(card.home, card.id)}weights-")
        if any(key != card.weights_key for key in weights):
            self._unlist_absent(card.home, card.id)

    def _unlist_absent(self, home: Home, model_id: str) -> None:
        """List no more what is listed under an id and not there; no card comes back once it has gone."""
        index = Index(self.store, home)
        for entry in index.entries_of(model_id):
            if not self._is_there(home, entry):
                index.remove(entry)
        for revision in self.names.revisions(model_id) if home == KEPT else ():
            named = self.names.entry(revision)
            if named is not None and not self._is_there(home, named):
                self._unname(model_id, revision)

    def _is_there(self, home: Home, entry: Entry) -> bool:
        try:
            return Entry.of(self.card_in(home, entry.id)) == entry
        except BlobNotFound:
            return False
        except DamagedModelError:  # it is left as it is, listed
            return True

    def _unname(self, model_id: str, revision: Revision) -> None:
        self.names.remove(revision)
        self.store.delete(revision_key(model_id, revision.name, revision.number))

    def _remove_damaged(self, home: Home, model_id: str) -> None:
        """Remove a model whose card cannot be read: it does not say which files are its own."""
        own, revisions = card_key(home, model_id), revisions_folder(model_id)
        keys = list(keys_from(self.store, folder(home, model_id)))
        files = [key for key in keys if key != own and not key.startswith(revisions)]
        # As long as the card is there, nobody makes the model anew: those files are of nobody else.
        if not self._is_damaged(home, model_id):
            return
        index = Index(self.store, home)
        for entry in index.entries_of(model_id):
            index.remove(entry)
        if home == KEPT:
            for revision in self.names.revisions(model_id):
                self._unname(model_id, revision)
        self.store.delete(own)
        self._unlist_absent(home, model_id)  # somebody else may have removed it, and a third have made it
        for key in files:
            self.store.delete(key)

    def _is_damaged(self, home: Home, model_id: str) -> bool:
        try:
            self.card_in(home, model_id)
        except DamagedModelError:
            return True
        except BlobNotFound:  # somebody else has removed it
            pass
        return False

    def _keep(self, card: Card) -> Card:
        """Move a model to those that are kept; return the card that it has there."""
        moved = card.at(KEPT, _new_writing())
        samples = None if card.data.sha256 is None else npy(self.samples(card))
        self._write(moved, self.weights_file(card), samples)
        while not self._commit(moved):
            with suppress(BlobNotFound):
                there = self.card_in(KEPT, card.id)
                self._discard(moved)
                return there
        return moved

    def _remove_expired(self, card: Card) -> None:
        if card.home == UNNAMED and self._age is not None:
            with suppress(BlobNotFound, DamagedModelError):
                if not self._lasts(self.card_in(UNNAMED, card.id)):
                    self.remove(UNNAMED, card.id)


def _new_writing() -> str:
    """Return a word that names the files of one who writes a model, and nobody else's."""
    return uuid.uuid4().hex[:12]
