"""References to models: what may stand for ``{ref}`` in a path.

An id; a name, which means its newest revision; ``name@3``; ``name@best``; ``latest`` or ``best`` of all
models.
"""

import re
from typing import NamedTuple

from app.models.keys import is_id
from app.models.names import RESERVED, Revision, is_name

__all__ = ["FORMS", "Reference", "parse"]

FORMS = "an id, a name, name@3, name@best, latest or best"

_NUMBER = re.compile(r"[1-9][0-9]{0,7}")


class Reference(NamedTuple):
    """What a reference says.

    Attributes
    ----------
    text : str
        The reference itself.
    id : str or None
        The id, where it is one.
    name : str or None
        The name, where only its models are meant.
    revision : Revision or None
        The revision, where it says which.
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
        """Whether it may mean another model one day."""
        return self.id is None and self.revision is None


def parse(text: str) -> Reference | None:
    """Return what a reference says, or None where the text is none."""
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
