"""Defines the keys of models in a store.

::

    models/{id}/card.json                        the card: the commit, written last
    models/{id}/weights-{sha256}-{writing}.npy   the weights, under a key that holds their checksum
    models/{id}/data-{sha256}-{writing}.npy      the samples, unless they are not to be kept or too large
    models/{id}/annotations-{sha256}-{writing}.json  the labels and ids of their rows, likewise
    models/{id}/derived/{writing}/...            the weights in other formats, made for downloads
    models/{id}/revisions/{name}.{number}        the revisions of names that the model is
    index/newest/{entry}                         all models; nothing is stored but the keys
    index/{metric}-ascending/{value}.{entry}     all models by the metric of this deployment, or -descending
    index/complete/{metric}-ascending            says that no model is missing there
    names/{name}/numbers/{number}                the revisions of a name: created once, never used again
    names/{name}/index/{number}.{entry}          the models that they are
    temporary/{random}/{filename}                answers that are too large to send, for a day

Each writer of a model adds a random word, the writing, to the names of its files, and the card contains it.
So the removal of a model, or of files left by a crash, never removes the files of another writer.
`StoredCard` has the keys of these files.

Numbers and times in keys are counted down, so that the newest comes first.
"""

import re
import uuid

__all__ = [
    "MOST_REVISIONS",
    "NEWEST",
    "card_key",
    "complete_key",
    "folder",
    "index_folder",
    "is_id",
    "name_index_folder",
    "number_key",
    "numbers_folder",
    "revision_key",
    "revisions_folder",
    "temporary_key",
]

#: The order of the index in which the newest model comes first.
NEWEST = "newest"
#: Revisions of one name.
MOST_REVISIONS = 99_999_999

_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id."""
    return _ID.fullmatch(text) is not None


def folder(model_id: str) -> str:
    """Return the prefix of the keys of a model."""
    return f"models/{model_id}/"


def card_key(model_id: str) -> str:
    """Return the key of a model's card."""
    return f"{folder(model_id)}card.json"


def revisions_folder(model_id: str) -> str:
    """Return the prefix of the keys that name the revisions of a model."""
    return f"{folder(model_id)}revisions/"


def revision_key(model_id: str, name: str, number: int) -> str:
    """Return the key that marks a model as a revision of a name; names have no dot."""
    return f"{revisions_folder(model_id)}{name}.{number}"


def index_folder(order: str) -> str:
    """Return the prefix of the keys of an order."""
    return f"index/{order}/"


def complete_key(order: str = "") -> str:
    """Return the key that marks an order of the index as complete, or the prefix of such keys."""
    return f"index/complete/{order}"


def numbers_folder(name: str) -> str:
    """Return the prefix of the keys of a name's revisions."""
    return f"names/{name}/numbers/"


def number_key(name: str, number: int) -> str:
    """Return the key of a revision of a name."""
    return f"{numbers_folder(name)}{MOST_REVISIONS - number:08}"


def name_index_folder(name: str, number: int | None = None) -> str:
    """Return the prefix of the keys of a name's index, or of the key of a revision."""
    start = f"names/{name}/index/"
    return start if number is None else f"{start}{MOST_REVISIONS - number:08}."


def temporary_key(filename: str) -> str:
    """Return a new key for an answer that is too large to send."""
    return f"temporary/{uuid.uuid4().hex}/{filename}"
