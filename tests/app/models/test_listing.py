"""What lists and references cost: calls of the store, counted."""

import datetime
from collections import Counter
from typing import Any, cast

import pytest

from app.models import Entry, Models
from app.models.index import Index
from app.models.maintenance import repair
from app.models.references import parse
from app.storage.memory import MemoryStore
from kohonen.analysis.metrics import METRICS, Metric
from tests.app.models.conftest import Maker

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
        Index(made, METRICS["quantization_error"]).add(entry)
    return made


def cost(store: Counting, what: Any) -> int:
    store.calls = 0
    what()
    return store.calls


@pytest.mark.parametrize("size", [1, 10, 100])
def test_a_page_is_one_call_and_one_of_the_best_is_two(store: Counting, size: int) -> None:
    listing = Models(store).listing
    for order, calls in ((None, 1), (METRICS["quantization_error"], 2)):
        cursor = listing.page(size=size, order=order).cursor
        assert cost(store, lambda o=order: listing.page(size=size, order=o)) == calls
        assert cost(store, lambda o=order, c=cursor: listing.page(size=size, order=o, cursor=c)) == calls


@pytest.mark.parametrize(("ref", "calls"), [("latest", 1), ("best", 2)])
def test_a_reference_is_few_calls_and_a_card(store: Counting, ref: str, calls: int) -> None:
    models = Models(store)
    reference = parse(ref)
    assert reference is not None
    assert cost(store, lambda: next(models._entries(reference))) == calls


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("ascending", [True, False])
def test_any_other_order_is_a_call_for_every_thousand(store: Counting, metric: str, ascending: bool) -> None:
    listing, order = Models(store).listing, Metric(metric, ascending)
    calls = 2 if order == METRICS["quantization_error"] else 4
    assert cost(store, lambda: listing.page(size=10, order=order)) == calls


@pytest.mark.parametrize("metric", METRICS.values())
@pytest.mark.parametrize("ascending", [True, False])
def test_pages_of_any_order_join_up(metric: Metric, ascending: bool) -> None:
    """Also where an order gains or loses its index between two pages."""
    made = MemoryStore()
    models = Models(made, metric=metric)
    now = datetime.datetime.now(datetime.UTC)
    for number in range(20):
        values = dict.fromkeys(METRICS, None if number in (3, 11) else float(number * 7 % 10))
        models.index.add(Entry(f"{number:032x}", now, (3, 2, 3), values))
    order, complete = Metric(metric.name, ascending), f"index/complete/{metric.order}"
    assert models.index.is_complete()
    expected = [one.entry.id for one in models.listing.page(size=20, order=order).models]
    for indexed in ([True, False], [False, True], [True, True], [False, False]):
        found: list[str] = []
        cursor = None
        for number in range(5):
            made.delete(complete)
            if indexed[number % 2]:
                made.create(complete, b"", content_type="text/plain")
            page = models.listing.page(size=4, order=order, cursor=cursor)
            found += [one.entry.id for one in page.models]
            cursor = page.cursor
        assert cursor is None
        assert found == expected
    sizes = [number * 7 % 10 for identity in found if (number := int(identity, 16)) not in (3, 11)]
    assert sizes == sorted(sizes, reverse=not ascending)
    assert {int(identity, 16) for identity in found[-2:]} == {3, 11}


