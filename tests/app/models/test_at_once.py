"""A model that is made and deleted at the same instant: afterwards it is there as a whole, or not at all."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from app.deployment import open_gate
from app.errors import ModelNotFoundError
from app.jobs.service import JobService
from app.models import Card, Entry, Models, Stored, StoredCard, maintenance, registry
from app.models.keys import card_key
from app.models.maintenance import prune, repair
from app.settings import Settings
from app.storage.folder import FolderStore
from app.storage.memory import MemoryStore
from app.storage.port import BlobNotFound, Store
from app.training.service import TrainingService
from kohonen.inputs.arrays import Dataset
from tests.app.bench import Bench, make_request
from tests.app.models.conftest import SAMPLES, Maker

PATIENCE = 120.0


class Steps:
    """Something that is done call by call of the store, in a thread that waits before each of them."""

    def __init__(self, store: Store, action: Callable[[Models], object]) -> None:
        self._store = store
        self._may = threading.Semaphore(0)
        self._waits = threading.Semaphore(0)
        self._free = False
        self._over = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[action], daemon=True)
        self._thread.start()
        assert self._waits.acquire(timeout=PATIENCE)

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if not self._free:
                self._waits.release()
                assert self._may.acquire(timeout=PATIENCE)
            return member(*arguments, **named)

        return call

    def _run(self, action: Callable[[Models], object]) -> None:
        try:
            action(Models(cast(Store, self)))
        except ModelNotFoundError:  # it may have gone before
            pass
        except BaseException as error:  # noqa: BLE001 - raised by who waits for it
            self._error = error
        self._over = True
        self._waits.release()

    def go(self, steps: int) -> bool:
        """Let it make so many calls, and say whether it made them all before it was over."""
        for _ in range(steps):
            if self._over:
                return False
            self._may.release()
            assert self._waits.acquire(timeout=PATIENCE)
        return not self._over

    def end(self) -> None:
        """Let it run to its end."""
        self._free = True
        self._may.release()
        self._thread.join(PATIENCE)
        assert self._over
        if self._error is not None:
            raise self._error


def adding(models: Models, *, card: Card, weights: Any, name: str | None) -> None:
    models.add(card, weights, Dataset(SAMPLES), name=name)


def deleting(models: Models, *, card: Card) -> None:
    models.delete(card.id)


def whole(store: Store, card: Card, check: Callable[[Models], list[str]]) -> bool:
    """Say whether a model is there; if so it is whole and listed, and if not it is nowhere listed."""
    models = Models(store)
    there = models.find(card.id)
    assert check(models) == ([] if there is None else [card.id])  # whatever is listed can be loaded
    if there is not None:
        assert models.weights(there).shape == card.weights.shape
        assert models.samples(there).shape == SAMPLES.shape
    return there is not None


@pytest.fixture(params=["memory", "folder", "s3"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Make empty stores; on S3, the same one, emptied."""
    if request.param == "memory":
        return MemoryStore
    if request.param == "folder":
        folders = iter(range(10_000))
        return lambda: FolderStore(tmp_path / str(next(folders)))
    bucket: Store = request.getfixturevalue("s3")

    def emptied() -> Store:
        for key in bucket.keys(""):
            bucket.delete(key)
        return bucket

    return emptied


@pytest.mark.parametrize("name", [None, "a"])
def test_a_deletion_at_any_moment_of_a_making(
    new_store: Callable[[], Store],
    make: Maker,
    check: Callable[[Models], list[str]],
    name: str | None,
    request: pytest.FixtureRequest,
) -> None:
    """Two make it and one deletes it: the deletion begins and pauses anywhere in the making of the first."""
    # Every moment where that takes no time, and some where it does.
    stride = 1 if "memory" in request.node.callspec.id else 4
    made, paused = 0, True
    while paused:
        deleted, going = 0, True
        while going:
            store = new_store()
            card, weights = make.request(1)
            maker = Steps(store, partial(adding, card=card, weights=weights, name=name))
            paused = maker.go(made)
            make(Models(store), 1, name)
            remover = Steps(store, partial(deleting, card=card))
            going = remover.go(deleted)
            maker.end()
            remover.end()
            whole(store, card, check)
            deleted += stride
        made += stride
    assert made > 5


