"""What hangs is left behind when somebody's time is over."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.storage.deadline import RETRY_AFTER, Deadline, in_time, until, with_deadline
from app.storage.memory import MemoryStore
from app.storage.port import StoreUnavailable
from tests.waiting import PATIENCE


class LateError(Exception):
    """Raised by `in_time` in these tests."""


@pytest.fixture
def hang() -> Iterator[Callable[[], None]]:
    """Wait until the test is over."""
    over = threading.Event()

    def wait() -> None:
        over.wait(PATIENCE)

    yield wait
    over.set()


def soon(seconds: float = 0.05) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def test_without_a_deadline_it_is_done_here() -> None:
    assert in_time(threading.current_thread, timeout=LateError) is threading.current_thread()


def test_what_is_done_in_time(hang: Callable[[], None]) -> None:
    with until(soon(PATIENCE)):
        assert in_time(lambda: 7, timeout=LateError) == 7
        with pytest.raises(ZeroDivisionError):
            in_time(lambda: 1 // 0, timeout=LateError)


def test_a_timeout_of_the_work_is_no_lateness() -> None:
    def work() -> None:
        raise TimeoutError("of its own")

    with until(soon(PATIENCE)), pytest.raises(TimeoutError, match="of its own"):
        in_time(work, timeout=LateError)


def test_what_hangs_is_left_behind(hang: Callable[[], None]) -> None:
    with until(soon()), pytest.raises(LateError):
        in_time(hang, timeout=LateError)


def test_nothing_is_begun_when_time_is_over() -> None:
    begun: list[int] = []
    with until(soon(-1)), pytest.raises(LateError):
        in_time(lambda: begun.append(1), timeout=LateError)
    assert not begun


def test_a_deadline_can_be_moved(hang: Callable[[], None]) -> None:
    deadline = soon(-1)
    with until(deadline):
        deadline.at += PATIENCE
        assert in_time(lambda: 7, timeout=LateError) == 7
    assert in_time(lambda: 8, timeout=LateError) == 8


def test_a_store_is_what_it_was_but_in_time(
    monkeypatch: pytest.MonkeyPatch, hang: Callable[[], None]
) -> None:
    memory = MemoryStore()
    store = with_deadline(memory)
    with until(soon(PATIENCE)):
        assert store.create("a", b"1", content_type="text/plain")
        assert store.read("a", max_bytes=1).data == b"1"
        assert store.description == "memory"

    def keys(*_: Any, **__: Any) -> None:
        hang()

    monkeypatch.setattr(memory, "keys", keys)
    with until(soon()), pytest.raises(StoreUnavailable, match=r"memory \(SOM_STORE\).*try again") as caught:
        store.keys("")
    assert caught.value.retry_after == RETRY_AFTER
