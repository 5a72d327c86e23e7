"""Threads that are used again, and never waited for."""

import threading
import time

from app.storage.helpers import MOST_IDLE, run_in_thread


def helpers() -> int:
    return sum(thread.name == "helper" for thread in threading.enumerate())


def test_a_thread_that_is_idle_is_used_again() -> None:
    seen: set[threading.Thread] = set()
    for _ in range(50):
        done = threading.Event()

        def work(done: threading.Event = done) -> None:
            seen.add(threading.current_thread())
            done.set()

        run_in_thread(work)
        assert done.wait(10)
        time.sleep(0.001)  # to become idle
    assert len(seen) < 25


def test_what_hangs_is_in_nobodys_way_and_few_stay() -> None:
    over, count = threading.Event(), MOST_IDLE + 8
    begun = threading.Barrier(count + 1)

    def hang() -> None:
        begun.wait(10)
        over.wait(60)

    for _ in range(count):
        run_in_thread(hang)
    begun.wait(10)
    done = threading.Event()
    run_in_thread(done.set)
    assert done.wait(10)
    over.set()
    until = time.monotonic() + 10
    while helpers() > MOST_IDLE and time.monotonic() < until:
        time.sleep(0.01)
    assert 0 < helpers() <= MOST_IDLE


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
    assert gone.wait(10)
