"""The lease of a job, and the thread that keeps it."""

import time

import pytest

from app.storage.port import StoreUnavailable
from app.workers.lease import HeldJob, LeaseLostError, LeaseRenewal
from tests.app.bench import Bench, make_request
from tests.waiting import eventually


def make_held(bench: Bench) -> HeldJob:
    stored = bench.jobs.read(bench.submit(make_request()).id)
    return HeldJob(
        bench.jobs, bench.jobs.replace(stored, stored.job.claimed("mine", bench.clock(), seconds=20))
    )


def test_changes_of_others_that_leave_us_the_lease_are_kept(bench: Bench) -> None:
    held = make_held(bench)
    bench.jobs.change(held.job.id, lambda job: job.changed(bench.clock(), seconds=3.5))
    held.check()
    bench.jobs.change(held.job.id, lambda job: job.changed(bench.clock(), seconds=4.5))
    changed = held.change(lambda job: job.renewed(bench.clock(), seconds=30))
    assert changed.seconds == 4.5
    assert bench.jobs.get(held.job.id) == changed


@pytest.mark.parametrize("how", ["cancelled", "taken", "gone"])
def test_a_lease_that_is_lost(bench: Bench, how: str) -> None:
    held = make_held(bench)
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


def test_the_lease_is_renewed_until_the_block_ends(bench: Bench) -> None:
    renewals: list[float] = []
    with LeaseRenewal(
        make_held(bench), interval=0.005, renew=lambda: renewals.append(0), every=2, patience=9
    ) as renewal:
        eventually(lambda: len(renewals) >= 3)
        assert not renewal.lost
    count = len(renewals)
    time.sleep(0.05)
    assert len(renewals) == count


def test_a_store_that_fails_for_long_counts_as_a_lease_that_is_lost(bench: Bench) -> None:
    def renew() -> None:
        raise StoreUnavailable("no")

    with LeaseRenewal(make_held(bench), interval=0.005, renew=renew, every=1, patience=0.05) as renewal:
        eventually(lambda: renewal.lost)
