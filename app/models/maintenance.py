"""What is done to a store from time to time: expired models go, and the index is held to what is there."""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from app.errors import DamagedModelError
from app.models.card import Card
from app.models.index import Entry, Index
from app.models.keys import HOMES, KEPT, NEWEST, UNNAMED, Home, card_key, index_folder, revisions_folder
from app.models.registry import Models
from app.storage.paging import keys_from
from app.storage.port import BlobNotFound

__all__ = ["Repaired", "prune", "repair"]

#: What is younger may belong to a model that is just being written down.
YOUNG = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What has been put right.

    Attributes
    ----------
    id : str
        The model.
    what : str
        What was wrong.
    """

    id: str
    what: str


def prune(models: Models, *, days: float, dry: bool = False) -> Iterator[Entry]:
    """Remove models without a name that are older than some days, and give each.

    Parameters
    ----------
    models : Models
        The models of a store.
    days : float
        How old a model may be.
    dry : bool
        Give them, and remove nothing.
    """
    last = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    for entry in _listed(models, UNNAMED):
        if entry.created_at < last and not _is_another(models, entry):
            if not dry:
                models.remove(UNNAMED, entry.id)
            yield entry


def repair(models: Models) -> Iterator[Repaired]:
    """Hold the index to what is there, remove what crashes have left, and give what was wrong.

    It takes a look at every model.
    """
    for home in HOMES:
        listed = {entry.id: entry for entry in _listed(models, home)}
        present = set()
        for model_id, keys in _stored(models, home).items():
            if _sweep(models, home, model_id, keys):
                yield Repaired(model_id, "had files that no card names")
            with suppress(BlobNotFound, DamagedModelError):
                card = models.card_in(home, model_id)
                present.add(model_id)
                if home == UNNAMED and _is_there(models, KEPT, model_id):
                    models.remove(UNNAMED, model_id)
                    yield Repaired(model_id, "was there with a name and without")
                elif model_id not in listed:
                    Index(models.store, home).add(Entry.of(card))
                    yield Repaired(model_id, "was not listed")
        for model_id, entry in listed.items():
            if model_id not in present and not _is_there(models, home, model_id):
                Index(models.store, home).remove(entry)
                yield Repaired(model_id, "was listed, and is not there")
    for revision, entry in list(models.names.everything()):
        if not _is_there(models, KEPT, entry.id):
            models.names.remove(revision)
            yield Repaired(entry.id, f"was {revision}, and is not there")


def _listed(models: Models, home: Home) -> Iterator[Entry]:
    # As a list: what is removed meanwhile is not to move the pages.
    for key in list(keys_from(models.store, index_folder(home, NEWEST))):
        entry = Entry.parse(key)
        if entry is not None:
            yield entry


def _stored(models: Models, home: Home) -> dict[str, list[str]]:
    """Return the ids of which there is something in the store, and the keys of each."""
    folder = f"{home}models/"
    found: dict[str, list[str]] = {}
    for key in keys_from(models.store, folder):
        found.setdefault(key[len(folder) :].partition("/")[0], []).append(key)
    return found


def _sweep(models: Models, home: Home, model_id: str, keys: list[str]) -> int:
    """Remove what a crash has left of a model, and say how many files that were.

    That is what its card does not name. Nothing goes that is younger than a day: a card that is about to be
    written may name it. The keys were listed before the card is read, so what it names by now is kept.
    """
    try:
        card: Card | None = models.card_in(home, model_id)
    except BlobNotFound:
        card = None
    except DamagedModelError:
        return 0
    last = datetime.datetime.now(datetime.UTC) - YOUNG
    left = [key for key in keys if not (card and _belongs(key, card))]
    removed = 0
    for key in left:
        with suppress(BlobNotFound):
            if models.store.written(key) < last:
                models.store.delete(key)
                removed += 1
    return removed


def _belongs(key: str, card: Card) -> bool:
    """Say whether a key in the folder of a model is one of the model's."""
    own = {card_key(card.home, card.id), card.weights_key, card.data_key}
    return key in own or key.startswith((card.derived_key(), revisions_folder(card.id)))


def _is_another(models: Models, entry: Entry) -> bool:
    """Say whether a model has been deleted and made again since it was listed."""
    with suppress(BlobNotFound, DamagedModelError):
        return models.card_in(UNNAMED, entry.id).created_at != entry.created_at
    return False


def _is_there(models: Models, home: Home, model_id: str) -> bool:
    try:
        models.card_in(home, model_id)
    except BlobNotFound:
        return False
    except DamagedModelError:  # it is left as it is, listed
        return True
    return True
