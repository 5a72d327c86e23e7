"""The queue in SQS, under moto, and the worker that Lambda calls with its messages."""

import json
import math
import socket
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest
from moto import mock_aws
from moto.sqs import models as moto_models

from app import deployment as deployment_module
from app.aws import worker as aws_worker
from app.deployment import Deployment
from app.errors import QueueUnavailable
from app.jobs.queue.sqs import SqsQueue
from app.jobs.store import Jobs
from app.models import Models
from app.settings import Settings
from app.storage.deadline import Deadline, until
from app.storage.port import StoreUnavailable
from app.workers import worker as worker_module
from tests.app.bench import FakeClock, expected, make_request

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

JOB = "a" * 32


class Sqs:
    """An SQS queue and its dead-letter queue, and what Lambda makes of them."""

    def __init__(self, *, visibility: int = 900) -> None:
        self.client: SQSClient = boto3.client("sqs", region_name="eu-west-1")
        self.dead = self.client.create_queue(QueueName="dead")["QueueUrl"]
        arn = self.client.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": "200"}
        self.url = self.client.create_queue(
            QueueName="jobs",
            Attributes={"VisibilityTimeout": str(visibility), "RedrivePolicy": json.dumps(redrive)},
        )["QueueUrl"]

    def count(self, url: str | None = None) -> int:
        """Return how many messages there are, visible or not."""
        names: Any = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        answer = self.client.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def receive(self) -> dict[str, Any] | None:
        """Return the event that Lambda makes of the next message."""
        answer = self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer.get("Messages", []):
            record = {
                "attributes": message["Attributes"],
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "eventSource": "aws:sqs",
            }
            return {"Records": [record]}
        return None


class Context:
    """A Lambda context with the one method that the handler reads."""

    def __init__(self, seconds: float = 900.0) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return round(self.seconds * 1000)


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sqs]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield Sqs()


