"""References to models, the ``{ref}`` of paths.

An id; a name, which means its newest revision; ``name@3``; ``name@best``; ``latest`` or ``best`` of all
models.
"""

import re
from typing import NamedTuple

from app.models.keys import is_id

__all__ = ["FORMS", "NAME_RULE", "RESERVED", "Reference", "Revision", "is_name", "parse"]

FORMS = "an id, a name, name@3, name@best, latest or best"

#: References to the models of all names.
RESERVED = ("best", "latest")
NAME_RULE = (
    "a name is up to 64 lower-case letters, digits, '_' and '-', starts with a letter or a digit, and is "
    "neither 'best' nor 'latest' nor an id"
)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_NUMBER = re.compile(r"[1-9][0-9]{0,7}")


class Revision(NamedTuple):
    """A model under a name. Numbers start at 1; each is used once, even if its model is deleted."""

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


def is_name(text: str) -> bool:
    """Return whether a text is a valid name."""
    return _NAME.fullmatch(text) is not None and text not in RESERVED and not is_id(text)


class Reference(NamedTuple):
    """A parsed reference to one model, or to the newest or the best of all models or of a name.

    Attributes
    ----------
    text : str
        The reference itself.
    id : str or None
        The id, where it is one.
    name : str or None
        The name, where only its models are meant.
    revision : Revision or None
        The revision, where it names one.
    best : bool
        Whether the best is meant, not the newest.
    """

    text: str
    id: str | None = None
    name: str | None = None
    revision: Revision | None = None
    best: bool = False

    @property
    def moves(self) -> bool:
        """Whether it can name another model later."""
        return self.id is None and self.revision is None

    @property
    def missing(self) -> str:
        """The error message where there is no such model, with the remedy."""
        if self.revision is not None:
            return f"there is no revision {self.text!r}; GET /models?name={self.name} lists what there is"
        if self.name is not None:
            remedy = f'POST /train with "name": "{self.name}" makes one'
            return f"there is no model of the name {self.name!r}: {remedy}"
        return "there are no models yet: POST /train makes one"


def parse(text: str) -> Reference | None:
    """Return the reference in a text, or None if it is not one."""
    if is_id(text):
        return Reference(text, id=text)
    if text in RESERVED:
        return Reference(text, best=text == "best")
    name, at, which = text.partition("@")
    if not is_name(name):
        return None
    if not at or which == "best":
        return Reference(text, name=name, best=which == "best")
    if _NUMBER.fullmatch(which):
        return Reference(text, name=name, revision=Revision(name, int(which)))
    return None
