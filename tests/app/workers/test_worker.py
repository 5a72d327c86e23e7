"""What a worker does with a message: decisions, without processes."""

import datetime
import threading
from typing import Any

import numpy as np
import pytest

from app.jobs.record import Job
from app.storage.port import StoreUnavailable
from app.training.request import TrainingRequest
from app.workers import worker as worker_module
from app.workers.lease import HeldJob
from kohonen import Observer, Parameters, Preparation, TrainedMap, Training, train
from kohonen.checkpoints import Checkpoint
from kohonen.inputs.frames import Columns
from tests.app.bench import Bench, expected, make_request
from tests.waiting import PATIENCE, eventually

#: The shortest slice: it does one iteration, however fast the machine is.
ONE_ITERATION: dict[str, Any] = {"slice_seconds": 1e-9}


class BoomError(Exception):
    """Something that nobody has foreseen."""


def fail(*_: Any, **__: Any) -> TrainedMap:
    raise BoomError("secret")


def test_a_job_makes_the_model_that_a_request_makes(bench: Bench) -> None:
    request = make_request(keep_data=False)
    job = bench.submit(request)
    assert (job.state, job.attempts, job.progress.iteration) == ("queued", 0, 0)
    assert bench.run(bench.worker()) == 1
    job = bench.jobs.get(job.id)
    assert (job.state, job.attempts, job.slices) == ("succeeded", 1, 1)
    assert job.progress.iteration == job.progress.iterations == 12
    assert job.progress.seconds_left == 0
    assert job.lease is None
    assert job.ended_at == job.updated_at
    assert job.created_at <= job.started_at <= job.ended_at  # type: ignore[operator]
    card = bench.models.card(request.id)
    assert job.progress.quantization_error == card.quality.quantization_error
    assert card.data.kept is False
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


def test_nothing_but_the_record_is_left_of_a_job_that_is_done(bench: Bench) -> None:
    job = bench.submit(make_request())
    bench.run(bench.worker(**ONE_ITERATION))
    assert [key for key in bench.store.keys("jobs/") if "newest" not in key] == [f"jobs/{job.id}/job.json"]


def test_slices_make_the_same_model(bench: Bench) -> None:
    request = make_request(iterations=40)
    job = bench.submit(request)
    worker, seen = bench.worker(**ONE_ITERATION), [0]
    while bench.step(worker):
        seen.append(bench.jobs.get(job.id).progress.iteration)
        bench.clock.forward(0.01)
    assert seen == list(range(41))
    job = bench.jobs.get(job.id)
    assert (job.state, job.slices, job.attempts) == ("succeeded", 40, 1)
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)
    assert bench.models.card(job.id).engine.seconds == pytest.approx(job.seconds)


def test_a_table_that_misses_values_is_trained_in_slices(bench: Bench) -> None:
    table: Columns = {"a": [1.0, None, 3.0, 7.0], "kind": ["x", "y", None, "x"]}
    preparation = Preparation.fit(table)
    parameters = Parameters(width=6, height=4, iterations=12, random_state=1)
    request = TrainingRequest(preparation.transform(table), parameters, preparation=preparation)
    job = bench.submit(request)
    bench.run(bench.worker(**ONE_ITERATION))
    job = bench.jobs.get(job.id)
    assert (job.state, job.slices, job.id) == ("succeeded", 12, request.id)
    whole = train(request.samples, parameters, missing="mask")
    np.testing.assert_array_equal(bench.weights(job.id), whole.weights)
    card = bench.models.card(job.id)
    assert card.table == preparation
    np.testing.assert_array_equal(bench.models.samples(card), request.samples)


def test_a_model_gets_the_names_of_every_request(bench: Bench, gate: "Gate") -> None:
    job = bench.submit(make_request(name="first"))
    thread = threading.Thread(target=bench.run, args=[bench.worker()])
    thread.start()
    assert gate.entered.wait(PATIENCE)
    assert bench.jobs.join(job.id, "second").names == ("first", "second")
    assert bench.jobs.join(job.id, None).names == ("first", "second")
    gate.go.set()
    thread.join(PATIENCE)
    assert bench.jobs.get(job.id).state == "succeeded"
    revisions = bench.models.names.revisions(job.id)
    assert [str(revision) for revision in revisions] == ["first@1", "second@1"]
    # From now on, whoever asks gives the name by himself: the record only tells it.
    assert bench.jobs.join(job.id, "third").names == ("first", "second", "third")
    assert len(bench.models.names.revisions(job.id)) == 2


