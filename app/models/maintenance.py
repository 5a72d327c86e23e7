"""What is done to a store from time to time: expired models go, and the index is held to what is there."""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from app.errors import DamagedModelError
from app.models.index import Entry, Index, keys_from
from app.models.keys import HOMES, KEPT, NEWEST, UNNAMED, Home, index_folder
from app.models.registry import Models
from app.storage.port import BlobNotFound

__all__ = ["Repaired", "prune", "repair"]


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
        if entry.created_at < last:
            if not dry:
                models.remove(UNNAMED, entry.id)
            yield entry


def repair(models: Models) -> Iterator[Repaired]:
    """Hold the index to what is there, and give what was wrong: it takes a look at every model."""
    for home in HOMES:
        listed = {entry.id: entry for entry in _listed(models, home)}
        present = set()
        for model_id in _stored(models, home):
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


def _stored(models: Models, home: Home) -> list[str]:
    """Return the ids of which there is something in the store."""
    folder = f"{home}models/"
    return list(
        dict.fromkeys(key[len(folder) :].partition("/")[0] for key in keys_from(models.store, folder))
    )


def _is_there(models: Models, home: Home, model_id: str) -> bool:
    try:
        models.card_in(home, model_id)
    except BlobNotFound:
        return False
    except DamagedModelError:  # it is left as it is, listed
        return True
    return True
