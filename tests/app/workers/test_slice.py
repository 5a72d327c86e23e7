"""What a slice tells of its progress, by a clock that is moved by hand."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.workers.lease import HeldJob
from app.workers.slice import Slice
from kohonen.checkpoints import Checkpoint
from kohonen.engines.cost import Cost
from tests.app.bench import Bench, make_request

#: Of an engine whose iterations are all alike.
STEADY = Cost(per_step=0.0, per_dimension=0.0, per_value=1.0)


@pytest.mark.parametrize("first", [0, 40])
def test_the_time_left_is_estimated_by_the_speed(bench: Bench, first: int) -> None:
    request = make_request(iterations=100)
    stored = bench.jobs.read(bench.submit(request).id)
    claimed = stored.job.claimed("token", bench.clock(), seconds=20).changed(bench.clock(), seconds=7.0)
    hold = HeldJob(bench.jobs, bench.jobs.replace(stored, claimed))
    now = 1000.0
    saved = Checkpoint(first, request.parameters.initial_weights(3), seconds=7.0) if first else None
    part = Slice(bench.jobs, hold, request, saved, interval=1e9, clock=lambda: now)
    training: Any = SimpleNamespace(
        cost=STEADY, parameters=request.parameters, iteration=first, last_iteration=100
    )
    part.start(training)
    part.report(20)
    assert bench.jobs.get(request.id).progress.seconds_left is None, "there is nothing to go by"
    for iteration in range(first + 1, 101):
        now += 0.5
        training.iteration = iteration
        part.checkpoints.after_iteration(training)
        part.report(20)
        told = bench.jobs.get(request.id).progress
        assert told.iteration == iteration
        assert told.seconds_left == pytest.approx(0.5 * (100 - iteration))
        assert told.seconds == pytest.approx(0.5 * (iteration - first) + (7.0 if first else 0.0))
