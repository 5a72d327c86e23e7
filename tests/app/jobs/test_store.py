"""Records of jobs, in a store."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.errors import DamagedJobError, JobNotFoundError
from app.jobs.record import State
from app.jobs.store import MOST_RECORD_BYTES, Jobs
from app.storage.deadline import Deadline, until, with_deadline
from app.storage.folder import FolderStore
from app.storage.port import StoreUnavailable
from tests.app.bench import Bench, make_request

OVER: tuple[State, ...] = ("failed", "cancelled")


def test_a_record_comes_back_as_it_was(bench: Bench) -> None:
    request = make_request(keep_data=False)
    job, queued = bench.jobs.add(request, over=())
    assert queued
    assert job.id == request.id
    assert bench.jobs.get(job.id) == job
    back = bench.jobs.files.request(job)
    assert (back.id, back.parameters, back.keep_data, back.persist) == (
        request.id,
        request.parameters,
        False,
        True,
    )
    np.testing.assert_array_equal(back.samples, request.samples)


@pytest.mark.parametrize("name", ["0" * 32, "x", "", "../../etc", "0" * 33])
def test_no_such_job(bench: Bench, name: str) -> None:
    with pytest.raises(JobNotFoundError):
        bench.jobs.get(name)
    assert bench.jobs.find(name) is None


@pytest.mark.parametrize("data", [b"", b"{}", b'{"state": "running"}', b"x" * (MOST_RECORD_BYTES + 1)])
def test_a_damaged_record_is_an_error_and_hides_no_other(bench: Bench, data: bytes) -> None:
    bench.submit(make_request(1))
    stored = bench.jobs.read(bench.submit(make_request(2)).id)
    key = f"jobs/{stored.job.id}/job.json"
    bench.store.replace(key, data, version=stored.version, content_type="x/y")
    with pytest.raises(DamagedJobError, match=stored.job.id):
        bench.jobs.get(stored.job.id)
    assert [job.id for job in bench.jobs.page(limit=10)[0]] == [make_request(1).id]


def test_the_newest_come_first_page_by_page(bench: Bench) -> None:
    made = []
    for seed in range(7):
        made.append(bench.submit(make_request(seed)).id)
        bench.clock.forward(0.01)
    seen: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        jobs, cursor = bench.jobs.page(limit=3, cursor=cursor)
        seen += [job.id for job in jobs]
        pages += 1
    assert seen == made[::-1]
    assert pages == 3
    assert bench.jobs.page(limit=7)[1] is None


def test_a_page_is_read_until_the_deadline(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.submit(make_request())
    over = threading.Event()
    monkeypatch.setattr(bench.store, "read", lambda *_, **__: over.wait(60))
    try:
        with until(Deadline(time.monotonic() + 0.1)), pytest.raises(StoreUnavailable, match="too long"):
            Jobs(with_deadline(bench.store)).page(limit=10)
    finally:
        over.set()


def test_the_same_job_is_added_once(bench: Bench) -> None:
    first, queued = bench.jobs.add(make_request(), over=OVER)
    second, again = bench.jobs.add(make_request(), over=OVER)
    assert (queued, again) == (True, False)
    assert first == second
    assert len(bench.store.keys("jobs/newest/")) == 1
    assert len([key for key in bench.store.keys("jobs/") if "samples" in key]) == 1


def test_of_many_at_once_one_adds_the_job(tmp_path: object) -> None:
    jobs = Jobs(FolderStore(str(tmp_path)))
    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(lambda _: jobs.add(make_request(), over=OVER), range(16)))
    assert [queued for _, queued in added].count(True) == 1
    assert len({job.request.input for job, _ in added}) == 1
    assert len(jobs.page(limit=10)[0]) == 1


def test_cancelled_and_queued_again(bench: Bench) -> None:
    job = bench.submit(make_request())
    worker = bench.worker(slice_seconds=1e-9)
    for _ in range(3):
        bench.step(worker)
        bench.clock.forward(0.01)
    cancelled = bench.jobs.cancel(job.id)
    assert (cancelled.state, cancelled.lease) == ("cancelled", None)
    assert cancelled.ended_at == bench.clock()
    assert bench.jobs.cancel(job.id) == cancelled
    assert not [key for key in bench.store.keys("jobs/") if "samples" in key]
    again = bench.submit(make_request())
    assert (again.state, again.attempts, again.slices, again.ended_at) == ("queued", 0, 0, None)
    assert again.created_at == job.created_at
    assert again.checkpoint is not None
    assert again.progress.iteration == 3, "it goes on from there"
    bench.run(worker)
    done = bench.jobs.get(job.id)
    assert (done.state, done.slices) == ("succeeded", 9)


def test_one_that_succeeded_is_not_queued_again_by_accident(bench: Bench) -> None:
    job = bench.submit(make_request())
    bench.run(bench.worker())
    done = bench.jobs.get(job.id)
    assert bench.jobs.add(make_request(), over=OVER) == (done, False)
    again, queued = bench.jobs.add(make_request(), over=["succeeded"])
    assert queued
    assert again.progress.iteration == 0
    bench.queue.send(again.id, turn=again.turn)
    bench.run(bench.worker())
    assert bench.jobs.get(job.id).state == "succeeded"


def test_the_job_of_a_model_that_something_else_has_made(bench: Bench) -> None:
    done = bench.jobs.add_done(make_request())
    assert (done.state, done.progress.iteration, done.request.input) == ("succeeded", 12, None)
    assert bench.jobs.add_done(make_request()) == done


def test_changes_at_once_all_count(tmp_path: object) -> None:
    jobs = Jobs(FolderStore(str(tmp_path)))
    job, _ = jobs.add(make_request(), over=())

    def change(_: int) -> None:
        jobs.change(job.id, lambda old: old.changed(jobs.clock(), turn=old.turn + 1))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(change, range(24)))
    assert jobs.get(job.id).turn == 24