@pytest.mark.parametrize("name", [None, "a"])
def test_a_making_at_any_moment_of_a_deletion(
    new_store: Callable[[], Store], make: Maker, check: Callable[[Models], list[str]], name: str | None
) -> None:
    deleted, going = 0, True
    while going:
        store = new_store()
        card = make(Models(store), 1, name).card
        remover = Steps(store, partial(deleting, card=card))
        going = remover.go(deleted)
        again = make(Models(store), 1, name).card
        remover.end()
        there = whole(store, card, check)
        # What was made when the card had gone is not the business of that deletion.
        assert there is (again.created_at != card.created_at)
        deleted += 1
    assert deleted > 5


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("name", [None, "a"])
def test_a_making_between_two_deletions(
    make: Maker, check: Callable[[Models], list[str]], name: str | None, damaged: bool
) -> None:
    """One deletion pauses anywhere; another goes through, and somebody begins to make the same anew."""
    deleted, going, ends = 0, True, set()
    while going:
        made, paused = 0, True
        while paused:
            store = MemoryStore()
            card = make(Models(store), 1, name).card
            if damaged:
                damage(store, card)
            remover = Steps(store, partial(deleting, card=card))
            going = remover.go(deleted)
            with suppress(ModelNotFoundError):  # the first has come so far
                deleting(Models(store), card=card)
            again, weights = make.request(1)
            maker = Steps(store, partial(adding, card=again, weights=weights, name=name))
            paused = maker.go(made)
            remover.end()
            maker.end()
            ends.add(whole(store, card, check))
            made += 1
        deleted += 1
    assert ends == {False, True}


