import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest
from fastapi.testclient import TestClient

from app.api import dependencies
from app.runtime.fairness import SMALL, cpu_slot, cpu_slot_for, in_cpu_slots
from app.settings import Settings
from tests.waiting import PATIENCE


def test_items_are_made_one_at_a_time_and_the_turn_is_free_between_them() -> None:
    making = threading.Lock()

    def items() -> Iterator[int]:
        for item in range(200):
            assert making.acquire(blocking=False), "two are made at a time"
            sum(range(1000))
            making.release()
            yield item

    with ThreadPoolExecutor(4) as threads:
        taken = [threads.submit(list, in_cpu_slots(items(), size=SMALL + 1)) for _ in range(4)]
    assert [each.result() for each in taken] == [[*range(200)]] * 4
    for _ in in_cpu_slots(iter("ab"), size=SMALL + 1):
        assert cpu_slot.acquire(blocking=False)
        cpu_slot.release()


def test_a_turn_ends_with_an_error() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("nothing more")

    with pytest.raises(OSError, match="nothing more"):
        list(in_cpu_slots(items(), size=SMALL + 1))
    assert not cpu_slot.locked()


def test_what_is_small_waits_for_nobody(make_client: Callable[..., TestClient]) -> None:
    client = make_client(trainings=1)
    body = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}

    def ask() -> None:
        with cpu_slot_for(SMALL):
            assert list(in_cpu_slots(iter("ab"), size=SMALL)) == ["a", "b"]
        made = client.post("/train", json=body, headers={"Accept": "application/json"}).json()["id"]
        assert client.post(f"/models/{made}/predict", json={"data": [[0, 0, 1]]}).json()["results"]
        assert client.post(f"/models/{made}/fit", json={"iterations": 1}).status_code == 201

    with ThreadPoolExecutor(1) as thread, cpu_slot:  # as long as somebody else's large table takes
        thread.submit(ask).result(timeout=PATIENCE)


@pytest.mark.parametrize("path", ["/train", "/atrain", "/models/latest/predict", "/models/latest/fit"])
def test_what_is_large_waits_until_its_time_is_over(
    make_client: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = make_client(queue="none:")
    client.post(
        "/train", json={"colours": ["red"], "width": 2, "height": 2, "iterations": 1}
    ).raise_for_status()
    # Leave 0.2 seconds to what comes next.
    monkeypatch.setattr("app.web.deadline.STORING_SECONDS", 0.2 - Settings().max_training_seconds)
    body = {"data": [[0.1, 0.2, 0.3]] * (SMALL // 8)}
    with cpu_slot:  # as long as another large request takes
        answer = client.post(path, json=body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "other large requests come first" in answer.json()["detail"]
    assert not cpu_slot.locked()


@pytest.mark.parametrize("name", dependencies.__all__)
def test_what_routes_need_takes_no_thread(name: str) -> None:
    (depends,) = get_args(getattr(dependencies, name))[1:]
    # FastAPI calls a plain function in a thread.
    assert inspect.iscoroutinefunction(depends.dependency)
