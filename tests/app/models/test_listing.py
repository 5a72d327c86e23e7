"""What lists and references cost: calls of the store, counted."""

import datetime
from collections import Counter
from typing import Any

import pytest

from app.models import METRICS, Entry, Models
from app.models.index import Index
from app.models.listing import Order
from app.models.references import parse
from app.storage.memory import MemoryStore

MODELS = 3_000


class Counting(MemoryStore):
    """Counts how often it is asked for keys, and refuses everything else."""

    calls = 0

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        self.calls += 1
        return super().keys(prefix, start_after=start_after, limit=limit)


@pytest.fixture(scope="module")
def store() -> Counting:
    made = Counting()
    now = datetime.datetime.now(datetime.UTC)
    for number in range(MODELS):
        quality = dict.fromkeys(METRICS, number * 7919 % 10007 / 10007)
        created_at = now - datetime.timedelta(seconds=number)
        entry = Entry(f"{number:032x}", created_at, (3, 2, 3), quality)
        Index(made).add(entry)
    return made


def cost(store: Counting, what: Any) -> int:
    store.calls = 0
    what()
    return store.calls


@pytest.mark.parametrize("size", [1, 10, 100])
def test_a_page_is_one_call(store: Counting, size: int) -> None:
    listing = Models(store).listing
    for order in (Order(), *map(Order.best_first, METRICS)):
        cursor = listing.page(size=size, order=order).cursor
        assert cost(store, lambda o=order: listing.page(size=size, order=o)) == 1
        assert cost(store, lambda o=order, c=cursor: listing.page(size=size, order=o, cursor=c)) == 1


@pytest.mark.parametrize("ref", ["latest", "best"])
def test_a_reference_is_one_call_and_a_card(store: Counting, ref: str) -> None:
    models = Models(store)
    reference = parse(ref)
    assert reference is not None
    assert cost(store, lambda: next(models._entries(reference))) == 1


def test_the_worst_first_is_a_call_for_every_thousand(store: Counting) -> None:
    listing = Models(store).listing
    assert cost(store, lambda: listing.page(size=10, order=Order("unused_units", ascending=False))) == 4


def test_entries_are_read_as_they_were_written() -> None:
    now = datetime.datetime.now(datetime.UTC)
    values = [0.0, 1.5, -2.5, 1e-320, 1e300, -1e300, 0.1, None, -0.0]
    for value in values:
        entry = Entry("0f" * 16, now, (2000, 1, 1024), dict.fromkeys(METRICS, value))
        assert Entry.parse(f"index/newest/{entry}") == entry
        for name in METRICS:
            assert Entry.parse(f"index/{name}/{entry.place(name)}") == entry
    assert Entry.parse("index/newest/nonsense") is None


@pytest.mark.parametrize("name", METRICS)
def test_places_sort_as_values_do(name: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    values = [0.0, 1.5, -2.5, 1e-320, 1e300, -1e300, 0.1]
    places = {
        Entry("0f" * 16, now, (1, 1, 1), {**dict.fromkeys(METRICS), name: v}).place(name): v for v in values
    }
    expected = sorted(values, reverse=not METRICS[name].ascending)
    assert [places[place] for place in sorted(places)] == expected
    unknown = Entry("0f" * 16, now, (1, 1, 1), dict.fromkeys(METRICS)).place(name)
    assert max([*places, unknown]) == unknown
    assert max(Counter(len(place) for place in places)) <= 200
