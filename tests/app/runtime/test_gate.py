"""Admission of heavy work: by number, by memory, and until a deadline."""

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import get_args

import pytest
from fastapi.testclient import TestClient

from app.api import dependencies
from app.errors import OverLimitError, TooBusyError
from app.runtime.gate import SMALL_BODY, SMALL_BYTES, Cost, Gate
from app.settings import Settings
from app.storage.deadline import Deadline, until
from tests.waiting import PATIENCE, eventually

MEGABYTE = 2**20
LARGE = Cost(10 * MEGABYTE, 3.0)
BODY = {"data": [[0.1, 0.2, 0.3]] * (SMALL_BODY // 8)}


def make_gate(memory: int = 100 * MEGABYTE, **more: int) -> Gate:
    return Gate(memory, **{"trainings": 1, "waiting_trainings": 1, "reads": 2, "waiting_reads": 2, **more})


def test_works_of_a_kind_run_up_to_a_number_and_wait_up_to_another() -> None:
    gate = make_gate()
    with ThreadPoolExecutor() as threads, ExitStack() as running:
        for _ in range(2):
            running.enter_context(gate.admit("reading", LARGE))
        order: list[int] = []

        def read(number: int) -> None:
            with gate.admit("reading", LARGE):
                order.append(number)

        waiting = []
        for number in range(2):
            waiting.append(threads.submit(read, number))
            eventually(lambda: gate.admitted("reading") == 2 + len(waiting))
        with (
            pytest.raises(TooBusyError, match="no more are accepted") as refused,
            gate.admit("reading", LARGE),
        ):
            pass
        assert refused.value.retry_after == 3  # half of 4 x 3 seconds, two at a time
        with gate.admit("parsing", LARGE):  # another kind
            assert not order
        running.close()
        for each in waiting:
            each.result(timeout=PATIENCE)
        assert sorted(order) == [0, 1]
    assert (gate.admitted("reading"), gate.held) == (0, 0)


def test_works_are_admitted_while_their_bytes_fit_and_nobody_passes_one_that_waits_for_memory() -> None:
    gate = make_gate(100 * MEGABYTE, reads=10, waiting_reads=10)
    with ThreadPoolExecutor() as threads:
        with gate.admit("reading", Cost(60 * MEGABYTE)):
            done = threading.Event()

            def read(size: int) -> None:
                with gate.admit("reading", Cost(size)):
                    assert done.is_set()

            large = threads.submit(read, 50 * MEGABYTE)
            eventually(lambda: gate.admitted("reading") == 2)
            after = threads.submit(read, 10 * MEGABYTE)
            eventually(lambda: gate.admitted("reading") == 3)
            assert gate.held == 60 * MEGABYTE
            done.set()
        for each in (large, after):
            each.result(timeout=PATIENCE)
    assert gate.held == 0


def test_answers_that_are_being_sent_pass_one_that_waits_for_their_memory() -> None:
    gate = make_gate()
    with ThreadPoolExecutor() as threads:
        with gate.keeping():
            with gate.admit("reading", Cost(60 * MEGABYTE)) as place:
                place.keep(place.bytes)

            def read() -> None:
                with gate.admit("reading", Cost(60 * MEGABYTE)):
                    pass

            waiting = threads.submit(read)
            eventually(lambda: gate.admitted("reading") == 1)
            assert list(gate.in_turns(iter("ab"))) == ["a", "b"]
            assert not waiting.done()
        waiting.result(timeout=PATIENCE)


def test_work_for_which_there_is_never_enough_memory_is_refused() -> None:
    with pytest.raises(OverLimitError, match="raise SOM_MEMORY"), make_gate().admit("reading", Cost(2**30)):
        pass


def test_small_work_passes() -> None:
    gate = make_gate()
    with ExitStack() as running:
        for _ in range(20):
            running.enter_context(gate.admit("reading", Cost(SMALL_BYTES - 1)))
        assert gate.held == 0


def test_who_waits_until_the_deadline_is_refused_and_holds_nothing() -> None:
    gate = make_gate(reads=1)
    with gate.admit("reading", LARGE):
        with (
            until(Deadline(time.monotonic() + 0.01)),
            pytest.raises(TooBusyError, match="come first"),
            gate.admit("reading", LARGE),
        ):
            pass
        assert gate.admitted("reading") == 1

        async def wait() -> None:
            async with gate.admit_soon("reading", LARGE, seconds=0.01):
                pass

        with pytest.raises(TooBusyError, match="come first"):
            asyncio.run(wait())
        assert gate.admitted("reading") == 1
    assert gate.held == 0


def test_a_caller_who_leaves_while_waiting_holds_nothing() -> None:
    gate = make_gate()

    async def wait() -> None:
        async with gate.admit_soon("training", LARGE, seconds=PATIENCE):
            pass

    async def run() -> None:
        waiting = asyncio.create_task(wait())
        while gate.admitted("training") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with gate.admit("training", LARGE):
        asyncio.run(run())
        assert gate.admitted("training") == 1
    assert gate.held == 0


def test_bytes_are_kept_until_the_request_is_answered() -> None:
    gate = make_gate(reads=1)
    with gate.keeping():
        for size in (7, 20 * MEGABYTE):  # no more than was asked for
            with gate.admit("reading", LARGE) as place:
                place.keep(size)
        assert gate.kept() == gate.held == 7 + LARGE.bytes
        with gate.admit("reading", LARGE):  # the number at a time is free
            pass
    assert gate.held == gate.kept() == 0
    with gate.admit("reading", LARGE) as place:
        place.keep(7)
    assert gate.held == 0  # outside of a request


def test_items_are_made_one_at_a_time_and_the_turn_is_free_between_them() -> None:
    gate, making = make_gate(), threading.Lock()

    def items() -> Iterator[int]:
        for item in range(200):
            assert making.acquire(blocking=False), "two are made at a time"
            sum(range(1000))
            making.release()
            yield item

    with ThreadPoolExecutor(10) as threads:
        taken = [threads.submit(list, gate.in_turns(items())) for _ in range(10)]
    assert [each.result() for each in taken] == [[*range(200)]] * 10
    for _ in gate.in_turns(iter("ab")):
        assert gate.admitted("parsing") == 0


def test_a_turn_ends_with_an_error() -> None:
    gate = make_gate()

    def items() -> Iterator[int]:
        yield 1
        raise OSError("nothing more")

    with pytest.raises(OSError, match="nothing more"):
        list(gate.in_turns(items()))
    assert gate.admitted("parsing") == 0


def test_what_is_small_waits_for_nobody(make_client: Callable[..., TestClient]) -> None:
    client = make_client(trainings=1)
    body = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}

    def ask() -> None:
        made = client.post("/train", json=body, headers={"Accept": "application/json"}).json()["id"]
        assert client.post(f"/models/{made}/predict", json={"data": [[0, 0, 1]]}).json()["results"]
        assert client.post(f"/models/{made}/fit", json={"iterations": 1}).status_code == 201
        for path in ("image", "report", "clusters", "download"):
            assert client.get(f"/models/{made}/{path}").status_code == 200

    gate: Gate = client.app.state.gate  # type: ignore[attr-defined]
    # As long as somebody else's large table takes.
    with ThreadPoolExecutor(1) as thread, gate.admit("parsing", LARGE):
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
    monkeypatch.setattr("app.runtime.gate.SMALL_BYTES", 1)
    gate: Gate = client.app.state.gate  # type: ignore[attr-defined]
    with gate.admit("parsing", LARGE):  # as long as another large request takes
        answer = client.post(path, json=BODY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "other large requests come first" in answer.json()["detail"]
    assert gate.admitted("parsing") == 0


@pytest.mark.parametrize("name", dependencies.__all__)
def test_what_routes_need_takes_no_thread(name: str) -> None:
    (depends,) = get_args(getattr(dependencies, name))[1:]
    # FastAPI calls a plain function in a thread.
    assert inspect.iscoroutinefunction(depends.dependency)
