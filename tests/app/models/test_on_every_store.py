"""Models on every store: what is there is whole, whoever writes and whatever happens meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from app.errors import DamagedModelError, DataNotKeptError, ModelNotFoundError
from app.models import Models, StoredCard, maintenance
from app.models.card import without_data
from app.models.maintenance import prune, repair
from app.storage.memory import MemoryStore
from app.storage.port import Store
from kohonen.inputs.arrays import Dataset
from tests.app.models.conftest import SAMPLES, Maker

Check = Callable[[Models], list[str]]
WRITERS = 24


def test_what_is_added_is_read(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    first, second = make(models, 1), make(models, 2, "a")
    assert first.created
    assert second.created
    assert str(second.revision) == "a@1"
    for stored, seed in ((first, 1), (second, 2)):
        card, weights = make.request(seed)
        assert models.card(card.id) == stored.card
        np.testing.assert_array_equal(models.weights(stored.card), weights)
        np.testing.assert_array_equal(models.samples(stored.card), SAMPLES)
    assert check(models) == [second.card.id, first.card.id]


def test_a_model_is_given_a_name_later(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    card = make(models, 1).card
    named = make(models, 1, "a")
    assert not named.created
    assert (named.card.id, str(named.revision)) == (card.id, "a@1")
    assert store.keys(f"models/{card.id}/revisions/") == [f"models/{card.id}/revisions/a.1"]
    # Whoever has read the card before finds the weights.
    np.testing.assert_array_equal(models.weights(card), make.request(1)[1])
    np.testing.assert_array_equal(models.samples(card), SAMPLES)
    assert check(models) == [card.id]


def test_deleting_leaves_the_numbers_only(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    first, second, third = make(models, 1, "a"), make(models, 2, "a"), make(models, 3)
    make(models, 2, "b")
    for stored in (second, third):
        models.delete(stored.card.id)
        with pytest.raises(ModelNotFoundError):
            models.delete(stored.card.id)
    assert check(models) == [first.card.id]
    models.delete(first.card.id)
    assert {key.split("/")[2] for key in store.keys("names/")} == {"numbers"}
    assert store.keys("models/") == []
    assert store.keys("index/") == ["index/complete/quantization_error-ascending"]
    assert str(make(models, 2, "a").revision) == "a@3"


def test_many_writers_of_one_name_get_a_revision_each(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    barrier = threading.Barrier(WRITERS)

    def write(seed: int) -> int:
        barrier.wait()
        revision = make(models, seed, "a").revision
        assert revision is not None
        return revision.number

    with ThreadPoolExecutor(WRITERS) as pool:
        numbers = list(pool.map(write, range(WRITERS)))
    assert sorted(numbers) == list(range(1, WRITERS + 1))
    assert len(check(models)) == WRITERS
    for seed, number in enumerate(numbers):
        assert models.resolve(f"a@{number}").parameters.random_state == seed


def test_many_who_ask_for_the_same_get_one_model(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    barrier = threading.Barrier(WRITERS)

    def write(number: int) -> Any:
        barrier.wait()
        return make(models, 1, "a")

    with ThreadPoolExecutor(WRITERS) as pool:
        stored = list(pool.map(write, range(WRITERS)))
    assert [one.created for one in stored].count(True) == 1
    assert {one.card.created_at for one in stored} == {models.resolve("a").created_at}
    assert {str(one.revision) for one in stored} == {"a@1"}
    assert len(check(models)) == 1


class Crashed(BaseException):
    """The process is gone."""


class Crashing:
    """A store of which only so many writes are done."""

    def __init__(self, store: Store, writes: int) -> None:
        self._store = store
        self.left = writes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in ("create", "replace", "delete"):
            return method

        def write(*arguments: Any, **more: Any) -> Any:
            if self.left == 0:
                raise Crashed
            self.left -= 1
            return method(*arguments, **more)

        return write


ACTIONS: dict[str, Callable[[Models, Maker], object]] = {
    "add": lambda models, make: make(models, 1),
    "add with a name": lambda models, make: make(models, 1, "a"),
    "name": lambda models, make: make(models, 0, "a"),
    "name again": lambda models, make: make(models, 7, "b"),
    "delete": lambda models, make: models.delete(make.request(7)[0].id),
    "delete what has no name": lambda models, make: models.delete(make.request(0)[0].id),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_crash_at_any_write(make: Maker, check: Check, action: str) -> None:
    """What is listed can be loaded, the same again completes, and nothing is lost that was there."""
    act = ACTIONS[action]
    writes = 0
    while True:
        store = MemoryStore()
        models = Models(store)
        make(models, 0)
        make(models, 7, "a")
        make(models, 8, "a")
        try:
            act(Models(Crashing(store, writes)), make)
        except Crashed:
            pass
        else:
            break
        others = {make.request(8)[0].id}
        if not action.startswith("delete"):
            others |= {make.request(7)[0].id, *([make.request(0)[0].id] if action != "name" else [])}
        assert others <= set(check(models))
        try:
            act(models, make)
        except ModelNotFoundError:
            assert action.startswith("delete")
        done = sorted(check(models))
        assert list(repair(models)) == []
        fresh = MemoryStore()
        whole = Models(fresh)
        for seed, name in ((0, None), (7, "a"), (8, "a")):
            make(whole, seed, name)
        act(whole, make)
        assert done == sorted(check(whole))
        if action in ("name", "add with a name"):
            assert models.resolve("a").id == whole.resolve("a").id
        writes += 1
    assert writes >= 3


def test_what_was_not_listed_is_when_it_is_asked_for_again(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    card = make(models, 1).card
    for key in store.keys("index/"):
        store.delete(key)
    assert check(models) == []
    assert models.find(card.id) == card
    make(models, 1)
    assert check(models) == [card.id]


def test_repairing(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    cards = [make(models, seed, "a" if seed > 1 else None).card for seed in range(4)]
    for key in store.keys("index/"):
        if cards[0].id in key or cards[2].id in key:
            store.delete(key)
    store.delete(f"models/{cards[1].id}/card.json")
    store.delete(f"models/{cards[3].id}/card.json")
    assert {(one.id, one.what) for one in repair(models)} == {
        (cards[0].id, "was not listed"),
        (cards[2].id, "was not listed"),
        (cards[1].id, "was listed, and is not there"),
        (cards[3].id, "was listed, and is not there"),
        (cards[3].id, "was a@2, and is not there"),
    }
    assert sorted(check(Models(store))) == sorted([cards[0].id, cards[2].id])
    assert list(repair(models)) == []


def test_sweeping_up_what_crashes_have_left(
    store: Store, make: Maker, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = Models(store)
    cards = [make(models, seed, "a").card for seed in range(2)]
    damaged = make(models, 2).card
    key = f"models/{damaged.id}/card.json"
    store.replace(key, b"{}", version=store.read(key, max_bytes=10_000).version, content_type="x/y")
    models.add_derived(cards[0], "csv", b"x", media_type="text/csv")
    left = [StoredCard.of(card, "0" * 12) for card in (cards[0], make.request(3)[0])]
    for card in left:
        models._write(card, b"weights", Dataset(SAMPLES))
    before = store.keys("models/")
    assert list(repair(models)) == []  # they may be of somebody who is about to write the card
    assert store.keys("models/") == before
    monkeypatch.setattr(maintenance, "YOUNG", -maintenance.YOUNG)
    assert {(one.id, one.what) for one in repair(models)} == {
        (card.id, "had files that no card names") for card in left
    }
    gone = {key for card in left for key in (card.weights_key, card.data_key)}
    assert set(before) - set(store.keys("models/")) == gone
    assert list(repair(models)) == []
    for one in cards:
        assert models.weights(one).size
        assert models.samples(one).size
    assert models.derived(cards[0], "csv")


def test_a_model_with_a_name_and_without_is_one(make: Maker, check: Check) -> None:
    """Two ask for the same at the same time, and only one of them gives it a name."""
    store = MemoryStore()
    models = Models(store)
    card, weights = make.request(1)
    for name in (None, "a", None):
        models.add(card, weights, Dataset(SAMPLES), name=name)
    assert check(models) == [card.id]
    assert list(repair(models)) == []
    models.delete(card.id)
    assert check(models) == []


def test_what_is_damaged_hides_nothing(store: Store, make: Maker) -> None:
    models = Models(store)
    cards = [make(models, seed, "a").card for seed in range(3)]
    key = f"models/{cards[1].id}/card.json"
    store.delete(key)
    store.create(key, b"{}", content_type="application/json")
    weights = cards[2].weights_key
    store.delete(weights)
    store.create(weights, b"x", content_type="application/octet-stream")
    assert len(models.listing.page(size=10).models) == 3
    assert models.weights(cards[0]).size
    for broken in (lambda: models.card(cards[1].id), lambda: models.weights(cards[2])):
        with pytest.raises(DamagedModelError, match="of model"):
            broken()
    assert list(repair(models)) == []
    for card in cards[1:]:
        models.delete(card.id)
    assert [one.entry.id for one in models.listing.page(size=10).models] == [cards[0].id]
    assert models.resolve("a").id == cards[0].id


def test_data_that_are_damaged(make: Maker) -> None:
    store = MemoryStore()
    models = Models(store)
    card = make(models, 1, "a").card
    key = card.data_key
    assert key is not None
    for damage in (None, b"x", b"x" * 10_000):
        store.delete(key)
        if damage is not None:
            store.create(key, damage, content_type="application/octet-stream")
        with pytest.raises(DamagedModelError, match=card.id):
            models.samples(card)
    with pytest.raises(DataNotKeptError):
        models.samples(StoredCard.of(without_data(card), card.writing))


def test_models_without_a_name_expire(store: Store, make: Maker, check: Check) -> None:
    day = 24 * 3600.0
    models = Models(store)
    old, named = make(models, 1).card, make(models, 2, "a").card
    passing = Models(store, unnamed_days=1e-6 / day)
    young = Models(store, unnamed_days=1)
    assert check(passing) == [named.id]
    assert check(young) == [named.id, old.id]
    with pytest.raises(ModelNotFoundError):
        passing.card(old.id)
    assert passing.resolve("latest").id == named.id
    # Asked for again it is made again, and what was left of the old one goes.
    again = make(passing, 1)
    assert again.created
    assert again.card.created_at > old.created_at
    assert check(young) == [again.card.id, named.id]


def test_pruning(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    old, named = make(models, 1).card, make(models, 2, "a").card
    assert list(prune(models, days=1)) == []
    assert [entry.id for entry in prune(models, days=0, dry=True)] == [old.id]
    assert len(check(models)) == 2
    assert [entry.id for entry in prune(models, days=0)] == [old.id]
    assert check(models) == [named.id]
    assert {key.split("/")[1] for key in store.keys("models/")} == {named.id}


def test_pruning_what_is_damaged(make: Maker) -> None:
    """A card that cannot be read does not say whether the model has a name; its revisions do."""
    store = MemoryStore()
    models = Models(store, unnamed_days=1e-12)
    named, unnamed = make(models, 1, "a").card, make(models, 2).card
    for card in (named, unnamed):
        store.delete(f"models/{card.id}/card.json")
        store.create(f"models/{card.id}/card.json", b"{}", content_type="application/json")
    assert [one.entry.id for one in models.listing.page(size=10).models] == [named.id]
    assert [entry.id for entry in prune(models, days=0, dry=True)] == [unnamed.id]
    assert [entry.id for entry in prune(models, days=0)] == [unnamed.id]
    assert {key.split("/")[1] for key in store.keys("models/")} == {named.id}


def test_pruning_what_is_listed_and_not_there(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    card = make(models, 1).card
    store.delete(f"models/{card.id}/card.json")
    assert list(prune(models, days=0, dry=True)) == list(prune(models, days=0)) == []
    assert check(models) == []


def test_what_is_made_again_while_others_are_pruned_stays(store: Store, make: Maker, check: Check) -> None:
    models = Models(store)
    first, second = make(models, 1).card, make(models, 2).card
    pruned = prune(models, days=0)
    assert next(pruned).id == second.id  # by now it is known what else is to go
    models.delete(first.id)
    again = make(models, 1)
    assert again.created
    assert list(pruned) == []
    assert check(models) == [first.id]


def test_what_a_crash_left_is_not_used_again(store: Store, make: Maker, check: Check) -> None:
    """It might expire, or be swept up, before the model."""
    models = Models(store)
    first = make(models, 1).card
    store.delete(f"models/{first.id}/card.json")
    again = make(models, 1).card
    assert again.weights_key != first.weights_key
    for key in (first.weights_key, first.data_key):
        assert key is not None
        store.delete(key)
    assert models.weights(models.card(again.id)).size
    assert models.samples(models.card(again.id)).size
