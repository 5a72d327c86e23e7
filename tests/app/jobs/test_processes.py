"""Workers in processes of their own: killed, stopped, and bounded in number.

A short job and a few jobs in every run. ``SOM_TEST_JOB_ITERATIONS=1000000`` and ``SOM_TEST_JOBS=200`` ask for
a job as long and for as many as the service is to bear.
"""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.jobs.jobs import Jobs
from app.jobs.process import NICENESS
from app.models import Models
from app.storage.folder import FolderStore
from app.training import TrainingRequest
from kohonen.frames import Moments
from tests.app.jobs.servers import ENDLESS, Server, children, serving, start, training, uninterrupted
from tests.app.jobs.test_frames import check, whole
from tests.waiting import PATIENCE, eventually

#: Many times as many as a worker gets through between two looks at its job, however fast it is.
ITERATIONS = int(os.environ.get("SOM_TEST_JOB_ITERATIONS", "20000"))
JOBS = int(os.environ.get("SOM_TEST_JOBS", "40"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def quick(tmp_path: Path, **more: object) -> dict[str, object]:
    return {
        "SOM_STORE": f"file:{tmp_path}",
        "SOM_WORKERS": 1,
        "SOM_LEASE_SECONDS": 1,
        "SOM_CHECKPOINT_SECONDS": 0.01,  # as often as it may be
        **more,
    }


def weights(tmp_path: Path, model_id: str) -> Any:
    models = Models(FolderStore(tmp_path))
    return models.weights(models.card(model_id))


def killed_on_the_way(tmp_path: Path, body: dict[str, Any], *, times: int, **settings: object) -> Any:
    """Have a job done that is killed some times on the way, with server and workers, and return it."""
    job = None
    for part in range(times):
        server = Server(**settings)
        job = job or server.call("POST", "/atrain", body)
        server.wait_for(job["id"], "running", (part + 1) * body["iterations"] // (times + 2))
        assert len(server.kill()) == 1
    with serving(**settings) as server:
        assert job
        return server.wait_for(job["id"], "succeeded")


def test_a_job_outlives_everybody_who_works_on_it(tmp_path: Path) -> None:
    body = {**training(ITERATIONS), "frames": 20}
    job = killed_on_the_way(tmp_path, body, times=3, **quick(tmp_path))
    assert job["slices"] >= 4
    np.testing.assert_array_equal(weights(tmp_path, job["id"]), uninterrupted(body))
    jobs = Jobs(FolderStore(tmp_path))
    record = jobs.get(job["id"])
    assert job["frames"] == 20
    assert len(record.frames) > 1, "in pieces"
    request = TrainingRequest(np.array(body["data"]), record.request.training, frames=Moments(20))
    check(jobs.files.frames(record), whole(request))


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    body = training(ITERATIONS)
    with serving(**quick(tmp_path)) as server:
        job = server.call("POST", "/atrain", body)
        server.wait_for(job["id"], "running", body["iterations"] // 3)
        (worker,) = children(server.process.pid)
        os.kill(worker, signal.SIGKILL)
        job = server.wait_for(job["id"], "succeeded")
    assert job["slices"] == 2
    np.testing.assert_array_equal(weights(tmp_path, job["id"]), uninterrupted(body))


def test_a_worker_gives_way_to_its_server_and_hears_no_interrupt_of_a_terminal(tmp_path: Path) -> None:
    with serving(**quick(tmp_path)) as server:
        job = server.call("POST", "/atrain", ENDLESS)
        server.wait_for(job["id"], "running", 1)
        (worker,) = children(server.process.pid)
        assert os.getpriority(os.PRIO_PROCESS, worker) == os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        assert os.getsid(worker) == os.getsid(server.process.pid), "niceness counts within a session"
        assert os.getpgid(worker) == worker


def test_workers_end_with_their_server_and_give_their_jobs_back(tmp_path: Path) -> None:
    settings = quick(tmp_path, SOM_LEASE_SECONDS=600, SOM_WORKERS=2)
    server = Server(**settings)
    job = server.call("POST", "/atrain", ENDLESS)
    server.wait_for(job["id"], "running")
    workers = children(server.process.pid)
    server.process.kill()  # it has no chance to tell them
    server.process.wait(PATIENCE)
    eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    # The lease would last for minutes, and so would the slots: both have been given back.
    with serving(**settings) as server:
        job = server.wait_for(job["id"], "running", job["progress"]["iteration"] + 1)
        assert job["attempts"] == 1
        assert server.call("DELETE", f"/jobs/{job['id']}")["state"] == "cancelled"


def test_a_job_that_does_not_notice_that_it_is_cancelled_is_in_nobody_s_way(tmp_path: Path) -> None:
    """One iteration of it takes many seconds: its process ends, and another takes its slot at once."""
    samples = np.random.default_rng(1).random((10_000, 3)).round(3).tolist()
    grid = {"width": 300, "height": 300, "boundary": "toroidal"}  # which NumPy trains
    body = {"data": samples, "iterations": 100, "random_state": 1, **grid}
    with serving(**quick(tmp_path, SOM_LEASE_SECONDS=3600)) as server:
        job = server.call("POST", "/atrain", body)
        eventually(lambda: server.call("GET", f"/jobs/{job['id']}")["progress"]["seconds"] > 0)
        assert server.call("DELETE", f"/jobs/{job['id']}")["state"] == "cancelled"
        following = server.call("POST", "/atrain", training(100))
        assert server.wait_for(following["id"], "succeeded")["attempts"] == 1


def test_servers_of_one_store_share_its_workers(tmp_path: Path) -> None:
    settings = quick(tmp_path, SOM_WORKERS=2, SOM_LEASE_SECONDS=20)
    with serving(**settings) as first, serving(**settings) as second:
        servers = [first, second]
        bodies = [{**ENDLESS, "random_state": seed} for seed in range(5)]
        jobs = [servers[n % 2].call("POST", "/atrain", body) for n, body in enumerate(bodies)]
        eventually(lambda: sum(job["state"] == "running" for job in first.call("GET", "/jobs")["jobs"]) == 2)
        time.sleep(1)
        states = [job["state"] for job in second.call("GET", "/jobs")["jobs"]]
        assert sorted(states) == ["queued"] * 3 + ["running"] * 2
        # Those who have found no slot end at once.
        eventually(lambda: sum(len(children(server.process.pid)) for server in servers) == 2)
        for job in jobs:
            second.call("DELETE", f"/jobs/{job['id']}")


def test_a_container_of_workers(tmp_path: Path) -> None:
    settings = quick(tmp_path)
    workers = start("worker", **settings)
    try:
        with serving(**{**settings, "SOM_WORKERS": 0}) as server:
            job = server.call("POST", "/atrain", training(1000))
            server.wait_for(job["id"], "succeeded")
            assert children(server.process.pid) == []
        workers.send_signal(signal.SIGTERM)
        assert workers.wait(PATIENCE) == 0
    finally:
        workers.kill()
        workers.wait()


def many_at_once(server: Server, count: int, *, clients: int, cancel: int) -> None:
    """Submit jobs from some clients at once, cancel some, and see what becomes of each."""
    body = training(2000, width=10, height=10)
    bodies = [
        {**(ENDLESS if seed >= count - cancel else body), "random_state": seed} for seed in range(count)
    ]

    def submit(body: dict[str, Any]) -> str:
        return str(server.call("POST", "/atrain", body)["id"])

    with ThreadPoolExecutor(clients) as threads:
        ids = list(threads.map(submit, bodies))
        assert len(set(ids)) == count
        for_cancelling = ids[-cancel:]
        cancelled = list(threads.map(lambda job: server.call("DELETE", f"/jobs/{job}"), for_cancelling))
        done = list(threads.map(lambda job: server.wait_for(job, "succeeded"), ids[:-cancel]))
    assert {job["slices"] for job in done} == {1}, "none twice"
    assert {job["model"]["id"] for job in done} == set(ids[:-cancel]), "none lost"
    assert {job["state"] for job in cancelled} == {"cancelled"}
    listed: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = server.call("GET", f"/jobs?max_results=100&cursor={cursor}")
        listed, cursor = listed + page["jobs"], page["next_cursor"]
    assert sorted(job["id"] for job in listed) == sorted(ids)


def test_many_jobs_at_once(tmp_path: Path) -> None:
    with serving(**quick(tmp_path, SOM_WORKERS=2, SOM_LEASE_SECONDS=600)) as server:
        many_at_once(server, JOBS, clients=8, cancel=JOBS // 5)
    assert [path.name for path in (tmp_path / "jobs").glob("queue/*")] == []
