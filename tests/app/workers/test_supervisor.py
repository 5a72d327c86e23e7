"""The supervisor: with workers that only pretend, with threads, and with a lock between servers."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from app.storage.port import StoreUnavailable
from app.workers import supervisor as supervisor_module
from app.workers.host_lock import HostLock
from app.workers.supervisor import ProcessWorker, Supervisor, ThreadWorker
from tests.waiting import eventually


class FakeWorker:
    """A worker that ends when it is asked to, if it listens."""

    def __init__(self, *, listens: bool = True) -> None:
        self.status: int | None = None
        self.listens = listens
        self.asked = 0

    def poll(self) -> int | None:
        return self.status

    def end(self) -> None:
        self.asked += 1
        if self.listens and self.status is None:
            self.status = 0

    def finish(self, timeout: float) -> None:
        assert timeout > 0
        if self.status is None:
            self.status = -9


class Server:
    """A supervisor and the workers that it has started."""

    def __init__(self, *, workers: int = 2, lock: HostLock | None = None) -> None:
        self.work = False
        self.started: list[FakeWorker] = []
        self.listens = True
        self.supervisor = Supervisor(self.start, count=workers, has_work=self.has_work, lock=lock)

    def has_work(self) -> bool:
        return self.work

    def start(self) -> FakeWorker:
        self.started.append(FakeWorker(listens=self.listens))
        return self.started[-1]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "INTERVAL", 0.01)
    monkeypatch.setattr(supervisor_module, "IDLE_INTERVAL", 0.01)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.supervisor.stop()


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], HostLock]:
    """Return what makes locks of one name; its files are in a folder of the test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return lambda: HostLock("store")


def test_no_worker_starts_when_there_is_nothing_to_do(server: Server) -> None:
    assert not server.supervisor.check()
    assert server.started == []


def test_a_fixed_number_of_workers(server: Server) -> None:
    server.work = True
    assert server.supervisor.check()
    assert server.supervisor.check()
    assert len(server.started) == 2


def test_a_worker_that_failed_is_replaced_after_a_pause(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "RESTART_DELAY", 1e9)
    server.work = True
    server.supervisor.check()
    server.started[0].status = -9
    server.supervisor.check()
    assert len(server.started) == 2
    assert server.started[0].asked == 1
    monkeypatch.setattr(server.supervisor, "_not_before", 0.0)
    server.supervisor.check()
    assert len(server.started) == 3


def test_a_worker_that_had_nothing_to_do_is_replaced_when_there_is_work_again(server: Server) -> None:
    server.work = True
    server.supervisor.check()
    for worker in server.started:
        worker.status = 0
    server.work = False
    assert not server.supervisor.check()
    assert len(server.started) == 2
    server.work = True
    server.supervisor.check()
    assert len(server.started) == 4


def test_workers_start_when_it_is_woken_and_end_when_it_is_stopped(server: Server) -> None:
    server.work = True
    assert server.started == []
    server.supervisor.wake()
    eventually(lambda: len(server.started) == 2)
    server.supervisor.stop()
    assert [worker.status for worker in server.started] == [0, 0]
    server.supervisor.wake()
    assert not server.supervisor._thread or not server.supervisor._thread.is_alive()
    assert len(server.started) == 2


def test_a_worker_that_does_not_end_is_killed(server: Server) -> None:
    server.work, server.listens = True, False
    server.supervisor.check()
    server.supervisor.stop()
    assert [worker.status for worker in server.started] == [-9, -9]


def test_it_goes_on_after_a_failure_of_the_store(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [StoreUnavailable("no"), StoreUnavailable("no")]

    def has_work() -> bool:
        if failures:
            raise failures.pop()
        return True

    monkeypatch.setattr(server.supervisor, "_has_work", has_work)
    server.supervisor.wake()
    eventually(lambda: len(server.started) == 2)


def test_without_workers_nothing_is_supervised() -> None:
    server = Server(workers=0)
    server.work = True
    server.supervisor.wake()
    assert server.supervisor._thread is None
    server.supervisor.stop()
    assert server.started == []


def test_servers_of_one_host_do_not_multiply_the_workers_of_a_store(lock: Callable[[], HostLock]) -> None:
    first, second = Server(lock=lock()), Server(lock=lock())
    for server in (first, second):
        server.work = True
        assert server.supervisor.check()
    assert (len(first.started), len(second.started)) == (2, 0)
    first.started[0].status = 0
    second.supervisor.check()
    assert second.started == [], "one of the first server's workers is there still"
    first.work = False
    first.started[1].status = 0
    first.supervisor.check()
    second.supervisor.check()
    assert len(second.started) == 2
    second.supervisor.stop()
    first.work = True
    first.supervisor.check()
    assert len(first.started) == 4
    first.supervisor.stop()


def test_a_thread_is_a_worker_too() -> None:
    def run(stopped: threading.Event) -> None:
        assert stopped.wait(60)

    worker = ThreadWorker(run)
    assert worker.poll() is None
    worker.end()
    worker.finish(0.1)
    assert worker.poll() == 0


def test_a_process_that_does_not_end_is_killed(tmp_path: Path) -> None:
    worker = ProcessWorker(Settings(store=f"file:{tmp_path}", queue="http://127.0.0.1:1/queue"))
    worker.finish(0.01)  # it has not been asked to end
    assert worker.poll() == -signal.SIGKILL
    worker.end()


def test_a_thread_that_fails_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def run(_: threading.Event) -> None:
        raise RuntimeError("broken")

    worker = ThreadWorker(run)
    worker.finish(0.1)
    assert worker.poll() == 1
    assert "broken" in caplog.text
