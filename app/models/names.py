"""Names of models. A name has revisions, numbered from 1, each of which is permanently one model."""

import json
from collections.abc import Iterator
from contextlib import suppress

from app.models.index import Entry
from app.models.keys import (
    MOST_REVISIONS,
    name_index_folder,
    number_key,
    numbers_folder,
    revision_key,
    revisions_folder,
)
from app.models.references import Revision
from app.storage.paging import keys_from
from app.storage.port import BlobChanged, BlobNotFound, Store

__all__ = ["Names", "number_of"]

_MOST_RECORD_BYTES = 1024


class Names:
    """The names of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def assign(self, name: str, entry: Entry) -> Revision:
        """Make a model the newest revision of a name, unless it is that already.

        Of any number of writers at once each gets a number of its own.
        """
        number = self._highest(name)
        if not (number and self._is(name, number, entry.id)):
            number += 1
            while not self._allocate(name, number, entry.id) and not self._is(name, number, entry.id):
                number += 1
        # The model's own list of revisions is written first, so that a deletion finds them all. The same
        # request completes what a crash leaves undone here.
        self._store.create(revision_key(entry.id, name, number), b"", content_type="text/plain")
        self._store.create(name_index_folder(name, number) + str(entry), b"", content_type="text/plain")
        return Revision(name, number)

    def revisions(self, model_id: str) -> list[Revision]:
        """Return the revisions of a model."""
        folder = revisions_folder(model_id)
        found = []
        for key in keys_from(self._store, folder):
            name, _, number = key[len(folder) :].rpartition(".")
            found.append(Revision(name, int(number)))
        return sorted(found, key=lambda revision: (revision.name, revision.number))

    def entries(self, name: str, *, start_after: str = "", page: int = 1000) -> Iterator[tuple[str, Entry]]:
        """Yield the models of a name, newest first, with their places in the name's index."""
        folder = name_index_folder(name)
        for key in keys_from(self._store, folder, start_after=start_after, page=page):
            entry = Entry.parse(key)
            if entry is not None:
                yield key[len(folder) :], entry

    def everything(self) -> Iterator[tuple[Revision, Entry]]:
        """Yield every revision of every name."""
        for key in keys_from(self._store, "names/"):
            _, name, folder, place = key.split("/")
            if folder == "index" and (entry := Entry.parse(key)) is not None:
                yield Revision(name, number_of(place)), entry

    def entry(self, revision: Revision) -> Entry | None:
        """Return the entry of a revision; None if it does not exist or was removed."""
        for key in self._store.keys(name_index_folder(revision.name, revision.number), limit=1):
            return Entry.parse(key)
        return None

    def remove(self, revision: Revision) -> None:
        """Remove a revision. Its number is not used again."""
        key = number_key(revision.name, revision.number)
        with suppress(BlobNotFound, BlobChanged):
            version = self._store.read(key, max_bytes=_MOST_RECORD_BYTES).version
            self._store.replace(key, _record(None), version=version, content_type="application/json")
        for key in self._store.keys(name_index_folder(revision.name, revision.number)):
            self._store.delete(key)

    def _highest(self, name: str) -> int:
        folder = numbers_folder(name)
        for key in self._store.keys(folder, limit=1):
            return MOST_REVISIONS - int(key[len(folder) :])
        return 0

    def _allocate(self, name: str, number: int, model_id: str) -> bool:
        return self._store.create(
            number_key(name, number), _record(model_id), content_type="application/json"
        )

    def _is(self, name: str, number: int, model_id: str) -> bool:
        """Return whether a number belongs to a model that has not been deleted since."""
        record = self._store.read(number_key(name, number), max_bytes=_MOST_RECORD_BYTES).data
        return record == _record(model_id)


def _record(model_id: str | None) -> bytes:
    """Return the stored record of a revision: the id of its model, or None once that is deleted."""
    return json.dumps({"id": model_id}).encode()


def number_of(place: str) -> int:
    """Return the number of a revision from its place in the index of its name."""
    return MOST_REVISIONS - int(place.partition(".")[0])
