"""The frames of jobs: kept with the checkpoints, through slices, crashes and second thoughts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from app.errors import DamagedJobError
from app.jobs.record import Job
from app.storage.port import StoreUnavailable
from app.training.request import TrainingRequest
from app.workers import worker as worker_module
from kohonen import train
from kohonen.animation.files import pack, unpack
from kohonen.animation.frames import Frame, Frames
from kohonen.animation.moments import Moments
from tests.app.bench import Bench, expected, make_request
from tests.app.workers.test_worker import ONE_ITERATION, Ticking

FIVE = Moments(5)


def whole(request: TrainingRequest) -> list[Frame]:
    """Return the frames of a training that nothing interrupts."""
    assert request.frames is not None
    frames = Frames(request.frames)
    train(request.samples, request.parameters, observers=[frames])
    return frames.frames


def check(found: Sequence[Frame], wanted: Sequence[Frame]) -> None:
    """Assert that frames are the same."""
    for one, other in zip(found, wanted, strict=True):
        assert (one.record, one.coloured, one.stride) == (other.record, other.coloured, other.stride)
        np.testing.assert_array_equal(one.colours, other.colours)
        np.testing.assert_array_equal(one.greys, other.greys)


def saved(bench: Bench, job: Job) -> list[str]:
    return bench.store.keys(f"jobs/{job.id}/frames-")


@pytest.mark.parametrize("initialisation", ["random", "pca"])
@pytest.mark.parametrize("dimension", [3, 4])
def test_they_are_read_as_they_were_written(initialisation: Any, dimension: int) -> None:
    request = make_request(frames=FIVE, dimension=dimension, initialisation=initialisation)
    frames = whole(request)
    bench = Bench()
    job = bench.jobs.add(request, over=())[0]
    piece = bench.jobs.files.save_frames(job, frames)
    assert (piece.count, piece.last, piece.size) == (5, 12, len(pack(frames)))
    check(bench.jobs.files.frames(job.changed(job.created_at, frames=(piece,))), frames)
    with pytest.raises(ValueError, match="its checksum has changed"):
        unpack(pack(frames[1:]), sha256=piece.sha256)


def test_slices_have_the_same_frames(bench: Bench) -> None:
    request = make_request(frames=FIVE, iterations=40)
    job = bench.submit(request)
    worker, counts = bench.worker(**ONE_ITERATION), []
    while bench.step(worker):
        job = bench.jobs.get(job.id)
        counts.append(sum(piece.count for piece in job.frames))
        assert {piece.key for piece in job.frames} == set(saved(bench, job))
        bench.clock.forward(0.01)
    assert (job.state, job.slices) == ("succeeded", 40)
    assert counts == [1] * 9 + [2] * 10 + [3] * 10 + [4] * 10 + [5]
    check(bench.jobs.files.frames(job), whole(request))
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


def test_in_one_go_they_are_saved_once(bench: Bench) -> None:
    request = make_request(frames=FIVE)
    job = bench.submit(request)
    bench.run(bench.worker())
    job = bench.jobs.get(job.id)
    assert [(piece.count, piece.last) for piece in job.frames] == [(5, 12)]
    check(bench.jobs.files.frames(job), whole(request))


@pytest.mark.parametrize("damage", [b"", None])
def test_without_its_checkpoint_a_training_captures_them_again(bench: Bench, damage: bytes | None) -> None:
    request = make_request(frames=FIVE)
    job = bench.submit(request)
    worker = bench.worker(**ONE_ITERATION)
    for _ in range(7):
        bench.step(worker)
        bench.clock.forward(0.01)
    assert len(saved(bench, job)) == 3
    (key,) = bench.store.keys(f"jobs/{job.id}/checkpoint-")
    bench.store.delete(key)
    if damage is not None:
        bench.store.create(key, damage, content_type="x/y")
    bench.run(worker)
    job = bench.jobs.get(job.id)
    check(bench.jobs.files.frames(job), whole(request))
    assert set(saved(bench, job)) == {piece.key for piece in job.frames}, "nothing else is left"


def test_what_a_crash_leaves_is_in_nobody_s_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    request = make_request(frames=Moments(100))
    job = bench.submit(request)
    with monkeypatch.context() as patch:
        # Frames are stored, and the record is never written that would name them.
        patch.setattr("app.workers.lease.HeldJob.change", refuse)
        with pytest.raises(StoreUnavailable):
            bench.step(bench.worker(**ONE_ITERATION))
    assert len(saved(bench, job)) == 1
    assert bench.jobs.get(job.id).frames == ()
    bench.clock.forward(60)
    bench.run(bench.worker())
    job = bench.jobs.get(job.id)
    check(bench.jobs.files.frames(job), whole(request))
    assert [piece.key for piece in job.frames] == saved(bench, job)


def refuse(*_: Any, **__: Any) -> None:
    raise StoreUnavailable("no", retry_after=1)


def test_a_checkpoint_that_cannot_be_stored_loses_no_frames(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Ticking()
    monkeypatch.setattr(worker_module, "train", clock.train)
    request = make_request(frames=Moments(100))
    job = bench.submit(request)
    save, calls = bench.jobs.files.save_frames, []

    def flaky(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) % 2:
            refuse()
        return save(*arguments)

    monkeypatch.setattr(bench.jobs.files, "save_frames", flaky)
    bench.run(bench.worker(checkpoint_seconds=1, clock=clock))
    check(bench.jobs.files.frames(bench.jobs.get(job.id)), whole(request))


def test_damaged_frames_are_said(bench: Bench) -> None:
    job = bench.submit(make_request(frames=FIVE))
    bench.run(bench.worker())
    job = bench.jobs.get(job.id)
    (key,) = saved(bench, job)
    bench.store.delete(key)
    for content in (None, b"nothing", b"x" * 100_000):
        if content is not None:
            bench.store.delete(key)
            bench.store.create(key, content, content_type="x/y")
        with pytest.raises(DamagedJobError, match="frames of job"):
            bench.jobs.files.frames(job)


def test_other_frames_begin_again_and_the_same_go_on(bench: Bench) -> None:
    request = make_request(frames=FIVE)
    job = bench.submit(request)
    worker = bench.worker(**ONE_ITERATION)

    def cancelled_at(iteration: int) -> Job:
        while bench.jobs.get(job.id).progress.iteration != iteration:
            assert bench.step(worker)
            bench.clock.forward(0.01)
        return bench.jobs.cancel(job.id)

    before = cancelled_at(7)
    assert bench.submit(make_request(frames=FIVE)).frames == before.frames
    cancelled_at(8)
    plain = bench.submit(make_request())
    assert plain.checkpoint is not None
    assert plain.request.frames == FIVE, "what was asked for once is captured"
    cancelled_at(9)
    other = bench.submit(make_request(frames=Moments(3)))
    assert (other.checkpoint, other.frames, other.progress.iteration) == (None, (), 0)
    bench.run(worker)
    job = bench.jobs.get(job.id)
    check(bench.jobs.files.frames(job), whole(make_request(frames=Moments(3))))
    assert set(saved(bench, job)) == {piece.key for piece in job.frames}


def test_frames_after_none_begin_again(bench: Bench) -> None:
    job = bench.submit(make_request())
    bench.step(bench.worker(**ONE_ITERATION))
    bench.jobs.cancel(job.id)
    again = bench.submit(make_request(frames=FIVE))
    assert (again.checkpoint, again.request.frames) == (None, FIVE)
    bench.run(bench.worker())
    check(bench.jobs.files.frames(bench.jobs.get(job.id)), whole(make_request(frames=FIVE)))


def test_a_job_that_has_not_begun_captures_what_another_request_wants(bench: Bench) -> None:
    job = bench.submit(make_request())
    assert bench.jobs.join(job.id, None, FIVE).request.frames == FIVE
    assert bench.jobs.join(job.id, None).request.frames == FIVE
    bench.step(bench.worker(**ONE_ITERATION))
    assert bench.jobs.join(job.id, None, Moments(3)).request.frames == FIVE, "it is too late"
    bench.run(bench.worker())
    check(bench.jobs.files.frames(bench.jobs.get(job.id)), whole(make_request(frames=FIVE)))


def test_a_job_that_has_ended_loses_its_frames_when_it_is_cancelled_once_more(bench: Bench) -> None:
    job = bench.submit(make_request(frames=FIVE))
    bench.step(bench.worker(**ONE_ITERATION))
    cancelled = bench.jobs.cancel(job.id)
    assert (cancelled.state, len(cancelled.frames)) == ("cancelled", 1)
    assert saved(bench, job)
    again = bench.jobs.cancel(job.id)
    assert (again.state, again.frames, again.request.frames) == ("cancelled", (), None)
    assert saved(bench, job) == []
    assert bench.jobs.cancel(job.id) == again
    assert bench.submit(make_request()).checkpoint is not None, "the rest is kept"
