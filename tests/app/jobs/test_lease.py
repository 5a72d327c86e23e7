"""The lease of a job, and the thread that keeps it."""

import time

import pytest

from app.jobs.lease import Heart, Hold, LeaseLostError
from app.storage.port import StoreUnavailable
from tests.app.jobs.conftest import Bench, make_request


def hold(bench: Bench) -> Hold:
    stored = bench.jobs.read(bench.submit(make_request()).id)
    return Hold(bench.jobs, bench.jobs.replace(stored, stored.job.claimed("mine", bench.clock(), seconds=20)))


def test_changes_of_others_that_leave_us_the_lease_are_kept(bench: Bench) -> None:
    held = hold(bench)
    bench.jobs.change(held.job.id, lambda job: job.changed(bench.clock(), seconds=3.5))
    held.check()
    bench.jobs.change(held.job.id, lambda job: job.changed(bench.clock(), seconds=4.5))
    changed = held.change(lambda job: job.renewed(bench.clock(), seconds=30))
    assert changed.seconds == 4.5
    assert bench.jobs.get(held.job.id) == changed


@pytest.mark.parametrize("how", ["cancelled", "taken", "gone"])
def test_a_lease_that_is_lost(bench: Bench, how: str) -> None:
    held = hold(bench)
    if how == "cancelled":
        bench.jobs.cancel(held.job.id)
    elif how == "taken":
        bench.jobs.change(held.job.id, lambda job: job.claimed("other", bench.clock(), seconds=20))
    else:
        bench.store.delete(f"jobs/{held.job.id}/job.json")
    with pytest.raises(LeaseLostError):
        held.check()
    with pytest.raises(LeaseLostError):
        held.change(lambda job: job.renewed(bench.clock(), seconds=30))
    assert held.job.ended is (how == "cancelled")


def test_the_heart_beats_and_stops(bench: Bench) -> None:
    beats: list[float] = []
    with Heart(hold(bench), look=0.005, beat=lambda: beats.append(0), every=2, patience=9) as heart:
        until = time.monotonic() + 120
        while len(beats) < 3:
            assert time.monotonic() < until
            time.sleep(0.005)
        assert not heart.lost
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count


def test_a_store_that_fails_for_long_counts_as_a_lease_that_is_lost(bench: Bench) -> None:
    def beat() -> None:
        raise StoreUnavailable("no")

    with Heart(hold(bench), look=0.005, beat=beat, every=1, patience=0.05) as heart:
        until = time.monotonic() + 120
        while not heart.lost:
            assert time.monotonic() < until
            time.sleep(0.005)