def test_a_name_that_is_asked_for_in_the_last_moment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.submit(make_request(name="first"))
    add = bench.models.add
    asked: list[Job] = []

    def late(*arguments: Any, **more: Any) -> Any:
        stored = add(*arguments, **more)
        if not asked:
            asked.append(bench.jobs.join(job.id, "second"))
        return stored

    monkeypatch.setattr(bench.models, "add", late)
    bench.run(bench.worker())
    assert bench.jobs.get(job.id).state == "succeeded"
    assert len(bench.models.names.revisions(job.id)) == 2


def test_each_slice_sends_a_new_message(bench: Bench) -> None:
    job = bench.submit(make_request())
    worker = bench.worker(**ONE_ITERATION)
    for turn in range(3):
        message = bench.queue.receive(wait=0)
        assert message is not None
        assert (message.job, message.turn) == (job.id, turn)
        worker.process(message)
        assert len(bench.store.keys("jobs/queue/")) == 1


def test_jobs_take_turns(bench: Bench) -> None:
    first = bench.submit(make_request(1))
    bench.clock.forward(1)
    second = bench.submit(make_request(2))
    worker = bench.worker(**ONE_ITERATION)
    bench.clock.forward(1)
    for _ in range(4):
        bench.step(worker)
        bench.clock.forward(1)
    assert [bench.jobs.get(job.id).progress.iteration for job in (first, second)] == [2, 2]


def claim(bench: Bench, job: Job, seconds: float = 20) -> Job:
    """Have somebody else take a job, who then is never heard of again."""
    return bench.jobs.change(job.id, lambda old: old.claimed("other", bench.clock(), seconds=seconds))


def test_two_workers_do_not_train_one_job(bench: Bench) -> None:
    job = bench.submit(make_request())
    held = claim(bench, job)
    bench.clock.forward(1)
    bench.queue.send(job.id, turn=0)  # a duplicate
    assert bench.run(bench.worker()) == 2
    assert bench.jobs.get(job.id) == held
    assert len(bench.store.keys("jobs/queue/")) == 2, "both come back when the lease is over"


def test_whoever_died_is_taken_over_when_the_lease_ends(bench: Bench) -> None:
    request = make_request()
    job = bench.submit(request)
    claim(bench, job, seconds=20)
    worker = bench.worker()
    bench.run(worker)
    bench.clock.forward(20.2)
    assert bench.run(worker) == 0, "not yet"
    bench.clock.forward(0.4)
    assert bench.run(worker) == 1
    job = bench.jobs.get(job.id)
    assert (job.state, job.attempts, job.slices) == ("succeeded", 2, 2)
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


def claim_by_a_clock_ahead(bench: Bench, job: Job, *, ahead: float, seconds: float) -> Job:
    """Have a worker take a job whose clock is ahead of ours."""
    now = bench.clock() + datetime.timedelta(seconds=ahead)
    return bench.jobs.change(job.id, lambda old: old.claimed("ahead", now, seconds=seconds))


@pytest.mark.parametrize("seconds", [20, 60])
def test_a_lease_of_a_clock_that_is_ahead_ends_after_its_length(bench: Bench, seconds: float) -> None:
    """Our leases last for 20 seconds, and those of the other server maybe longer."""
    request = make_request()
    job = bench.submit(request)
    claim_by_a_clock_ahead(bench, job, ahead=3600, seconds=seconds)
    worker = bench.worker(lease_seconds=20)
    assert bench.run(worker) == 1
    bench.clock.forward(seconds - 0.1)
    assert bench.run(worker) == 0, "it may be alive"
    bench.clock.forward(0.6)
    assert bench.run(worker) == 1
    done = bench.jobs.get(job.id)
    assert (done.state, done.attempts) == ("succeeded", 2)
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


def test_a_worker_with_a_clock_that_is_ahead_keeps_its_job(bench: Bench) -> None:
    job = bench.submit(make_request())
    taken = claim_by_a_clock_ahead(bench, job, ahead=3600, seconds=20)
    held = HeldJob(bench.jobs, bench.jobs.read(job.id)._replace(job=taken))
    worker = bench.worker()
    for _ in range(5):
        assert bench.run(worker) == 1
        bench.clock.forward(20)
        now = bench.clock() + datetime.timedelta(seconds=3600)
        held.change(lambda job, now=now: job.renewed(now, seconds=20))  # type: ignore[misc]
        bench.clock.forward(0.6)
    kept = bench.jobs.get(job.id)
    assert (kept.state, kept.attempts, kept.slices) == ("running", 1, 1)
    assert kept.held_by("ahead")


