"""Threads that are used again, and never waited for."""

import threading
from functools import partial

from app.storage import threads as module
from app.storage.threads import MOST_IDLE, run_in_thread
from tests.waiting import PATIENCE, eventually


def helpers() -> int:
    return sum(thread.name == "helper" for thread in threading.enumerate())


def idle(count: int) -> bool:
    return len(module._idle) >= count


def test_a_thread_that_is_idle_is_used_again() -> None:
    seen: set[threading.Thread] = set()
    for _ in range(50):
        done = threading.Event()

        def work(done: threading.Event = done) -> None:
            seen.add(threading.current_thread())
            done.set()

        before = len(module._idle)
        run_in_thread(work)
        assert done.wait(PATIENCE)
        eventually(partial(idle, max(1, before)))
    assert len(seen) < 25


def test_what_hangs_is_in_nobodys_way_and_few_stay() -> None:
    over, count = threading.Event(), MOST_IDLE + 8
    begun = threading.Barrier(count + 1)

    def hang() -> None:
        begun.wait(PATIENCE)
        over.wait(PATIENCE)

    for _ in range(count):
        run_in_thread(hang)
    begun.wait(PATIENCE)
    done = threading.Event()
    run_in_thread(done.set)
    assert done.wait(PATIENCE)
    over.set()
    eventually(lambda: helpers() <= MOST_IDLE)
    assert helpers() > 0


class Freed:
    """Sets an event when it is freed."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    def work(self) -> None:
        """Do nothing."""

    def __del__(self) -> None:
        self.gone.set()


def test_what_was_done_is_let_go_of() -> None:
    held = Freed()
    gone = held.gone
    run_in_thread(held.work)
    del held
    assert gone.wait(PATIENCE)