@pytest.mark.parametrize("days", [None, 1e-12])
def test_a_naming_at_any_moment_of_a_pruning(
    new_store: Callable[[], Store],
    make: Maker,
    check: Callable[[Models], list[str]],
    days: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The model stays and has the name, or is made again and has it; with and without an age of its own."""
    monkeypatch.setattr(registry, "ATTEMPTS", 10_000)
    steps, going, ends = 0, True, set()
    while going:
        store = new_store()
        card = make(Models(store), 1).card
        pruner = Steps(store, pruning)
        going = pruner.go(steps)
        marked = state(store, card) == "expired"
        named = threading.Thread(target=make, args=[Models(store, unnamed_days=days), 1, "a"])
        named.start()
        if not marked:  # otherwise it waits until the model has gone
            named.join(PATIENCE)
        pruner.end()
        named.join(PATIENCE)
        assert not named.is_alive()
        assert whole(store, card, check)
        there = Models(store).resolve("a")
        assert (there.id, there.state) == (card.id, "named")
        ends.add((marked, there.created_at == card.created_at))
        steps += 1
    assert ends == {(True, False), (False, False)} | ({(False, True)} if days is None else set())


def test_a_pruning_at_any_moment_of_a_naming(
    new_store: Callable[[], Store], make: Maker, check: Callable[[Models], list[str]]
) -> None:
    steps, going, ends = 0, True, set()
    while going:
        store = new_store()
        card = make(Models(store), 1).card
        namer = Steps(store, lambda models: make(models, 1, "a"))
        going = namer.go(steps)
        pruning(Models(store))
        namer.end()
        assert whole(store, card, check)
        ends.add(Models(store).resolve("a").created_at == card.created_at)
        steps += 1
    assert ends == {False, True}


def test_an_expired_model_whose_removal_a_crash_cut_off(
    make: Maker, check: Callable[[Models], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not to be had any more, and is made again when it is asked for."""
    monkeypatch.setattr(registry, "ATTEMPTS", 2)
    monkeypatch.setattr(registry, "PAUSE", 0.0)
    store = MemoryStore()
    models = Models(store)
    card = make(models, 1).card
    pruner = Steps(store, pruning)
    while state(store, card) != "expired":
        assert pruner.go(1)
    assert models.find(card.id) is None
    assert check(models) == []
    assert list(repair(models)) == []  # it may be removed just now
    with monkeypatch.context() as patch:
        patch.setattr(maintenance, "YOUNG", -maintenance.YOUNG)
        assert make(Models(store), 1).created
        assert list(repair(models)) == []
    assert check(models) == [card.id]
    models.expire(Entry.of(models.card(card.id)))
    assert store.keys("") == ["index/complete/quantization_error-ascending"]


def test_what_expired_goes_when_the_store_is_repaired(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    models = Models(store)
    card = make(models, 1).card
    models.index.remove(Entry.of(card))
    assert models._mark(card, "expired")[1]
    assert list(repair(models)) == []
    monkeypatch.setattr(maintenance, "YOUNG", -maintenance.YOUNG)
    assert [one.what for one in repair(models)] == ["had expired, and was still there"]
    assert store.keys("") == ["index/complete/quantization_error-ascending"]


def test_two_who_prune_at_once(make: Maker, check: Callable[[Models], list[str]]) -> None:
    steps, going = 0, True
    while going:
        store = MemoryStore()
        card = make(Models(store), 1).card
        pruner = Steps(store, pruning)
        going = pruner.go(steps)
        pruning(Models(store))
        pruner.end()
        assert not whole(store, card, check)
        assert store.keys("") == ["index/complete/quantization_error-ascending"]
        steps += 1


def pruning(models: Models) -> None:
    list(prune(models, days=0))


def state(store: Store, card: Card) -> str | None:
    try:
        return Models(store).card_in(card.id).state
    except BlobNotFound:
        return None


def damage(store: Store, card: Card) -> None:
    key = card_key(card.id)
    store.replace(key, b"{}", version=store.read(key, max_bytes=10_000).version, content_type="x/y")


def test_what_is_deleted_while_it_is_read(make: Maker) -> None:
    store = MemoryStore()
    models = Models(store)
    card = make(models, 1).card
    models.delete(card.id)
    with pytest.raises(ModelNotFoundError, match="deleted during this request"):
        models.weights(card)
    make(models, 1)
    assert models.weights(card).size  # made again since
    assert models.samples(card).size


def test_a_model_that_is_made_anew_keeps_its_files(make: Maker) -> None:
    """Whoever deletes removes what the card names, and not what somebody else is about to name."""
    store = MemoryStore()
    models = Models(store)
    card = make(models, 1).card
    other = StoredCard.of(make.request(1)[0], "0" * 12)
    models._write(other, b"the weights", None)
    models.delete(card.id)
    assert store.keys("models/") == [other.weights_key]
    assert models._commit(other)


@pytest.mark.parametrize("as_job", [False, True])
def test_what_is_deleted_just_as_it_is_asked_for_again_is_made_anew(
    as_job: bool, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.submit(make_request(1))
    bench.run(bench.worker())
    ensure_listed = bench.models.ensure_listed

    def meanwhile(card: StoredCard, name: str | None) -> Stored:
        monkeypatch.undo()
        bench.models.delete(card.id)
        return ensure_listed(card, name)

    monkeypatch.setattr(bench.models, "ensure_listed", meanwhile)
    request = make_request(1, name="a")
    if as_job:
        service = JobService(bench.jobs, bench.models, bench.queue, Settings())
        assert service.submit(request).state == "queued"
        bench.run(bench.worker())
    else:
        training = TrainingService(bench.models, Settings(), open_gate(Settings()))
        assert asyncio.run(training.train(request, deadline=time.monotonic() + 60)).created
    assert bench.models.resolve("a").id == request.id
    assert bench.weights(request.id).size
