"""Removes expired models, and repairs the index after crashes."""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from app.errors import DamagedModelError
from app.models.card import StoredCard
from app.models.index import Entry
from app.models.keys import card_key, revisions_folder
from app.models.registry import Models
from app.storage.paging import keys_from
from app.storage.port import BlobNotFound

__all__ = ["Repaired", "prune", "prune_steps", "repair"]

#: Younger files may belong to a model that is being stored.
YOUNG = datetime.timedelta(days=1)


class Repaired(NamedTuple):
    """A repaired model, and what was wrong."""

    id: str
    what: str


def prune(models: Models, *, days: float, dry: bool = False) -> Iterator[Entry]:
    """Remove models without a name that are older than some days, and yield each.

    If `dry`, the models are yielded without removing them.
    """
    return (entry for entry in prune_steps(models, days=days, dry=dry) if entry is not None)


def prune_steps(models: Models, *, days: float, dry: bool = False) -> Iterator[Entry | None]:
    """Check the models older than some days one by one; yield each that is removed, and None otherwise."""
    last = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    for entry in list(models.index.entries()):  # a copy, since removals would shift the pages
        if entry.created_at < last:
            gone = not models.has_name(entry) and (models.is_there(entry) if dry else models.expire(entry))
            yield entry if gone else None


def repair(models: Models) -> Iterator[Repaired]:
    """Match the index to the stored models, remove files left by crashes, and yield each repair.

    It takes a look at every model.
    """
    entries = list(models.index.entries())
    listed = {str(entry) for entry in entries}
    present = set()
    for model_id, keys in _stored(models).items():
        if _sweep(models, model_id, keys):
            yield Repaired(model_id, "had files that no card names")
        with suppress(BlobNotFound, DamagedModelError):
            card = models.card_in(model_id)
            entry = Entry.of(card)
            if card.state == "expired":
                if _is_old(models, card_key(model_id)):
                    models.remove(model_id)
                    yield Repaired(model_id, "had expired, and was still there")
                continue
            present.add(str(entry))
            if str(entry) not in listed:
                models.index.add(entry)
                yield Repaired(model_id, "was not listed")
    for entry in entries:
        if str(entry) not in present and not models.is_there(entry):
            models.index.remove(entry)
            yield Repaired(entry.id, "was listed, and is not there")
    for revision, entry in list(models.names.everything()):
        if not models.is_there(entry):
            models.names.remove(revision)
            yield Repaired(entry.id, f"was {revision}, and is not there")
    yield from _complete(models)


def _complete(models: Models) -> Iterator[Repaired]:
    """Complete the order of the metric, which may have been changed."""
    index = models.index
    ordered = list(index.entries(index.metric.order))
    entries = list(index.entries())
    places, listed = {str(entry) for entry in ordered}, {str(entry) for entry in entries}
    for entry in entries:
        if str(entry) not in places:
            index.add(entry)
            if models.is_there(entry):
                yield Repaired(entry.id, f"was not listed by {index.metric.name}")
            else:  # deleted concurrently
                index.remove(entry)
    for entry in ordered:
        if str(entry) not in listed and not models.is_there(entry):
            index.remove(entry)
            yield Repaired(entry.id, f"was listed by {index.metric.name}, and is not there")
    index.complete()


def _stored(models: Models) -> dict[str, list[str]]:
    """Return the ids in the store, with the keys of each."""
    found: dict[str, list[str]] = {}
    for key in keys_from(models.store, "models/"):
        found.setdefault(key.split("/")[1], []).append(key)
    return found


def _sweep(models: Models, model_id: str, keys: list[str]) -> int:
    """Remove the files of a model that a crash has left, and return their number.

    That is what its card does not name. Nothing goes that is younger than a day: a card that is about to be
    written may name it. The keys were listed before the card is read, so what it names by now is kept.
    """
    try:
        card: StoredCard | None = models.card_in(model_id)
    except BlobNotFound:
        card = None
    except DamagedModelError:
        return 0
    removed = 0
    for key in keys:
        if not (card and _belongs(key, card)):
            with suppress(BlobNotFound):
                if _is_old(models, key):
                    models.store.delete(key)
                    removed += 1
    return removed


def _is_old(models: Models, key: str) -> bool:
    return models.store.written(key) < datetime.datetime.now(datetime.UTC) - YOUNG


def _belongs(key: str, card: StoredCard) -> bool:
    """Return whether a key in the folder of a model belongs to the model."""
    return key in (card_key(card.id), *card.files) or key.startswith(
        (card.derived_key(), revisions_folder(card.id))
    )
