"""What becomes of jobs that ended long ago, and of what crashes have left."""

import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import __main__
from app.jobs import maintenance
from app.jobs.maintenance import Housekeeping, prune, sweep
from app.jobs.record import State
from app.jobs.store import Jobs
from app.storage.folder import FolderStore
from app.storage.memory import MemoryStore
from app.storage.port import Store, StoreUnavailable
from kohonen import train
from kohonen.animation.moments import Moments
from tests.app.bench import Bench, FakeClock, make_request

DAY = 24 * 3600.0
TOKEN = "0" * 32


def today() -> FakeClock:
    """Return a clock that tells the time, as those of stores do."""
    clock = FakeClock()
    clock.now = datetime.datetime.now(datetime.UTC)
    return clock


@pytest.fixture(params=["memory", "folder"])
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Jobs:
    store: Store = MemoryStore() if request.param == "memory" else FolderStore(tmp_path)
    return Jobs(store, clock=today())


def cancelled(jobs: Jobs, seed: int) -> str:
    job, _ = jobs.add(make_request(seed), over=())
    return jobs.cancel(job.id).id


def forward(jobs: Jobs, days: float) -> None:
    clock = jobs.clock
    assert isinstance(clock, FakeClock)
    clock.forward(days * DAY)


def put(jobs: Jobs, key: str) -> str:
    jobs.store.create(key, b"x", content_type="x/y")
    return key


def test_what_ended_long_ago_goes_and_nothing_else(jobs: Jobs) -> None:
    old = cancelled(jobs, 1)
    waiting = jobs.add(make_request(2), over=())[0].id
    forward(jobs, 20)
    young = cancelled(jobs, 3)
    late, _ = jobs.add(make_request(4), over=())
    forward(jobs, 11)
    jobs.cancel(late.id)
    assert [pruned.id for pruned in prune(jobs, days=30, dry=True)] == [old]
    assert jobs.find(old)
    assert [(pruned.id, pruned.state) for pruned in prune(jobs, days=30)] == [(old, "cancelled")]
    assert jobs.find(old) is None
    assert {job.id for job in jobs.page(limit=10)[0]} == {waiting, young, late.id}
    assert not any(old in key for key in jobs.store.keys("jobs/"))
    assert list(prune(jobs, days=30)) == []


def test_its_checkpoints_and_frames_go_as_well(bench: Bench) -> None:
    bench.clock.now = today().now
    job = bench.submit(make_request(frames=Moments(5)))
    for _ in range(3):
        bench.step(bench.worker(slice_seconds=1e-9))
        bench.clock.forward(0.01)
    bench.jobs.cancel(job.id)
    bench.clock.forward(31 * DAY)
    assert list(sweep(bench.jobs)) == []  # it may be asked for once more
    for kind in ("checkpoint", "frames"):
        assert bench.store.keys(f"jobs/{job.id}/{kind}-")
    assert len(list(prune(bench.jobs, days=30))) == 1
    assert bench.store.keys(f"jobs/{job.id}/") == bench.store.keys("jobs/newest/") == []


