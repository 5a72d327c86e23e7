"""Who starts worker processes, and when; with processes that are none."""

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from app.jobs import crew as crew_module
from app.jobs.crew import Crew, Process
from app.settings import Settings
from app.storage.port import StoreUnavailable


class FakeProcess:
    """A process that ends when it is told to, if it listens."""

    def __init__(self, *, listens: bool = True) -> None:
        self.status: int | None = None
        self.listens = listens
        self.ended = 0

    def end(self) -> None:
        self.ended += 1
        if self.listens and self.status is None:
            self.status = 0

    def poll(self) -> int | None:
        return self.status

    def wait(self, timeout: float) -> int:
        if self.status is None:
            raise subprocess.TimeoutExpired("worker", timeout)
        return self.status

    def kill(self) -> None:
        self.status = -9


class Stage:
    """A crew, the room that it has, and the processes that it has started."""

    def __init__(self, workers: int = 2) -> None:
        self.room: int | None = None
        self.started: list[FakeProcess] = []
        self.listens = True
        self.crew = Crew(Settings(workers=workers), self.look, start=self.start)

    def look(self) -> int | None:
        return self.room

    def start(self, settings: Settings) -> tuple[Process, Callable[[], None]]:
        self.started.append(FakeProcess(listens=self.listens))
        return self.started[-1], self.started[-1].end


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(crew_module, "ROUND", 0.01)
    monkeypatch.setattr(crew_module, "IDLE_ROUND", 0.01)
    monkeypatch.setattr(crew_module, "PATIENCE", 0.2)
    made = Stage()
    yield made
    made.crew.stop()


def test_nobody_works_when_there_is_nothing_to_do(stage: Stage) -> None:
    assert not stage.crew.tend()
    assert stage.started == []
    stage.room = 0
    assert stage.crew.tend(), "a slot may be free soon"
    assert stage.started == []


def test_as_many_work_as_there_is_room_for(stage: Stage) -> None:
    stage.room = 1
    stage.crew.tend()
    stage.crew.tend()
    assert len(stage.started) == 1, "the first may not have taken its slot yet"
    stage.room = 5
    stage.crew.tend()
    stage.crew.tend()
    assert len(stage.started) == 2, "no more than the settings say"


def test_whoever_has_died_is_replaced_after_a_while(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.room = 1
    stage.crew.tend()
    stage.started[0].status = -9
    stage.crew.tend()
    assert len(stage.started) == 1
    assert stage.started[0].ended == 1
    monkeypatch.setattr(stage.crew, "_not_before", 0.0)
    stage.crew.tend()
    assert len(stage.started) == 2


def test_whoever_had_nothing_to_do_is_not_missed(stage: Stage) -> None:
    stage.room = 1
    stage.crew.tend()
    stage.started[0].status = 0
    stage.room = None
    stage.crew.tend()
    assert len(stage.started) == 1


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_it_begins_when_it_is_woken_and_ends_when_it_is_stopped(stage: Stage) -> None:
    stage.room = 2
    time.sleep(0.05)
    assert stage.started == []
    stage.crew.wake()
    until(lambda: len(stage.started) == 2)
    stage.crew.stop()
    assert [process.status for process in stage.started] == [0, 0]
    stage.crew.wake()
    time.sleep(0.05)
    assert len(stage.started) == 2


def test_whoever_does_not_listen_is_killed(stage: Stage) -> None:
    stage.room, stage.listens = 1, False
    stage.crew.tend()
    stage.crew.stop()
    assert stage.started[0].status == -9


def test_a_store_that_fails_is_survived(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [StoreUnavailable("no"), StoreUnavailable("no")]

    def look() -> int:
        if failures:
            raise failures.pop()
        return 1

    monkeypatch.setattr(stage.crew, "_room", look)
    stage.crew.wake()
    until(lambda: len(stage.started) == 1)


def test_without_workers_there_is_nobody_to_wake() -> None:
    stage = Stage(workers=0)
    stage.room = 1
    stage.crew.wake()
    time.sleep(0.02)
    assert stage.started == []
    stage.crew.stop()