def test_a_lease_is_as_long_as_it_says(bench: Bench) -> None:
    """Another server's leases may be longer than ours."""
    job = claim(bench, bench.submit(make_request()), seconds=600)
    assert job.held_until(bench.clock()) == bench.clock() + datetime.timedelta(seconds=600)
    assert job.capped(bench.clock()) is job
    assert bench.run(bench.worker(lease_seconds=20)) == 1
    assert bench.jobs.get(job.id) == job


def test_a_message_from_before_is_dropped(bench: Bench) -> None:
    job = bench.submit(make_request())
    worker = bench.worker(**ONE_ITERATION)
    bench.step(worker)
    before = bench.jobs.get(job.id)
    for key in bench.store.keys("jobs/queue/"):
        bench.store.delete(key)
    bench.queue.send(job.id, turn=0)
    assert bench.run(worker) == 1
    assert bench.jobs.get(job.id) == before


def test_messages_of_jobs_that_ended_or_never_were_are_dropped(bench: Bench) -> None:
    job = bench.submit(make_request())
    bench.jobs.cancel(job.id)
    bench.queue.send("0" * 32, turn=0)
    assert bench.run(bench.worker()) == 2
    assert bench.store.keys("jobs/queue/") == []
    assert bench.jobs.get(job.id).state == "cancelled"


def test_a_duplicate_of_a_job_that_is_done_does_nothing(bench: Bench) -> None:
    job = bench.submit(make_request())
    bench.run(bench.worker())
    done = bench.jobs.get(job.id)
    bench.queue.send(job.id, turn=0)
    bench.run(bench.worker())
    assert bench.jobs.get(job.id) == done


def test_a_poisoned_job_fails_in_the_end(bench: Bench) -> None:
    job = bench.submit(make_request())
    worker = bench.worker(max_job_attempts=3)
    for attempt in (1, 2, 3):
        assert claim(bench, job).attempts == attempt
        bench.clock.forward(21)
    bench.run(worker)
    job = bench.jobs.get(job.id)
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.problem is not None
    assert job.problem["type"] == "urn:kohonen:problem:gave-up"
    assert "started 3 times without getting further than iteration 0" in job.problem["detail"]
    assert bench.store.keys("jobs/queue/") == []
    assert not [key for key in bench.store.keys("jobs/") if "samples" in key]


def test_getting_further_forgives_failures(bench: Bench) -> None:
    job = bench.submit(make_request())
    worker = bench.worker(max_job_attempts=2, **ONE_ITERATION)
    for _ in range(6):
        claim(bench, job)  # a worker that dies
        bench.clock.forward(21)
        bench.step(worker)  # one that gets an iteration further
        assert bench.jobs.get(job.id).attempts == 1
    assert bench.jobs.get(job.id).progress.iteration == 6


def test_slices_are_bounded(bench: Bench) -> None:
    job = bench.submit(make_request())
    bench.run(bench.worker(max_job_slices=5, **ONE_ITERATION))
    job = bench.jobs.get(job.id)
    assert job.state == "failed"
    assert job.problem is not None
    assert "after 5 slices" in job.problem["detail"]


def test_what_goes_wrong_unforeseen_is_tried_again_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request()
    job = bench.submit(request)
    monkeypatch.setattr(worker_module, "train", fail)
    worker = bench.worker()
    assert bench.run(worker) == 1
    assert "secret" in caplog.text, "the log tells all"
    job = bench.jobs.get(job.id)
    assert (job.state, job.attempts, job.lease) == ("running", 2, None)
    monkeypatch.setattr(worker_module, "train", train)
    bench.clock.forward(4)
    assert bench.run(worker) == 0
    bench.clock.forward(2)
    assert bench.run(worker) == 1
    assert bench.jobs.get(job.id).state == "succeeded"


def test_what_goes_wrong_every_time_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.submit(make_request())
    monkeypatch.setattr(worker_module, "train", fail)
    worker, tries = bench.worker(max_job_attempts=4), 0
    for _ in range(10):
        tries += bench.run(worker)
        bench.clock.forward(100)
    job = bench.jobs.get(job.id)
    assert (job.state, job.attempts, tries) == ("failed", 4, 4)
    assert job.problem is not None
    assert job.problem["status"] == 500
    assert "BoomError" in job.problem["detail"]
    assert "secret" not in str(job.problem)


