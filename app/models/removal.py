"""Removes models, on request or when they have expired."""

from collections.abc import Iterable

from app.errors import DamagedModelError, ModelNotFoundError
from app.models.card import State, StoredCard
from app.models.index import Entry
from app.models.keys import card_key, folder, revision_key, revisions_folder
from app.models.reading import ModelReader
from app.models.references import Revision, parse
from app.storage.paging import keys_from
from app.storage.port import BlobChanged, BlobNotFound

__all__ = ["ModelRemover"]


class ModelRemover(ModelReader):
    """Access to the models of one store, to read and remove them; see `ModelReader` for the parameters."""

    def delete(self, model_id: str) -> None:
        """Remove a model and its revisions; their numbers are not used again. Raises `ModelNotFoundError`."""
        if not self.remove(model_id):
            raise ModelNotFoundError(f"there is no model {model_id!r}")

    def removable_id(self, text: str) -> str:
        """Return the id of the model that a reference names, even if it is damaged.

        `ValueError` is raised for a reference that may name another model by the time of a removal.
        """
        reference = parse(text)
        if reference is not None and reference.moves:
            raise ValueError(
                f"{text!r} may refer to another model by now: use the id, or a revision such as name@3, "
                "instead"
            )
        return self.resolve(text).id if reference is None or reference.id is None else reference.id

    def remove(self, model_id: str) -> bool:
        """Remove all files and keys of a model, and return whether it existed."""
        try:
            card = self.card_in(model_id)
        except BlobNotFound:
            return False
        except DamagedModelError:
            self._remove_damaged(model_id)
        else:
            self._remove(card)
        return True

    def expire(self, entry: Entry) -> bool:
        """Remove a model unless it has a name, or gets one concurrently; return whether it was removed.

        It is removed from the lists first and its card marked then: a crash in between leaves a model that is
        not listed, and none that is listed and cannot be loaded.
        """
        self.index.remove(entry)
        try:
            card, marked = self._mark(entry, "expired")
        except BlobNotFound:
            return False
        except DamagedModelError:  # it cannot be named
            self._remove_damaged(entry.id)
            return True
        if marked:
            self._remove(card)
        elif card.state == "named" and Entry.of(card) == entry:
            self.index.add(entry)
            if not self.is_there(entry):  # deleted concurrently
                self._unlist(card)
        return marked

    def is_there(self, entry: Entry) -> bool:
        """Return whether a listed model exists, even if its card cannot be read."""
        try:
            return Entry.of(self.card_in(entry.id)) == entry
        except BlobNotFound:
            return False
        except DamagedModelError:  # it stays listed
            return True

    def _mark(self, model: StoredCard | Entry, state: State) -> tuple[StoredCard, bool]:
        """Change the state of an unnamed model; return its card and whether this call changed it.

        The errors are those of `card_in`.
        """
        while True:
            card, version = self.read_card(model.id)
            if card.state != "unnamed" or card.created_at != model.created_at:
                return card, False
            marked, key = card.in_state(state), card_key(card.id)
            try:
                self.store.replace(key, marked.encode(), version=version, content_type="application/json")
            except BlobChanged:
                continue
            return marked, True

    def _remove(self, card: StoredCard) -> None:
        revisions = self._unlist(card)
        self.store.delete(card_key(card.id))
        # Another process may have listed or named it before the card was deleted; a later one finds no card.
        self._unlist(card, revisions)
        self._unlist_another(card)
        self._discard(card)
        for key in list(keys_from(self.store, card.derived_key())):
            self.store.delete(key)

    def _discard(self, card: StoredCard) -> None:
        """Remove the files of a card that is not stored."""
        for key in card.files:
            self.store.delete(key)

    def _unlist(self, card: StoredCard, known: Iterable[Revision] = ()) -> set[Revision]:
        """Remove a model, and its revisions, from all lists; a later model of the same id stays.

        Returns the revisions that it is or was about to be, beside those that are known.
        """
        self.index.remove(Entry.of(card))
        revisions = {*known, *self.names.revisions(card.id)}
        for revision in revisions:
            if self.names.entry(revision) == Entry.of(card):
                self._unname(card.id, revision)
        return revisions

    def _unlist_another(self, card: StoredCard) -> None:
        """Remove a model from the lists that was stored again, and whose card was deleted by mistake.

        This happens if two processes remove a model and a third stores it again in between; its files remain.
        """
        weights = self.store.keys(f"{folder(card.id)}weights-")
        if any(key != card.weights_key for key in weights):
            self._unlist_absent(card.id)

    def _unlist_absent(self, model_id: str) -> None:
        """Remove the entries of an id from the lists for which there is no card."""
        for entry in self.index.entries_of(model_id):
            if not self.is_there(entry):
                self.index.remove(entry)
        for revision in self.names.revisions(model_id):
            named = self.names.entry(revision)
            if named is not None and not self.is_there(named):
                self._unname(model_id, revision)

    def _unname(self, model_id: str, revision: Revision) -> None:
        self.names.remove(revision)
        self.store.delete(revision_key(model_id, revision.name, revision.number))

    def _remove_damaged(self, model_id: str) -> None:
        """Remove a model whose card cannot be read, and so does not name its files."""
        own, revisions = card_key(model_id), revisions_folder(model_id)
        keys = list(keys_from(self.store, folder(model_id)))
        files = [key for key in keys if key != own and not key.startswith(revisions)]
        # While the card exists, the model is not stored again, so the files belong to no other writer.
        if not self._is_damaged(model_id):
            return
        for entry in self.index.entries_of(model_id):
            self.index.remove(entry)
        for revision in self.names.revisions(model_id):
            self._unname(model_id, revision)
        self.store.delete(own)
        self._unlist_absent(model_id)  # others may have removed it and stored it again
        for key in files:
            self.store.delete(key)

    def _is_damaged(self, model_id: str) -> bool:
        try:
            self.card_in(model_id)
        except DamagedModelError:
            return True
        except BlobNotFound:  # removed concurrently
            pass
        return False
