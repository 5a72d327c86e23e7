"""Where the parts of models are in a store.

::

    models/{id}/card.json                        what there is to say about a model: the commit, written last
    models/{id}/weights-{sha256}-{writing}.npy   its weights, under a key that holds their checksum
    models/{id}/data-{sha256}-{writing}.npy      the samples, unless they are not to be kept or too large
    models/{id}/derived/{writing}/...            its weights in other formats, made for downloads
    models/{id}/revisions/{name}.{number}        which revisions of names it is
    index/{order}/{place}.{entry}                all models in some order; nothing is stored but the keys
    names/{name}/numbers/{number}                the revisions of a name: created once, never used again
    names/{name}/index/{number}.{entry}          the models that they are
    unnamed/models/..., unnamed/index/...        the same for models without a name

Whoever writes a model down names the files by a word of its own, the writing, which the card tells. So
whoever removes a model, or sweeps up what a crash has left, never takes the files of one who writes the same
anew.

Numbers and times in keys are counted down, so that the newest comes first. Models without a name have a
prefix of their own, which a bucket's lifecycle rule can let expire; they move when they are given one.
"""

import re
from typing import Literal, TypeAlias

__all__ = [
    "HOMES",
    "KEPT",
    "MOST_REVISIONS",
    "NEWEST",
    "UNNAMED",
    "Home",
    "card_key",
    "data_key",
    "derived_folder",
    "folder",
    "index_folder",
    "is_id",
    "name_index_folder",
    "number_key",
    "numbers_folder",
    "revision_key",
    "revisions_folder",
    "weights_key",
]

#: Where a model lives: with those that are kept, or with those that have no name.
Home: TypeAlias = Literal["", "unnamed/"]
KEPT: Home = ""
UNNAMED: Home = "unnamed/"
HOMES: tuple[Home, ...] = (KEPT, UNNAMED)

#: The order of the index in which the newest model comes first.
NEWEST = "newest"
#: Revisions of one name.
MOST_REVISIONS = 99_999_999

_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: str) -> bool:
    """Say whether a text looks like the id of a model."""
    return _ID.fullmatch(text) is not None


def folder(home: Home, model_id: str) -> str:
    """Return what the keys of a model open with."""
    return f"{home}models/{model_id}/"


def card_key(home: Home, model_id: str) -> str:
    """Return the key of a model's card."""
    return f"{folder(home, model_id)}card.json"


def weights_key(home: Home, model_id: str, sha256: str, writing: str) -> str:
    """Return the key of a model's weights."""
    return f"{folder(home, model_id)}weights-{sha256}-{writing}.npy"


def data_key(home: Home, model_id: str, sha256: str, writing: str) -> str:
    """Return the key of the samples that a model was trained on."""
    return f"{folder(home, model_id)}data-{sha256}-{writing}.npy"


def derived_folder(home: Home, model_id: str, writing: str) -> str:
    """Return what the keys of a model's weights in other formats open with."""
    return f"{folder(home, model_id)}derived/{writing}/"


def revisions_folder(model_id: str) -> str:
    """Return what the keys open with that say which revisions a model is."""
    return f"{folder(KEPT, model_id)}revisions/"


def revision_key(model_id: str, name: str, number: int) -> str:
    """Return the key that says that a model is a revision of a name; no name has a dot."""
    return f"{revisions_folder(model_id)}{name}.{number}"


def index_folder(home: Home, order: str) -> str:
    """Return what the keys of an index open with."""
    return f"{home}index/{order}/"


def numbers_folder(name: str) -> str:
    """Return what the keys of a name's revisions open with."""
    return f"names/{name}/numbers/"


def number_key(name: str, number: int) -> str:
    """Return the key of a revision of a name."""
    return f"{numbers_folder(name)}{MOST_REVISIONS - number:08}"


def name_index_folder(name: str, number: int | None = None) -> str:
    """Return what the keys of a name's index open with, or the one key of a revision."""
    start = f"names/{name}/index/"
    return start if number is None else f"{start}{MOST_REVISIONS - number:08}."
