"""Workers in processes of their own: killed, stopped, and limited in number.

A short job and a few jobs in every run; ``SOM_TEST_JOB_ITERATIONS=500000`` and ``SOM_TEST_JOBS=200`` for a
job as long and for as many as the service is to bear.
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

from app.commands.worker_process import NICENESS
from app.jobs.store import Jobs
from app.models import Models
from app.storage.folder import FolderStore
from app.training.request import TrainingRequest
from kohonen.animation.moments import Moments
from tests.app.workers.servers import ENDLESS, Server, children, make_body, serving, start, uninterrupted
from tests.app.workers.test_frames import check, whole
from tests.waiting import PATIENCE, eventually

ITERATIONS = int(os.environ.get("SOM_TEST_JOB_ITERATIONS", "400"))
JOBS = int(os.environ.get("SOM_TEST_JOBS", "40"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


#: Slices of one iteration each. Each is written to the store, so many of them take a while on any machine.
SLICES = {"SOM_SLICE_SECONDS": 1e-9, "SOM_MAX_JOB_SLICES": 10**9}


def quick(tmp_path: Path, **more: object) -> dict[str, object]:
    return {
        "SOM_STORE": f"file:{tmp_path}",
        "SOM_WORKERS": 1,
        "SOM_LEASE_SECONDS": 1,
        "SOM_CHECKPOINT_SECONDS": 0.2,
        "SOM_MAX_JOB_SECONDS": 1e9,
        "SOM_MAX_ITERATION_SECONDS": 1e9,
        "TMPDIR": tmp_path.parent,
        **more,
    }


def weights(tmp_path: Path, model_id: str) -> Any:
    models = Models(FolderStore(tmp_path))
    return models.weights(models.card(model_id))


def killed_on_the_way(body: dict[str, Any], *, times: int, **settings: object) -> Any:
    """Have a job done that is killed some times on the way, with server and workers, and return it."""
    job = None
    for part in range(times):
        server = Server(**settings, **SLICES)
        job = job or server.call("POST", "/atrain", body)
        server.wait_for(job["id"], "running", 25 * (part + 1))
        assert len(server.kill()) == 1
    with serving(**settings) as server:
        assert job
        return server.wait_for(job["id"], "succeeded")


def test_a_job_outlives_everybody_who_works_on_it(tmp_path: Path) -> None:
    body = {**make_body(ITERATIONS), "frames": 20}
    job = killed_on_the_way(body, times=3, **quick(tmp_path))
    assert job["slices"] > 75
    np.testing.assert_array_equal(weights(tmp_path, job["id"]), uninterrupted(body))
    jobs = Jobs(FolderStore(tmp_path))
    record = jobs.get(job["id"])
    assert job["frames"] == 20
    assert len(record.frames) > 1, "in pieces"
    request = TrainingRequest(np.array(body["data"]), record.request.training, frames=Moments(20))
    check(jobs.files.frames(record), whole(request))


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    body = make_body(150)
    with serving(**quick(tmp_path), **SLICES) as server:
        job = server.call("POST", "/atrain", body)
        server.wait_for(job["id"], "running", 5)
        (worker,) = children(server.process.pid)
        os.kill(worker, signal.SIGKILL)
        job = server.wait_for(job["id"], "succeeded")
        assert children(server.process.pid) != [worker]
    assert job["slices"] in (150, 151), "the slice that was killed, if any, and no other"
    np.testing.assert_array_equal(weights(tmp_path, job["id"]), uninterrupted(body))


def test_a_worker_gives_way_to_its_server_and_hears_no_interrupt_of_a_terminal(tmp_path: Path) -> None:
    with serving(**quick(tmp_path)) as server:
        job = server.call("POST", "/atrain", make_body(ENDLESS))
        server.wait_for(job["id"], "running", 1)
        (worker,) = children(server.process.pid)
        assert os.getpriority(os.PRIO_PROCESS, worker) == min(
            19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        )
        assert os.getsid(worker) == os.getsid(server.process.pid), "niceness counts within a session"
        assert os.getpgid(worker) == worker


def test_workers_end_with_their_server_and_give_their_jobs_back(tmp_path: Path) -> None:
    body = make_body(ENDLESS)
    settings = quick(tmp_path, SOM_LEASE_SECONDS=600, SOM_WORKERS=2)
    server = Server(**settings)
    job = server.call("POST", "/atrain", body)
    server.wait_for(job["id"], "running")
    workers = children(server.process.pid)
    server.process.kill()  # it has no chance to tell them
    server.process.wait(PATIENCE)
    eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    # The lease would last for minutes, and has been given back.
    with serving(**settings) as server:
        job = server.wait_for(job["id"], "running", job["progress"]["iteration"] + 1)
        assert job["attempts"] == 1
        assert server.call("DELETE", f"/jobs/{job['id']}")["state"] == "cancelled"


def test_a_job_that_does_not_notice_that_it_is_cancelled_is_in_nobody_s_way(tmp_path: Path) -> None:
    """One iteration of it takes many seconds: its process ends, and another takes its place."""
    samples = np.random.default_rng(1).random((10_000, 3)).round(3).tolist()
    grid = {"width": 300, "height": 300, "boundary": "toroidal"}  # which NumPy trains
    body = {"data": samples, "iterations": 100, "random_state": 1, **grid}
    with serving(**quick(tmp_path, SOM_LEASE_SECONDS=3600)) as server:
        job = server.call("POST", "/atrain", body)
        eventually(lambda: server.call("GET", f"/jobs/{job['id']}")["progress"]["seconds"] > 0)
        assert server.call("DELETE", f"/jobs/{job['id']}")["state"] == "cancelled"
        following = server.call("POST", "/atrain", make_body(20))
        assert server.wait_for(following["id"], "succeeded")["attempts"] == 1


def test_servers_of_one_host_share_the_workers_of_a_store(tmp_path: Path) -> None:
    settings = quick(tmp_path, SOM_WORKERS=2, SOM_LEASE_SECONDS=3600)
    with serving(**settings) as first, serving(**settings) as second:
        servers = [first, second]
        bodies = [{**make_body(ENDLESS), "random_state": seed} for seed in range(5)]
        for n, body in enumerate(bodies):
            servers[n % 2].call("POST", "/atrain", body)

        def running(server: Server) -> int:
            return [job["state"] for job in server.call("GET", "/jobs")["jobs"]].count("running")

        eventually(lambda: running(first) == 2)
        time.sleep(2)  # both supervisors have looked for work since
        assert running(first) == 2
        (working,) = (server for server in servers if children(server.process.pid))
        (other,) = (server for server in servers if server is not working)
        # The kernel releases the lock of those that are killed. The leases of their jobs last for an hour.
        assert len(working.kill()) == 2
        eventually(lambda: running(other) == 4)
        assert len(children(other.process.pid)) == 2
        for job in other.call("GET", "/jobs")["jobs"]:
            other.call("DELETE", f"/jobs/{job['id']}")


def test_a_container_of_workers(tmp_path: Path) -> None:
    settings = quick(tmp_path)
    workers = start("worker", **settings)
    try:
        with serving(**{**settings, "SOM_WORKERS": 0}) as server:
            job = server.call("POST", "/atrain", make_body(20))
            server.wait_for(job["id"], "succeeded")
            assert children(server.process.pid) == []
        workers.send_signal(signal.SIGTERM)
        assert workers.wait(PATIENCE) == 0
    finally:
        workers.kill()
        workers.wait()


def many_at_once(server: Server, count: int, *, clients: int, cancel: int) -> None:
    """Submit jobs from some clients at once, cancel some, and see what becomes of each."""
    body = make_body(2000, width=10, height=10)
    bodies = [
        {**(make_body(ENDLESS) if seed >= count - cancel else body), "random_state": seed}
        for seed in range(count)
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