def test_a_job_that_is_asked_for_once_more_stays(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    old = cancelled(jobs, 1)
    forward(jobs, 31)
    over: list[State] = ["cancelled"]
    monkeypatch.setattr(jobs.files, "forget_all", lambda job: jobs.add(make_request(1), over=over))
    assert list(prune(jobs, days=30)) == []
    assert jobs.get(old).state == "queued"
    jobs.files.request(jobs.get(old))  # what it needs is there


def test_two_who_prune_at_once(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    old = cancelled(jobs, 1)
    forward(jobs, 31)
    (index,) = (key for _, key in jobs.created_before(jobs.clock()))
    monkeypatch.setattr(jobs.files, "forget_all", lambda job: jobs.remove(old, index))
    assert list(prune(jobs, days=30)) == []
    assert jobs.find(old) is None


def test_what_cannot_be_read_goes_too_and_so_does_an_entry_of_nothing(jobs: Jobs) -> None:
    damaged, gone = cancelled(jobs, 1), cancelled(jobs, 2)
    stored = jobs.read(damaged)
    jobs.store.replace(f"jobs/{damaged}/job.json", b"?", version=stored.version, content_type="x/y")
    jobs.store.delete(f"jobs/{gone}/job.json")
    forward(jobs, 31)
    assert [pruned.id for pruned in prune(jobs, days=30, dry=True)] == [damaged]
    assert len(jobs.store.keys("jobs/newest/")) == 2
    assert [(pruned.id, pruned.state) for pruned in prune(jobs, days=30)] == [(damaged, None)]
    assert jobs.store.keys("jobs/") == []


def test_files_that_no_record_names(jobs: Jobs) -> None:
    job, _ = jobs.add(make_request(1), over=())
    lost = put(jobs, f"jobs/{TOKEN}/samples-1.npy")
    older = put(jobs, f"jobs/{job.id}/checkpoint-3-1.npy")
    assert list(sweep(jobs)) == []  # somebody may be about to name them
    forward(jobs, 2)
    assert sorted(sweep(jobs, dry=True)) == sorted([lost, older])
    assert sorted(sweep(jobs)) == sorted([lost, older])
    assert list(sweep(jobs)) == []
    jobs.files.request(job)


def test_files_that_go_just_now(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [put(jobs, f"jobs/{TOKEN}/samples-{number}.npy") for number in range(2)]
    forward(jobs, 2)
    written = jobs.store.written

    def look(key: str) -> datetime.datetime:
        jobs.store.delete(lost[0])  # as its job does when it ends
        return written(key)

    monkeypatch.setattr(jobs.store, "written", look)
    assert list(sweep(jobs)) == lost[1:]


def test_the_files_of_a_job_that_cannot_be_read_stay(jobs: Jobs) -> None:
    put(jobs, f"jobs/{TOKEN}/job.json")
    put(jobs, f"jobs/{TOKEN}/samples-1.npy")
    forward(jobs, 2)
    assert list(sweep(jobs)) == []


def test_a_worker_looks_once_in_a_while(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled(jobs, 1)
    forward(jobs, 31)
    housekeeping = Housekeeping.of_jobs(jobs, 30)
    housekeeping()
    assert jobs.store.keys("jobs/") == []
    cancelled(jobs, 2)
    forward(jobs, 31)
    housekeeping()  # that was just done
    assert jobs.store.keys("jobs/newest/")
    monkeypatch.setattr(maintenance, "INTERVAL", 0.0)
    housekeeping._due = 0.0
    housekeeping()
    assert jobs.store.keys("jobs/") == []


def test_so_long_at_most_and_the_rest_soon(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on where it stopped: what is not to go yet is not looked at again and again."""
    monkeypatch.setattr(maintenance, "MAX_SECONDS", 0.0)
    for seed in range(3):
        cancelled(jobs, seed)
        forward(jobs, 0.1)
    waiting = jobs.add(make_request(3), over=())[0].id
    forward(jobs, 31)
    housekeeping = Housekeeping.of_jobs(jobs, 30)
    left = []
    for _ in range(5):
        housekeeping()
        left.append(len(jobs.page(limit=10)[0]))
        assert time.monotonic() < housekeeping._due <= time.monotonic() + maintenance.INTERVAL
        housekeeping._due = 0.0
    assert left == [4, 3, 2, 1, 1]
    assert jobs.find(waiting)


def test_nobody_who_waits_for_a_worker_waits_for_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    old = cancelled(bench.jobs, 1)
    bench.clock.forward(31 * DAY)
    waiting = bench.submit(make_request(2))
    order: list[str] = []
    for name, what in (("train", train), ("Housekeeping.__call__", Housekeeping.__call__)):
        monkeypatch.setattr(f"app.workers.worker.{name}", noted(order, name, what))
    bench.worker().run(idle=0.01)
    assert order[:2] == ["train", "Housekeeping.__call__"]
    assert bench.jobs.get(waiting.id).state == "succeeded"
    assert bench.jobs.find(old) is None


def noted(order: list[str], name: str, what: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        order.append(name)
        return what(*arguments, **named)

    return call


def test_a_worker_does_it_beside_its_work(bench: Bench) -> None:
    old = cancelled(bench.jobs, 1)
    bench.clock.forward(31 * DAY)
    bench.worker().run(idle=0.01)
    assert bench.jobs.find(old) is None


@pytest.mark.parametrize("days", [None, 1e-9])
def test_a_worker_removes_models_without_a_name(bench: Bench, days: float | None) -> None:
    for seed, name in ((1, "a"), (2, None)):
        bench.submit(make_request(seed, name=name))
    bench.run(bench.worker())
    bench.worker(unnamed_days=days).run(idle=0.01)
    left = {key.split("/")[1] for key in bench.store.keys("models/")}
    assert left == {make_request(seed).id for seed in ((1, 2) if days is None else (1,))}


def test_a_store_that_fails_is_asked_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("no store")

    worker = bench.worker()
    monkeypatch.setattr("app.workers.worker.RETRY_SECONDS", 0.01)
    monkeypatch.setattr(bench.store, "keys", fail)
    worker.run(idle=0.01)
    assert "no store" in caplog.text


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        __main__.main(["jobs", *arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


@pytest.fixture
def finished(tmp_path: Path) -> Callable[[], str]:
    jobs = Jobs(FolderStore(tmp_path / "jobs"))
    jobs.clock = today()
    forward(jobs, -40)
    job = cancelled(jobs, 1)
    jobs.clock = today()
    return lambda: "here" if jobs.find(job) else "gone"


def test_from_the_command_line(
    finished: Callable[[], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOM_JOB_STORE", f"file:{tmp_path}/jobs")
    assert command(capsys, "prune", "--days", "50") == (0, "", "")
    code, out, _ = command(capsys, "prune", "--dry-run")
    assert (code, finished()) == (0, "here")
    assert out.endswith("cancelled  would be removed\n")
    elsewhere = ("--store", f"file:{tmp_path}/other")
    assert command(capsys, *elsewhere, "prune") == (0, "", "")
    assert command(capsys, "prune")[1].endswith("cancelled  removed\n")
    assert finished() == "gone"
    code, _, err = command(capsys, "--store", "nowhere", "prune")
    assert (code, "is not a store" in err) == (1, True)
