"""How many jobs may be unfinished."""

from types import SimpleNamespace

import pytest

from app.errors import TooBusyError
from app.jobs.queue import backlog as backlog_module
from app.jobs.queue.backlog import Backlog
from app.jobs.service import JobService
from app.settings import Settings
from tests.app.bench import Bench, make_request


class Counted:
    """A queue that counts who asks how much it holds."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked = 0

    def backlog(self, *, most: int) -> int:
        self.asked += 1
        return min(most, self.count)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that is moved by hand."""
    now = [100.0]
    monkeypatch.setattr(backlog_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_the_queue_is_asked_now_and_then_only(clock: list[float]) -> None:
    queue = Counted(0)
    backlog = Backlog(queue, 100)  # type: ignore[arg-type]
    for _ in range(50):
        backlog.take()
    assert queue.asked == 1
    clock[0] += backlog_module.MAX_AGE
    backlog.take()
    assert queue.asked == 2


def test_a_full_queue_is_asked_again_soon(clock: list[float]) -> None:
    queue = Counted(8)
    backlog = Backlog(queue, 10)  # type: ignore[arg-type]
    backlog.take()
    backlog.take()
    for _ in range(5):
        with pytest.raises(TooBusyError, match=r"10 jobs are unfinished.*DELETE") as caught:
            backlog.take()
    assert caught.value.retry_after == backlog_module.RETRY_AFTER
    assert queue.asked == 1
    queue.count = 9
    clock[0] += backlog_module.MAX_AGE_WHEN_FULL
    backlog.take()
    with pytest.raises(TooBusyError):
        backlog.take()
    assert queue.asked == 2


def test_jobs_over_the_limit_are_not_taken(bench: Bench, clock: list[float]) -> None:
    service = JobService(bench.jobs, bench.models, bench.queue, Settings(max_jobs=2))
    first, _ = service.submit(make_request(1)), service.submit(make_request(2))
    with pytest.raises(TooBusyError):
        service.submit(make_request(3))
    assert bench.jobs.find(make_request(3).id) is None
    assert service.submit(make_request(1)).id == first.id  # it is there already
    bench.run(bench.worker())
    clock[0] += backlog_module.MAX_AGE_WHEN_FULL
    assert service.submit(make_request(3)).state == "queued"
    assert service.submit(make_request(1)).state == "succeeded"