def test_samples_that_are_gone_fail_at_once(bench: Bench) -> None:
    job = bench.submit(make_request())
    assert job.request.input
    bench.store.delete(job.request.input)
    bench.run(bench.worker())
    job = bench.jobs.get(job.id)
    assert (job.state, job.attempts) == ("failed", 1)
    assert job.problem is not None
    assert job.problem["type"] == "urn:kohonen:problem:damaged-job"


def test_samples_that_are_others_fail_at_once(bench: Bench) -> None:
    job, other = bench.submit(make_request(1)), bench.submit(make_request(2))
    assert job.request.input
    assert other.request.input
    version = bench.store.read(job.request.input, max_bytes=10_000).version
    data = bench.store.read(other.request.input, max_bytes=10_000).data
    bench.store.replace(job.request.input, data, version=version, content_type="x/y")
    bench.run(bench.worker())
    assert bench.jobs.get(job.id).state == "failed"
    assert bench.jobs.get(other.id).state == "succeeded"


@pytest.mark.parametrize("damage", [b"", b"nothing", None])
def test_without_its_checkpoint_a_training_begins_again(bench: Bench, damage: bytes | None) -> None:
    request = make_request()
    job = bench.submit(request)
    worker = bench.worker(**ONE_ITERATION)
    for _ in range(5):
        bench.step(worker)
        bench.clock.forward(0.01)
    (key,) = bench.store.keys(f"jobs/{job.id}/checkpoint-")
    version = bench.store.read(key, max_bytes=10_000).version
    if damage is None:
        bench.store.delete(key)
    else:
        bench.store.replace(key, damage, version=version, content_type="x/y")
    seen = []
    while bench.step(worker):
        seen.append(bench.jobs.get(job.id).progress.iteration)
        bench.clock.forward(0.01)
    assert seen == sorted(seen), "a reader never sees it go back"
    assert seen[:5] == [5] * 5
    assert bench.jobs.get(job.id).state == "succeeded"
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


def test_checkpoints_are_made_at_intervals_and_replace_each_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit(make_request(iterations=12))
    clock = Ticking()
    monkeypatch.setattr(worker_module, "train", clock.train)
    saved: list[int] = []
    save = bench.jobs.files.save

    def spy(job: Job, checkpoint: Checkpoint) -> Any:
        saved.append(checkpoint.iteration)
        assert len(bench.store.keys(f"jobs/{job.id}/checkpoint-")) == min(len(saved) - 1, 1)
        return save(job, checkpoint)

    monkeypatch.setattr(bench.jobs.files, "save", spy)
    bench.run(bench.worker(checkpoint_seconds=1, clock=clock))
    assert saved == list(range(1, 13))
    assert bench.jobs.get(job.id).state == "succeeded"


def test_a_checkpoint_that_cannot_be_stored_does_not_end_the_training(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit(make_request())

    def refuse(*_: Any) -> None:
        raise StoreUnavailable("no", retry_after=1)

    monkeypatch.setattr(bench.jobs.files, "save", refuse)
    bench.run(bench.worker(checkpoint_seconds=1e-9))
    assert bench.jobs.get(job.id).state == "succeeded"


class Ticking(Observer):
    """A clock by which each iteration of a training takes a second."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def after_iteration(self, training: Training) -> None:
        self.now += 1

    def train(self, *arguments: Any, observers: list[Observer], **more: Any) -> TrainedMap:
        """Train while the clock ticks: stands in for `kohonen.train`."""
        return train(*arguments, observers=[self, *observers], **more)


def test_slices_end_by_the_clock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    request = make_request(iterations=12)
    job = bench.submit(request)
    clock, seen = Ticking(), []
    monkeypatch.setattr(worker_module, "train", clock.train)
    while bench.step(bench.worker(slice_seconds=4.5, clock=clock)):
        seen.append(bench.jobs.get(job.id).progress.iteration)
        bench.clock.forward(0.01)
    assert seen == [5, 10, 12]
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


class Gate:
    """Lets a training begin, and stops it before it ends until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, *arguments: Any, **more: Any) -> TrainedMap:
        self.entered.set()
        assert self.go.wait(PATIENCE)
        return train(*arguments, **more)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(worker_module, "train", made)
    return made


def test_a_job_that_is_cancelled_stops(bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "CHECK_SECONDS", 0.01)
    job = bench.submit(make_request(iterations=100_000_000))
    thread = threading.Thread(target=bench.run, args=[bench.worker()])
    thread.start()
    gate.go.set()
    assert gate.entered.wait(PATIENCE)
    bench.jobs.cancel(job.id)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert bench.jobs.get(job.id).state == "cancelled"
    assert bench.models.find(job.id) is None
    assert bench.store.keys("jobs/queue/") == []