def test_entries_are_read_as_they_were_written() -> None:
    now = datetime.datetime.now(datetime.UTC)
    values = [0.0, 1.5, -2.5, 1e-320, 1e300, -1e300, 0.1, None, -0.0]
    for value in values:
        entry = Entry("0f" * 16, now, (2000, 1, 1024), dict.fromkeys(METRICS, value))
        assert Entry.parse(f"index/newest/{entry}") == entry
        for metric in METRICS.values():
            assert Entry.parse(f"index/{metric.order}/{entry.place(metric)}") == entry
    assert Entry.parse("index/newest/nonsense") is None


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("name", METRICS)
def test_places_sort_as_values_do(name: str, ascending: bool) -> None:
    metric = Metric(name, ascending)
    now = datetime.datetime.now(datetime.UTC)
    values = [0.0, 1.5, -2.5, 1e-320, 1e300, -1e300, 0.1]
    places = {
        Entry("0f" * 16, now, (1, 1, 1), {**dict.fromkeys(METRICS), name: v}).place(metric): v for v in values
    }
    expected = sorted(values, reverse=not ascending)
    assert [places[place] for place in sorted(places)] == expected
    unknown = Entry("0f" * 16, now, (1, 1, 1), dict.fromkeys(METRICS)).place(metric)
    assert max([*places, unknown]) == unknown
    assert max(Counter(len(place) for place in places)) <= 200


class Deployment:
    """Processes with a METRIC_KEY, each with models of its own, on one store."""

    def __init__(self, metric: Metric, store: MemoryStore, make: Maker) -> None:
        self.models = Models(store, metric=metric)
        self._make = make

    def best(self) -> str:
        return self.models.resolve("best").id

    def add(self, seed: int) -> None:
        self._make(self.models, seed)

    def restarted(self) -> "Deployment":
        return Deployment(self.models.index.metric, cast(MemoryStore, self.models.store), self._make)


def test_the_best_is_the_best_whatever_the_metric_was_before(make: Maker) -> None:
    """The metric changes to and fro, models come and go: none is lost, and none found that has gone."""
    store = MemoryStore()
    error, reverse = METRICS["quantization_error"], Metric("quantization_error", ascending=False)
    ids = {make.request(seed)[0].quality.quantization_error: make.request(seed)[0].id for seed in range(9)}
    here, there = Deployment(error, store, make), Deployment(reverse, store, make)

    def right() -> None:
        present = {error: identity for error, identity in ids.items() if here.models.find(identity)}
        assert here.best() == present[min(present)]
        assert there.best() == present[max(present)]

    here.add(0)
    assert here.models.index.is_complete()
    for seed in range(1, 6):
        here, there = here.restarted(), there.restarted()
        (here, there)[seed % 2].add(seed)
        right()
    assert not here.models.index.is_complete()
    assert not there.models.index.is_complete()
    assert len(list(repair(here.models))) > 0
    assert here.models.index.is_complete()
    assert list(repair(here.models)) == []
    assert store.keys(f"index/{reverse.order}/") == []
    right()
    there = there.restarted()
    there.models.delete(here.best())  # the first order has it still, and is not asked
    assert not here.models.index.is_complete()
    right()
    here = here.restarted()
    assert [one.what for one in repair(here.models)] == ["was listed by quantization_error, and is not there"]
    right()
    here.add(6)
    right()
    assert here.models.index.is_complete()


def test_two_that_begin_an_empty_store_with_two_metrics(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither order may be taken for complete."""
    store = MemoryStore()
    first, second = (Models(store, metric=METRICS[name]) for name in ("quantization_error", "unused_units"))
    create = store.create

    def meanwhile(key: str, data: bytes, *, content_type: str) -> bool:
        if key.startswith("index/complete/"):
            monkeypatch.undo()
            make(second, 2)
        return create(key, data, content_type=content_type)

    monkeypatch.setattr(store, "create", meanwhile)
    make(first, 1)
    assert store.keys("index/complete/") == []
    for models in (first, second):
        assert models.resolve("best").id in {make.request(seed)[0].id for seed in (1, 2)}


def test_what_goes_while_an_order_is_completed(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    former, models = Models(store), Models(store, metric=METRICS["unused_units"])
    card = make(former, 1).card
    add = models.index.add

    def meanwhile(entry: Entry) -> None:
        former.delete(card.id)
        add(entry)

    monkeypatch.setattr(models.index, "add", meanwhile)
    assert list(repair(models)) == []
    assert store.keys("index/") == ["index/complete/unused_units-ascending"]
