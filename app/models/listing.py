"""Lists models in pages of the index, in an order."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from app.models.index import Entry, Index
from app.models.keys import NEWEST, index_folder
from app.models.names import Names, number_of
from app.storage.paging import keys_from
from app.storage.port import Store
from kohonen.analysis.metrics import Metric

__all__ = ["Listed", "Listing", "Page"]

_PLACE = re.compile(r"[0-9a-z]{1,40}(?:\.[0-9a-z]{1,40}){1,9}")


class Listed(NamedTuple):
    """A model in a list, with the number of its revision in a list of a name's models."""

    entry: Entry
    number: int | None = None


class Page(NamedTuple):
    """A page of a list, and the cursor of the next page, if there is one."""

    models: list[Listed]
    cursor: str | None


class Listing:
    """The lists of one store, with its names and index; `wanted` says whether a model has not expired."""

    def __init__(self, store: Store, names: Names, index: Index, wanted: Callable[[Entry], bool]) -> None:
        self._store = store
        self._names = names
        self._index = index
        self._wanted = wanted

    def page(
        self, *, size: int, cursor: str | None = None, name: str | None = None, order: Metric | None = None
    ) -> Page:
        """Return a page of models.

        Parameters
        ----------
        size : int
            The largest number of models.
        cursor : str, optional
            That of the previous page; an invalid one raises `ValueError`.
        name : str, optional
            List the revisions of this name only.
        order : Metric, optional
            The metric to sort by; models without a value come last. By default the newest come first.
        """
        after = "" if cursor is None else _decoded(cursor)
        found = list(islice(self.places(order, name=name, start_after=after, page=size + 1), size + 1))
        more = len(found) > size
        return Page([listed for _, listed in found[:size]], _encoded(found[size - 1][0]) if more else None)

    def places(
        self, order: Metric | None, *, name: str | None = None, start_after: str = "", page: int
    ) -> Iterator[tuple[str, Listed]]:
        """Yield the models of an order with their places, fetched page by page."""
        if name is not None:
            start, keys = (start_after, page) if order is None else ("", 1000)
            revisions = self._names.entries(name, start_after=start, page=keys)
            listed = ((place, Listed(entry, number_of(place))) for place, entry in revisions)
            return listed if order is None else _sorted(listed, order, start_after)
        after = Entry.parse(start_after)  # the page before may have come from the index, or been sorted
        if order is None or (order == self._index.metric and self._index.is_complete()):
            everything = self._indexed(order, after, page)
        else:
            start_after = "" if after is None else after.place()
            everything = _sorted(self._indexed(None, None, 1000), order, start_after)
        return ((place, one) for place, one in everything if self._wanted(one.entry))

    def _indexed(self, metric: Metric | None, after: Entry | None, page: int) -> Iterator[tuple[str, Listed]]:
        folder = index_folder(NEWEST if metric is None else metric.order)
        start = "" if after is None else after.place(metric)
        for key in keys_from(self._store, folder, start_after=start, page=page):
            if (entry := Entry.parse(key)) is not None:
                yield key[len(folder) :], Listed(entry)


def _sorted(
    listed: Iterator[tuple[str, Listed]], order: Metric, start_after: str
) -> Iterator[tuple[str, Listed]]:
    """Sort a whole list. It reads every key, but no card."""

    def rank(place: str, entry: Entry) -> tuple[bool, float, str]:
        value = entry.quality[order.name]
        return value is None, (value or 0.0) if order.ascending else -(value or 0.0), place

    ranked = sorted(((rank(place, one.entry), place, one) for place, one in listed), key=lambda item: item[0])
    after = Entry.parse(start_after)
    last = None if after is None else rank(start_after, after)
    return ((place, one) for position, place, one in ranked if last is None or position > last)


def _encoded(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        place = ""
    if not _PLACE.fullmatch(place) or Entry.parse(place) is None:
        raise ValueError("invalid cursor; use the one that the previous page returned")
    return place