def test_one_long_iteration_does_not_outlive_a_cancelled_job(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr("app.workers.lease.LeaseRenewal.GRACE", 0.05)
    job = bench.submit(make_request())
    worker = bench.worker()
    abandoned = threading.Event()
    worker._abandon = abandoned.set
    thread = threading.Thread(target=bench.run, args=[worker])
    thread.start()
    assert gate.entered.wait(PATIENCE)
    bench.jobs.cancel(job.id)
    assert abandoned.wait(PATIENCE)
    gate.go.set()
    thread.join(PATIENCE)
    assert bench.jobs.get(job.id).state == "cancelled"


def test_a_worker_that_lost_its_lease_leaves_the_job_to_who_has_it(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "CHECK_SECONDS", 0.01)
    job = bench.submit(make_request(iterations=100_000_000))
    thread = threading.Thread(target=bench.step, args=[bench.worker()])
    thread.start()
    assert gate.entered.wait(PATIENCE)
    bench.clock.forward(21)
    taken = claim(bench, job)
    gate.go.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert bench.jobs.get(job.id) == taken
    assert len(bench.store.keys("jobs/queue/")) == 1, "the message is for the other one to settle"


def test_the_lease_is_renewed_while_the_training_lasts(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "CHECK_SECONDS", 0.01)
    job = bench.submit(make_request())
    thread = threading.Thread(target=bench.step, args=[bench.worker(lease_seconds=20)])
    thread.start()
    assert gate.entered.wait(PATIENCE)
    for _ in range(3):
        bench.clock.forward(15)
        eventually(lambda: bench.jobs.get(job.id).updated_at >= bench.clock())
        assert bench.jobs.get(job.id).held_until(bench.clock()) is not None
    gate.go.set()
    thread.join(PATIENCE)
    assert bench.jobs.get(job.id).state == "succeeded"
    assert bench.jobs.get(job.id).attempts == 1


def test_a_worker_that_is_stopped_gives_the_job_back(bench: Bench) -> None:
    request = make_request()
    job = bench.submit(request)
    worker = bench.worker()
    worker._stopped.set()
    bench.step(worker)
    given_back = bench.jobs.get(job.id)
    assert (given_back.state, given_back.lease, given_back.attempts) == ("running", None, 1)
    assert given_back.checkpoint is not None
    bench.run(bench.worker())
    assert bench.jobs.get(job.id).state == "succeeded"
    np.testing.assert_array_equal(bench.weights(job.id), expected(request).weights)


def test_a_deadline_ends_a_slice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.submit(make_request())
    message = bench.queue.receive(wait=0)
    assert message is not None
    clock = Ticking()
    monkeypatch.setattr(worker_module, "train", clock.train)
    bench.worker(clock=clock).process(message, deadline=clock() + 2.5)
    assert bench.jobs.get(job.id).progress.iteration == 3


def test_a_model_that_is_there_already_is_fine(bench: Bench) -> None:
    request = make_request()
    job = bench.submit(request)
    other = Bench()
    other.submit(request)
    other.run(other.worker())
    for key in other.store.keys("models/"):
        bench.store.create(key, other.store.read(key, max_bytes=10**6).data, content_type="x/y")
    bench.run(bench.worker())
    assert bench.jobs.get(job.id).state == "succeeded"


def test_a_store_that_fails_leaves_the_message(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.submit(make_request())

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("no", retry_after=1)

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "replace", refuse)
        with pytest.raises(StoreUnavailable):
            bench.step(bench.worker())
    bench.run(bench.worker())
    assert bench.jobs.get(job.id).state == "succeeded"


def test_a_worker_runs_until_it_is_idle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [bench.submit(make_request(seed)) for seed in range(3)]
    bench.worker().run(idle=0.05)
    assert {bench.jobs.get(job.id).state for job in jobs} == {"succeeded"}


def test_a_worker_outlives_a_store_that_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "RETRY_SECONDS", 0.01)
    job = bench.submit(make_request())
    keys, failures = bench.store.keys, [StoreUnavailable("no"), StoreUnavailable("no")]

    def flaky(*arguments: Any, **more: Any) -> list[str]:
        if failures:
            raise failures.pop()
        return keys(*arguments, **more)

    monkeypatch.setattr(bench.store, "keys", flaky)
    worker = bench.worker()
    monkeypatch.setattr(worker, "_housekeeping", [worker._stopped.set])  # after its first message
    worker.run()
    assert bench.jobs.get(job.id).state == "succeeded"
