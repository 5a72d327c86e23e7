"""A crash while a job is submitted; `tests/test_resume.py` has those of its worker."""

from typing import cast

import numpy as np

from app.jobs.queue.store import LocalQueue
from app.jobs.service import STRANDED_SECONDS, JobService
from app.jobs.store import Jobs
from app.models import Models
from app.settings import Settings
from app.storage.port import Store
from app.training.request import TrainingRequest
from tests.app.bench import Bench, expected, make_request
from tests.app.models.test_on_every_store import Crashed, Crashing


def test_a_crash_at_any_write_of_a_submission() -> None:
    """The same request again completes it: a new job, one that was cancelled, or whose model has gone."""
    request = make_request(1, iterations=4)
    for before in ("nothing", "cancelled", "succeeded"):
        writes, crashed = 0, True
        while crashed:
            bench = Bench()
            if before != "nothing":
                job = bench.submit(request)
                if before == "succeeded":
                    bench.run(bench.worker())
                    bench.models.delete(job.id)
                else:
                    bench.jobs.cancel(job.id)
                    bench.run(bench.worker())
            crashed = not submits(bench, cast(Store, Crashing(bench.store, writes)), request)
            bench.clock.forward(STRANDED_SECONDS + 1)
            assert submits(bench, bench.store, request)
            bench.run(bench.worker())
            assert bench.jobs.get(request.id).state == "succeeded", (before, writes)
            np.testing.assert_array_equal(bench.weights(request.id), expected(request).weights)
            assert bench.store.keys("jobs/queue/") == []
            assert [job.id for job in bench.jobs.page(limit=10)[0]] == [request.id]
            writes += 1
        assert writes > 2


def submits(bench: Bench, store: Store, request: TrainingRequest) -> bool:
    jobs, queue = Jobs(store, clock=bench.clock), LocalQueue(store, clock=bench.clock)
    try:
        JobService(jobs, Models(store), queue, Settings()).submit(request)
    except Crashed:
        return False
    return True