@pytest.fixture
def clock(sqs: Sqs, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Return the clock of the queue and of the jobs, which is moved by hand."""
    clock = FakeClock()
    monkeypatch.setattr(moto_models, "unix_time", lambda: clock().timestamp())
    monkeypatch.setattr(moto_models, "unix_time_millis", lambda: 1000 * clock().timestamp())
    monkeypatch.setattr(deployment_module, "Jobs", partial(Jobs, clock=clock))
    return clock


def test_messages_come_and_go(sqs: Sqs) -> None:
    queue = SqsQueue(sqs.url)
    queue.send(JOB, turn=3)
    message = queue.receive(wait=0)
    assert message is not None
    assert (message.job, message.turn, message.acknowledged) == (JOB, 3, False)
    assert queue.receive(wait=0) is None, "others do not see it meanwhile"
    message.acknowledge()
    assert message.acknowledged
    assert sqs.count() == 0


def test_a_message_is_hidden_for_the_length_of_a_lease(sqs: Sqs, clock: FakeClock) -> None:
    queue = SqsQueue(sqs.url)
    queue.send(JOB, turn=0)
    message = queue.receive(wait=0)
    assert message is not None
    message.extend_visibility(20)
    clock.forward(20)
    assert queue.receive(wait=0) is None
    clock.forward(1.1)
    again = queue.receive(wait=0)
    assert again is not None
    again.extend_visibility(20)
    assert queue.receive(wait=0) is None


def test_a_message_for_later_is_a_new_one(sqs: Sqs, clock: FakeClock) -> None:
    queue = SqsQueue(sqs.url)
    queue.send(JOB, turn=2)
    message = queue.receive(wait=0)
    assert message is not None
    message.release(600)
    assert message.acknowledged
    assert sqs.count() == 1
    assert queue.receive(wait=0) is None
    clock.forward(601)
    again = sqs.client.receive_message(
        QueueUrl=sqs.url, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )
    assert again["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "1", "a bounce burns nothing"
    assert json.loads(again["Messages"][0]["Body"]) == {"job": JOB, "turn": 2}


def test_delays_are_as_long_as_sqs_allows(sqs: Sqs) -> None:
    SqsQueue(sqs.url).send(JOB, turn=0, delay=10_000)
    assert sqs.count() == 1


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "null", '{"job": 1, "turn": 1}', '{"job": "x", "turn": "1"}']
)
def test_messages_of_others_are_left(sqs: Sqs, body: str, caplog: pytest.LogCaptureFixture) -> None:
    queue = SqsQueue(sqs.url)
    with pytest.raises(ValueError, match="is not from this service"):
        queue.message(body, "receipt")
    if body:
        sqs.client.send_message(QueueUrl=sqs.url, MessageBody=body)
        assert queue.receive(wait=0) is None
        assert "is not from this service" in caplog.text
        assert sqs.count() == 1


def test_a_queue_that_is_not_there(sqs: Sqs) -> None:
    queue = SqsQueue(sqs.url + "x")
    with pytest.raises(QueueUnavailable, match="SOM_QUEUE") as caught:
        queue.send(JOB, turn=0)
    assert caught.value.retry_after is None
    with pytest.raises(QueueUnavailable):
        queue.receive(wait=0)


def test_a_queue_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, sqs: Sqs) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    queue = SqsQueue(sqs.url)

    def refuse(**_: Any) -> None:
        from botocore.exceptions import EndpointConnectionError

        raise EndpointConnectionError(endpoint_url="x")

    monkeypatch.setattr(queue._client(), "send_message", refuse)
    with pytest.raises(QueueUnavailable, match="EndpointConnectionError") as caught:
        queue.send(JOB, turn=0)
    assert caught.value.retry_after == 5


def test_hiding_may_fail_without_harm(sqs: Sqs, caplog: pytest.LogCaptureFixture) -> None:
    queue = SqsQueue(sqs.url)
    queue.message(json.dumps({"job": JOB, "turn": 0}), "no receipt").extend_visibility(20)
    assert "cannot be used" in caplog.text


class Stack:
    """The API and the worker of a stack, on a folder instead of a bucket."""

    def __init__(self, sqs: Sqs, folder: object, **more: Any) -> None:
        self.sqs = sqs
        self.settings = Settings(store=f"file:{folder}", queue=sqs.url, retry_seconds=0.0, **more)
        self.api = Deployment(self.settings)
        self.handler = aws_worker.create_handler(self.settings)
        self.models = Models(self.api._models.store)

    def invoke(self) -> dict[str, Any] | None:
        """Call the worker with the next message, and delete it as Lambda does when it is not reported."""
        event = self.sqs.receive()
        if event is None:
            return None
        answer = self.handler(event, Context())
        if not answer["batchItemFailures"]:
            receipt = event["Records"][0]["receiptHandle"]
            self.sqs.client.delete_message(QueueUrl=self.sqs.url, ReceiptHandle=receipt)
        return answer

    def run(self) -> int:
        """Call the worker until there are no messages, and return how often."""
        count = 0
        while self.invoke() is not None:
            count += 1
        return count


def test_a_training_spans_many_invocations(sqs: Sqs, tmp_path: object) -> None:
    stack = Stack(sqs, tmp_path, slice_seconds=1e-9)
    request = make_request(iterations=35)
    job = stack.api.service.submit(request)
    assert stack.run() == 35
    job = stack.api.jobs.get(job.id)
    assert (job.state, job.slices, job.attempts) == ("succeeded", 35, 1)
    np.testing.assert_array_equal(stack.models.weights(stack.models.card(job.id)), expected(request).weights)
    assert (sqs.count(), sqs.count(sqs.dead)) == (0, 0)


def spied(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list to which the seconds are appended for which messages are hidden."""
    hidden: list[float] = []
    hide = SqsQueue.hide

    def spy(queue: SqsQueue, receipt: str, seconds: float) -> None:
        hidden.append(seconds)
        hide(queue, receipt, seconds)

    monkeypatch.setattr(SqsQueue, "hide", spy)
    return hidden


def test_a_worker_that_died_is_taken_over_when_the_lease_ends(
    sqs: Sqs, clock: FakeClock, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The queue would hide the message for a quarter of an hour.
    stack = Stack(sqs, tmp_path, lease_seconds=600)
    job = stack.api.service.submit(make_request())
    hidden = spied(monkeypatch)
    message = SqsQueue(sqs.url).receive(wait=0)
    assert message is not None
    assert stack.api.worker()._claim(message) is not None
    assert hidden == [601]
    assert stack.run() == 0
    clock.forward(601.1)
    assert stack.run() == 1
    job = stack.api.jobs.get(job.id)
    assert (job.state, job.attempts) == ("succeeded", 2)
    assert sqs.count() == 0


def test_a_duplicate_bounces_without_harm(sqs: Sqs, clock: FakeClock, tmp_path: object) -> None:
    stack = Stack(sqs, tmp_path, lease_seconds=600)
    job = stack.api.service.submit(make_request())
    queue, first = SqsQueue(sqs.url), sqs.receive()
    assert first is not None
    message = queue.message(first["Records"][0]["body"], first["Records"][0]["receiptHandle"])
    held = stack.api.worker()._claim(message)
    assert held is not None
    queue.send(job.id, turn=0)  # delivered twice
    answer = stack.invoke()
    assert answer == {"batchItemFailures": []}
    assert stack.api.jobs.get(job.id) == held.job
    assert sqs.count() == 2, "it comes back when the lease is over, in case the first one died"
    stack.api.worker()._train(message, held, None)
    assert stack.api.jobs.get(job.id).state == "succeeded"
    clock.forward(601.1)
    assert stack.run() == 1
    assert stack.api.jobs.get(job.id).slices == 1
    assert (sqs.count(), sqs.count(sqs.dead)) == (0, 0)


def test_what_cannot_be_written_down_comes_back(
    sqs: Sqs, clock: FakeClock, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(sqs, tmp_path, lease_seconds=20)
    job = stack.api.service.submit(make_request())

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("no", retry_after=1)

    with monkeypatch.context() as patch:
        patch.setattr("app.storage.folder.FolderStore.replace", refuse)
        answer = stack.invoke()
    assert answer is not None
    assert len(answer["batchItemFailures"]) == 1
    clock.forward(21.1)
    assert stack.run() == 1
    assert stack.api.jobs.get(job.id).state == "succeeded"


def down(*_: Any, **__: Any) -> None:
    raise StoreUnavailable("S3 answered SlowDown", retry_after=1)


def test_a_short_failure_of_the_store_costs_a_job_seconds(
    sqs: Sqs, clock: FakeClock, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(sqs, tmp_path)
    job = stack.api.service.submit(make_request())
    with monkeypatch.context() as patch:
        patch.setattr("app.storage.folder.FolderStore.read", down)
        answer = stack.invoke()
    assert answer is not None
    assert len(answer["batchItemFailures"]) == 1
    assert stack.invoke() is None, "not at once"
    clock.forward(2.1)
    assert stack.run() == 1
    assert stack.api.service.records.get(job.id).state == "succeeded"


def test_a_long_failure_of_the_store_is_waited_for(
    sqs: Sqs, clock: FakeClock, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deliveries become rarer, up to one a minute, and an hour of them does not use the message up."""
    stack, hidden = Stack(sqs, tmp_path), spied(monkeypatch)
    job = stack.api.service.submit(make_request())
    pauses: list[float] = []
    with monkeypatch.context() as patch:
        patch.setattr("app.storage.folder.FolderStore.read", down)
        while sum(pauses) < 3600:
            assert stack.invoke(), "it is delivered again when its time has come"
            pauses.append(math.ceil(hidden[-1]) + 0.1)
            clock.forward(pauses[-1])
    assert max(pauses) <= aws_worker.LONGEST_BACKOFF + 0.1
    assert list(np.array(pauses[:4]) <= [2.1, 4.1, 8.1, 16.1]) == [True] * 4
    assert min(pauses[6:]) >= aws_worker.LONGEST_BACKOFF / 2
    assert stack.run() == 1
    assert stack.api.service.records.get(job.id).state == "succeeded"
    assert (sqs.count(), sqs.count(sqs.dead)) == (0, 0)


def test_a_worker_that_dies_before_its_claim_costs_a_job_seconds(
    sqs: Sqs, clock: FakeClock, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(sqs, tmp_path)
    job = stack.api.service.submit(make_request())

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit  # the process ends

    with monkeypatch.context() as patch:
        patch.setattr("app.storage.folder.FolderStore.read", die)
        with pytest.raises(SystemExit):
            stack.invoke()
    clock.forward(21.1)
    assert stack.run() == 1
    assert stack.api.service.records.get(job.id).state == "succeeded"


def test_a_worker_beside_sqs_gets_a_message_again_soon(
    sqs: Sqs, clock: FakeClock, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(sqs, tmp_path)
    job = stack.api.service.submit(make_request())
    queue, worker = SqsQueue(sqs.url), stack.api.worker()
    message = queue.receive(wait=0)
    assert message is not None
    with monkeypatch.context() as patch:
        patch.setattr("app.storage.folder.FolderStore.read", down)
        with pytest.raises(StoreUnavailable):
            worker.process(message)
    clock.forward(21.1)
    again = queue.receive(wait=0)
    assert again is not None
    worker.process(again)
    assert stack.api.service.records.get(job.id).state == "succeeded"


def test_a_poisoned_job_fails_and_leaves_no_message(
    sqs: Sqs, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(sqs, tmp_path, max_job_attempts=3)
    job = stack.api.service.submit(make_request())

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(worker_module, "train", fail)
    assert stack.run() == 3
    job = stack.api.jobs.get(job.id)
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.problem is not None
    assert "MemoryError" in job.problem["detail"]
    assert (sqs.count(), sqs.count(sqs.dead)) == (0, 0)


def test_a_message_of_others_is_reported_as_failed(sqs: Sqs, tmp_path: object) -> None:
    stack = Stack(sqs, tmp_path)
    sqs.client.send_message(QueueUrl=sqs.url, MessageBody="?")
    answer = stack.invoke()
    assert answer is not None
    assert len(answer["batchItemFailures"]) == 1
    assert sqs.count() == 1


def test_a_slice_ends_with_the_invocation(sqs: Sqs, tmp_path: object) -> None:
    stack = Stack(sqs, tmp_path)
    job = stack.api.service.submit(make_request())
    event = sqs.receive()
    assert event is not None
    stack.handler(event, Context(0))
    assert stack.api.jobs.get(job.id).progress.iteration == 1


def test_the_schedule_s_event_prunes_models(sqs: Sqs, tmp_path: object) -> None:
    stack = Stack(sqs, tmp_path, unnamed_days=1e-9)
    for seed, name in ((1, None), (2, "a"), (3, None)):
        stack.api.service.submit(make_request(seed, name=name))
        stack.run()
    assert stack.handler(aws_worker.PRUNE, Context(0)) == {"removed": 1, "complete": False}
    assert stack.handler(aws_worker.PRUNE, Context()) == {"removed": 1, "complete": True}
    page = stack.models.listing.page(size=10)
    assert [one.entry.id for one in page.models] == [stack.models.resolve("a").id]
    for_ever = Stack(sqs, tmp_path)
    assert for_ever.handler(aws_worker.PRUNE, Context()) == {"removed": 0, "complete": True}


def test_the_worker_on_lambda_needs_a_queue() -> None:
    with pytest.raises(ValueError, match="SOM_QUEUE"):
        aws_worker.create_handler(Settings(store="memory:"))


def test_the_handler_takes_its_settings_from_the_environment(
    sqs: Sqs, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOM_QUEUE", sqs.url)
    monkeypatch.setenv("SOM_STORE", f"file:{tmp_path}")
    aws_worker._handler.cache_clear()
    assert aws_worker.handler({"Records": []}, Context()) == {"batchItemFailures": []}
    aws_worker._handler.cache_clear()


def test_the_api_on_sqs_starts_no_workers(sqs: Sqs, tmp_path: object) -> None:
    stack = Stack(sqs, tmp_path)
    job = stack.api.service.submit(make_request())
    stack.api.start()
    assert stack.api.jobs.get(job.id).state == "queued"
    assert sqs.count() == SqsQueue(sqs.url).backlog(most=10) == 1
    stack.api.stop()


def test_a_queue_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never answers
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        queue = SqsQueue("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs")
        with (
            until(Deadline(time.monotonic() + 0.5)),
            # The client that gives up by itself reports a ReadTimeoutError.
            pytest.raises(
                QueueUnavailable, match=r"SOM_QUEUE.*takes too long to answer.*try again"
            ) as caught,
        ):
            queue.send(JOB, turn=0)
    assert caught.value.retry_after is not None
