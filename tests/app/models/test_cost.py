"""The calls of a store that it takes to write, name and delete a model."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from app.models import Models, reading
from app.storage.memory import MemoryStore
from app.storage.port import Store
from tests.app.models.conftest import Maker


class Counted:
    """A store that counts its calls."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls.append(name)
            return method(*arguments, **named)

        return call


@pytest.fixture
def store() -> Counted:
    return Counted()


@pytest.fixture
def models(store: Counted, make: Maker) -> Models:
    """Return models of which two have a name, and the others do not."""
    made = Models(cast(Store, store), unnamed_days=1)
    for seed in range(4):
        make(made, seed, "a" if seed < 2 else None)
    return made


def cost(store: Counted, what: Callable[[], object]) -> int:
    store.calls.clear()
    what()
    return len(store.calls)


@pytest.mark.parametrize("name", ["a", "b"])
def test_giving_a_stored_model_a_name(store: Counted, models: Models, make: Maker, name: str) -> None:
    assert cost(store, lambda: make(models, 2, name)) <= 10
    assert cost(store, lambda: make(models, 2, name)) <= 10  # the same again
    assert cost(store, lambda: make(models, 2, "c")) <= 10  # another one


@pytest.mark.parametrize(("name", "most"), [("a", 12), ("b", 12), (None, 7)])
def test_storing_a_new_model(
    store: Counted, models: Models, make: Maker, name: str | None, most: int
) -> None:
    assert cost(store, lambda: make(models, 9, name)) <= most


def test_listing_models_that_are_over_the_age(store: Counted, models: Models) -> None:
    """Each costs a read of its card: every time without a name, and once with one."""
    aged = Models(cast(Store, store), unnamed_days=1e-12)
    for calls in (1 + 4, 1 + 2):
        assert cost(store, lambda: aged.listing.page(size=10)) == calls
    assert len(aged.listing.page(size=10).models) == 2
    assert cost(store, lambda: models.listing.page(size=10)) == 1


def test_how_many_are_remembered(store: Counted, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_REMEMBERED", 1)
    aged = Models(cast(Store, store), unnamed_days=1e-12)
    for _ in range(2):
        assert len(aged.listing.page(size=10).models) == 2
        assert len(aged._known) == 1


def test_deleting_a_named_revision(store: Counted, models: Models) -> None:
    assert cost(store, lambda: models.delete(models.resolve("a@2").id)) <= 21
