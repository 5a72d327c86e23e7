"""The embedded queue."""

import threading
from concurrent.futures import ThreadPoolExecutor

from app.jobs.queue.port import LONGEST_DELAY
from app.jobs.queue.store import LocalQueue
from app.storage.memory import MemoryStore
from tests.app.bench import FakeClock
from tests.waiting import PATIENCE

A, B = "a" * 32, "b" * 32


def make() -> tuple[LocalQueue, FakeClock]:
    clock = FakeClock()
    return LocalQueue(MemoryStore(), clock=clock), clock


def test_first_in_first_out() -> None:
    queue, clock = make()
    for job in (B, A):
        queue.send(job, turn=3)
        clock.forward(1)
    for job in (B, A):
        message = queue.receive(wait=0)
        assert message is not None
        assert (message.job, message.turn) == (job, 3)
        message.extend_visibility(10)
        message.acknowledge()
    assert queue.receive(wait=0) is None
    assert not queue.has_messages()


def test_a_message_that_is_not_settled_comes_back() -> None:
    queue, _ = make()
    queue.send(A, turn=0)
    assert queue.receive(wait=0) is not None
    assert queue.receive(wait=0) is not None
    assert queue.has_messages()


def test_a_message_may_be_delayed() -> None:
    queue, clock = make()
    queue.send(A, turn=0, delay=5)
    assert queue.receive(wait=0) is None
    assert queue.has_messages()
    clock.forward(5.1)
    assert queue.receive(wait=0) is not None


def test_a_message_of_a_clock_that_is_ahead_is_not_waited_for() -> None:
    queue, clock = make()
    clock.forward(3600)
    queue.send(A, turn=0)
    clock.forward(-3600)
    queue.send(B, turn=0, delay=LONGEST_DELAY)
    message = queue.receive(wait=0)
    assert message is not None
    assert message.job == A
    clock.forward(LONGEST_DELAY + 0.1)
    message = queue.receive(wait=0)
    assert message is not None
    assert message.job == B


def test_a_message_for_later_lets_others_pass() -> None:
    queue, clock = make()
    queue.send(A, turn=0)
    clock.forward(1)
    queue.send(B, turn=0)
    clock.forward(1)
    first = queue.receive(wait=0)
    assert first is not None
    first.release(10)
    second = queue.receive(wait=0)
    assert second is not None
    assert second.job == B
    second.acknowledge()
    assert queue.receive(wait=0) is None
    clock.forward(11)
    assert queue.receive(wait=0) is not None


def test_what_is_none_of_ours_is_left_alone() -> None:
    store = MemoryStore()
    queue = LocalQueue(store)
    store.create("jobs/queue/000-something", b"", content_type="x/y")
    queue.send(A, turn=0)
    message = queue.receive(wait=1)
    assert message is not None
    assert message.job == A


def test_waiting_ends_with_a_message_or_when_told_to_stop() -> None:
    store, stopped = MemoryStore(), threading.Event()
    queue = LocalQueue(store, stopped=stopped)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(queue.receive, wait=10 * PATIENCE)
        threading.Timer(0.2, LocalQueue(store).send, [A], {"turn": 0}).start()
        message = waiting.result(PATIENCE)
        assert message is not None
        message.acknowledge()
        waiting = threads.submit(queue.receive, wait=10 * PATIENCE)
        threading.Timer(0.2, stopped.set).start()
        assert waiting.result(PATIENCE) is None
