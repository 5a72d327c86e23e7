"""How many workers a store has."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.jobs.slots import Slots
from app.storage.folder import FolderStore
from app.storage.memory import MemoryStore
from app.storage.port import StoreUnavailable
from tests.app.jobs.conftest import FakeClock


def nobody() -> None:
    raise AssertionError("a slot was lost")


def test_as_many_as_there_are_and_no_more() -> None:
    slots = Slots(MemoryStore(), count=2, seconds=20)
    assert slots.free() == 2
    first, second = slots.take(lost=nobody), slots.take(lost=nobody)
    assert first is not None
    assert second is not None
    assert slots.free() == 0
    assert slots.take(lost=nobody) is None
    with first:
        assert slots.free() == 0
    assert slots.free() == 1
    assert slots.take(lost=nobody) is not None


def test_of_many_at_once_as_many_get_one_as_there_are(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        slots = Slots(FolderStore(tmp_path), count=3, seconds=20)
        taken = list(threads.map(lambda _: slots.take(lost=nobody), range(16)))
    assert sum(slot is not None for slot in taken) == 3


def test_a_slot_of_one_who_died_is_free_when_its_lease_ends() -> None:
    clock = FakeClock()
    slots = Slots(MemoryStore(), count=1, seconds=20, clock=clock)
    assert slots.take(lost=nobody) is not None
    clock.forward(19)
    assert slots.take(lost=nobody) is None
    clock.forward(2)
    assert slots.take(lost=nobody) is not None


def test_a_slot_is_kept_and_its_loss_is_told() -> None:
    clock, store, lost = FakeClock(), MemoryStore(), threading.Event()
    slots = Slots(store, count=1, seconds=0.04, clock=clock)
    slot = slots.take(lost=lost.set)
    assert slot is not None
    with slot:
        clock.forward(0.03)
        until = time.monotonic() + 120
        while slots._read(0)[0].until < clock():
            assert time.monotonic() < until
        time.sleep(0.03)
        clock.forward(0.03)
        time.sleep(0.05)
        assert not lost.is_set()
        store.delete("jobs/workers/0")
        assert lost.wait(120)


def test_a_slot_that_cannot_be_renewed_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    store, lost = MemoryStore(), threading.Event()
    slot = Slots(store, count=1, seconds=0.04).take(lost=lost.set)

    def refuse(*_: object, **__: object) -> str:
        raise StoreUnavailable("no")

    monkeypatch.setattr(store, "replace", refuse)
    assert slot is not None
    with slot:
        assert lost.wait(120)


def test_what_is_no_lease_is_a_free_slot() -> None:
    store = MemoryStore()
    store.create("jobs/workers/0", b"?", content_type="x/y")
    slots = Slots(store, count=1, seconds=20)
    assert slots.free() == 1
    assert slots.take(lost=nobody) is not None
    assert slots.free() == 0
