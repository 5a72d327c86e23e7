"""The index: keys that say enough of a model to list it, to sort by a metric and to find the best.

A key is created for every model and order: newest first, and by each metric, best first. A page of any length
is one call of the store, however many models there are, and needs no card.
"""

import datetime
import re
import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from app.models.card import Card
from app.models.keys import NEWEST, index_folder
from app.storage.port import BlobNotFound, Store

__all__ = ["METRICS", "Entry", "Index", "Metric", "keys_from"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LAST_MICROSECOND = 10**16 - 1
_NO_VALUE = "x"
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


class Metric(NamedTuple):
    """A measure of models.

    Attributes
    ----------
    name : str
        What the card calls it.
    ascending : bool
        Whether the smallest is the best.
    """

    name: str
    ascending: bool


#: The measures that the index knows. Their order is part of the keys.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("quantization_error", ascending=True),
            Metric("topographic_error", ascending=True),
            Metric("explained_variance", ascending=False),
            Metric("unused_units", ascending=True),
        )
    }
)

_ENTRY = re.compile(
    r"(?P<time>\d{16})\.(?P<id>[0-9a-f]{32})\.(?P<shape>\d+x\d+x\d+)\."
    + r"\.".join(rf"(?P<{name}>[0-9a-f]{{16}}|{_NO_VALUE})" for name in METRICS)
)


class Entry(NamedTuple):
    """What a key of the index says of a model.

    Attributes
    ----------
    id : str
        The model's id.
    created_at : datetime
        When it was made.
    shape : tuple of int
        Width, height and dimension of the map.
    quality : mapping of str to float or None
        The metrics, by their names; None for one that has no value.
    """

    id: str
    created_at: datetime.datetime
    shape: tuple[int, int, int]
    quality: Mapping[str, float | None]

    @classmethod
    def of(cls, card: Card) -> "Entry":
        """Return the entry of a model."""
        quality = {name: getattr(card.quality, name) for name in METRICS}
        return cls(card.id, card.created_at, card.weights.shape, quality)

    @classmethod
    def parse(cls, key: str) -> "Entry | None":
        """Return the entry that a key of an index ends with, or None where it holds none."""
        match = _ENTRY.search(key)
        if match is None or match.end() != len(key):
            return None
        microseconds = _LAST_MICROSECOND - int(match["time"])
        width, height, dimension = map(int, match["shape"].split("x"))
        return cls(
            match["id"],
            _EPOCH + datetime.timedelta(microseconds=microseconds),
            (width, height, dimension),
            {name: _decoded(match[name]) for name in METRICS},
        )

    def __str__(self) -> str:
        microseconds = (self.created_at - _EPOCH) // datetime.timedelta(microseconds=1)
        parts = [f"{_LAST_MICROSECOND - microseconds:016}", self.id, "x".join(map(str, self.shape))]
        return ".".join(parts + [_encoded(self.quality[name]) for name in METRICS])

    def place(self, order: str) -> str:
        """Return the last part of this entry's key in an order of the index."""
        if order == NEWEST:
            return str(self)
        value = self.quality[order]
        return f"{_encoded(value, ascending=METRICS[order].ascending)}.{self}"


class Index:
    """The index of the models of one store.

    Parameters
    ----------
    store : Store
        Where it is kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, entry: Entry) -> None:
        """List a model. The order that lists the newest first comes last: what is there is everywhere."""
        for order in (*METRICS, NEWEST):
            self._store.create(self._key(order, entry), b"", content_type="text/plain")

    def ensure(self, entry: Entry) -> bool:
        """List a model that is most probably listed already, and say whether it was."""
        try:
            self._store.read(self._key(NEWEST, entry), max_bytes=1)
        except BlobNotFound:
            self.add(entry)
            return False
        return True

    def remove(self, entry: Entry) -> None:
        """List a model no more."""
        for order in (NEWEST, *METRICS):
            self._store.delete(self._key(order, entry))

    def entries_of(self, model_id: str) -> list[Entry]:
        """Return what is listed under an id, where no card says it: this looks through the whole index."""
        keys = keys_from(self._store, index_folder(NEWEST))
        return [entry for key in keys if (entry := Entry.parse(key)) is not None and entry.id == model_id]

    def _key(self, order: str, entry: Entry) -> str:
        return index_folder(order) + entry.place(order)


def keys_from(store: Store, folder: str, *, start_after: str = "", page: int = 1000) -> Iterator[str]:
    """Give the keys of a folder in their order, fetched in pages."""
    last = folder + start_after if start_after else ""
    while True:
        keys = store.keys(folder, start_after=last, limit=page)
        yield from keys
        if len(keys) < page:
            return
        last = keys[-1]


def _encoded(value: float | None, *, ascending: bool = True) -> str:
    """Return a number as text that sorts as the number does; no number sorts last."""
    if value is None:
        return _NO_VALUE
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))
    code = bits ^ _ALL if bits & _SIGN else bits | _SIGN
    return f"{code if ascending else code ^ _ALL:016x}"


def _decoded(text: str) -> float | None:
    if text == _NO_VALUE:
        return None
    code = int(text, 16)
    bits = code ^ _SIGN if code & _SIGN else code ^ _ALL
    number: float = struct.unpack(">d", struct.pack(">Q", bits))[0]
    return number
