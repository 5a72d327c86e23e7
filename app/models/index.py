"""The index of models: keys that contain what is needed to list, sort and find the best.

Each model has two keys: one in the order of time, and one in that of the deployment's metric (METRIC_KEY). A
page of these orders takes one or two calls of the store for any number of models, and reads no card.

METRIC_KEY may be changed. A process that writes declares the orders of other metrics incomplete first; an
order that is not complete is not used until ``python -m app models repair`` has completed it.
"""

import datetime
import re
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.models.keys import NEWEST, complete_key, index_folder
from app.storage.paging import keys_from
from app.storage.port import BlobNotFound, Store
from kohonen.analysis.metrics import METRICS, Metric
from kohonen.card import Card

__all__ = ["Entry", "Index"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LAST_MICROSECOND = 10**16 - 1
_NO_VALUE = "x"
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


_ENTRY = re.compile(
    r"(?P<time>\d{16})\.(?P<id>[0-9a-f]{32})\.(?P<shape>\d+x\d+x\d+)\."
    + r"\.".join(rf"(?P<{name}>[0-9a-f]{{16}}|{_NO_VALUE})" for name in METRICS)
)


class Entry(NamedTuple):
    """A model in the index: the content of its key. `quality` is None for a metric without a value."""

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
        """Return the entry that a key of an index ends with, or None."""
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

    def place(self, metric: Metric | None = None) -> str:
        """Return the last part of this entry's key in the order of a metric, or in that of time."""
        if metric is None:
            return str(self)
        return f"{_encoded(self.quality[metric.name], ascending=metric.ascending)}.{self}"


class Index:
    """The index of the models of one store, with an order of time and one of a metric."""

    def __init__(self, store: Store, metric: Metric) -> None:
        self._store = store
        self.metric = metric
        self._declared = False

    def add(self, entry: Entry) -> None:
        """List a model. The order of time is written last, so that it lists only complete entries."""
        self._declare()
        for key in reversed(self._keys(entry)):
            self._store.create(key, b"", content_type="text/plain")

    def ensure(self, entry: Entry) -> bool:
        """List a model that is probably listed already, and return whether it was."""
        newest, _ = self._keys(entry)
        try:
            self._store.read(newest, max_bytes=1)
        except BlobNotFound:
            self.add(entry)
            return False
        return True

    def remove(self, entry: Entry) -> None:
        """Remove a model from the index."""
        self._declare()
        for key in self._keys(entry):
            self._store.delete(key)

    def entries(self, order: str = NEWEST) -> Iterator[Entry]:
        """Yield the entries of an order."""
        for key in keys_from(self._store, index_folder(order)):
            if (entry := Entry.parse(key)) is not None:
                yield entry

    def entries_of(self, model_id: str) -> list[Entry]:
        """Return the entries of an id, by a scan of the whole index, for models without a readable card."""
        return [entry for entry in self.entries() if entry.id == model_id]

    def is_complete(self) -> bool:
        """Return whether the order of the metric lists every model."""
        key = complete_key(self.metric.order)
        return self._store.keys(key, limit=1) == [key]

    def complete(self) -> None:
        """Mark the order of the metric as complete, and remove the orders of other metrics."""
        key = complete_key(self.metric.order)
        own = (index_folder(NEWEST), index_folder(self.metric.order), key)
        for other in list(keys_from(self._store, "index/")):
            if not other.startswith(own):
                self._store.delete(other)
        self._store.create(key, b"", content_type="text/plain")

    def _declare(self) -> None:
        """Mark the orders of other metrics as incomplete, before the first change by this process.

        That of this metric is complete where there are no models yet.
        """
        if self._declared:
            return
        if not self._forget_others() and not self._store.keys(index_folder(NEWEST), limit=1):
            self._store.create(complete_key(self.metric.order), b"", content_type="text/plain")
            if len(self._forget_others()) > 1:  # others began at the same time, with another metric
                self._store.delete(complete_key(self.metric.order))
        self._declared = True

    def _forget_others(self) -> list[str]:
        found = self._store.keys(complete_key())
        for key in found:
            if key != complete_key(self.metric.order):
                self._store.delete(key)
        return found

    def _keys(self, entry: Entry) -> tuple[str, str]:
        by_metric = index_folder(self.metric.order) + entry.place(self.metric)
        return index_folder(NEWEST) + entry.place(), by_metric


def _encoded(value: float | None, *, ascending: bool = True) -> str:
    """Return a number as text of the same order; None sorts last."""
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
