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
from kohonen.analysis.metrics import METRICS, Metric

__all__ = ["Listed", "Listing", "Order", "Page"]

_PLACE = re.compile(r"[0-9a-z]{1,40}(?:\.[0-9a-z]{1,40}){1,9}")


class Order(NamedTuple):
    """An order of models.

    Attributes
    ----------
    metric : str, optional
        A metric of the index; None for the newest first.
    ascending : bool
        Whether small values of the metric come first. Models of which it has no value come last.
    """

    metric: str | None = None
    ascending: bool = True

    @classmethod
    def best_first(cls, metric: str) -> "Order":
        """Return the order of a metric, best first."""
        return cls(metric, METRICS[metric].ascending)


class Listed(NamedTuple):
    """A model in a list.

    Attributes
    ----------
    entry : Entry
        What the index says of it.
    number : int, optional
        Which revision of a name it is, in a list of a name's models.
    """

    entry: Entry
    number: int | None = None


class Page(NamedTuple):
    """A page of a list.

    Attributes
    ----------
    models : list of Listed
        They, in the order that was asked for.
    cursor : str or None
        Where the next page goes on; None where there is none.
    """

    models: list[Listed]
    cursor: str | None


class Listing:
    """The lists of one store.

    Parameters
    ----------
    store : Store
        Where the index is.
    names : Names
        The names in that store.
    index : Index
        The index of that store.
    wanted : callable
        Says of a listed model whether it has not expired.
    """

    def __init__(self, store: Store, names: Names, index: Index, wanted: Callable[[Entry], bool]) -> None:
        self._store = store
        self._names = names
        self._index = index
        self._wanted = wanted

    def page(self, *, size: int, cursor: str | None = None, name: str | None = None, order: Order) -> Page:
        """Return a page of models.

        Parameters
        ----------
        size : int
            How many models it has at most.
        cursor : str, optional
            That of the page before.
        name : str, optional
            List the revisions of this name only.
        order : Order
            The order.

        Raises
        ------
        ValueError
            For a cursor that is of no page.
        """
        after = "" if cursor is None else _decoded(cursor)
        found = list(islice(self.places(order, name=name, start_after=after, page=size + 1), size + 1))
        more = len(found) > size
        return Page([listed for _, listed in found[:size]], _encoded(found[size - 1][0]) if more else None)

    def places(
        self, order: Order, *, name: str | None = None, start_after: str = "", page: int
    ) -> Iterator[tuple[str, Listed]]:
        """Yield the models of an order with their places, fetched page by page."""
        if name is not None:
            sort = order.metric is not None
            start, keys = ("", 1000) if sort else (start_after, page)
            revisions = self._names.entries(name, start_after=start, page=keys)
            listed = ((place, Listed(entry, number_of(place))) for place, entry in revisions)
            return _sorted(listed, order, start_after) if sort else listed
        metric = self._index.metric
        after = Entry.parse(start_after)  # the page before may have come from the index, or been sorted
        if order.metric is None:
            everything = self._indexed(None, after, page)
        elif order == Order(*metric) and self._index.is_complete():
            everything = self._indexed(metric, after, page)
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
    listed: Iterator[tuple[str, Listed]], order: Order, start_after: str
) -> Iterator[tuple[str, Listed]]:
    """Sort a whole list. It reads every key, but no card."""

    def rank(place: str, entry: Entry) -> tuple[bool, float, str]:
        assert order.metric is not None
        value = entry.quality[order.metric]
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
