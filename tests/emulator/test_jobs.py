"""A job across many invocations of the worker: AWS's own Lambda emulator, and SQS and S3 over the network.

SQS is moto's server. The store is a folder, or the S3 server that SOM_TEST_S3_ENDPOINT names (with
SOM_TEST_S3_KEY and SOM_TEST_S3_SECRET). Each slice is one iteration; SOM_TEST_JOB_SLICES asks for more.
"""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError
from fastapi.testclient import TestClient
from moto.server import ThreadedMotoServer

from app.app import create_app
from app.models import Models
from app.settings import Settings
from tests.app.workers.servers import make_body, uninterrupted
from tests.emulator.test_emulator import EMULATOR, ROOT, end, free_ports, post, wait_until_open

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the Lambda emulator runs on Linux only"),
    pytest.mark.skipif(not EMULATOR.exists(), reason="aws-sam-cli is not installed; make test does it"),
]

SLICES = int(os.environ.get("SOM_TEST_JOB_SLICES", "6"))


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return what API and worker have in their environments: an SQS server, and a store."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL_SQS": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": os.environ.get("SOM_TEST_S3_KEY", "none"),
        "AWS_SECRET_ACCESS_KEY": os.environ.get("SOM_TEST_S3_SECRET", "none"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "SOM_STORE": f"file:{tmp_path}/models",
        "SOM_SLICE_SECONDS": "1e-9",
        "SOM_CHECKPOINT_SECONDS": "1",
    }
    if endpoint := os.environ.get("SOM_TEST_S3_ENDPOINT"):
        variables["AWS_ENDPOINT_URL_S3"] = endpoint
        variables["SOM_STORE"] = f"s3://som-test-jobs/{uuid.uuid4().hex}"
    yield variables
    server.stop()


@contextmanager
def emulated_worker(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Run the worker's function in the emulator; yields its address."""
    address, runtime = (f"127.0.0.1:{port}" for port in free_ports(2))
    function = [sys.executable, "-m", "awslambdaric", "app.aws.worker.handler"]
    options = ["--runtime-interface-emulator-address", address, "--runtime-api-address", runtime]
    limits = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "300", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}
    with (folder / "log").open("wb") as log:
        emulator = subprocess.Popen(
            [str(EMULATOR), *options, *function],
            cwd=ROOT,
            env={**os.environ, **environment, **limits},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_open(address, emulator)
            yield address
        finally:
            end(emulator)


def make_queues(client: "SQSClient") -> tuple[str, str]:
    dead = client.create_queue(QueueName="dead")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "200"})
    attributes: Any = {"VisibilityTimeout": "900", "RedrivePolicy": redrive}
    return client.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"], dead


def count(client: "SQSClient", url: str) -> int:
    attributes: Any = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(
        int(attributes[f"ApproximateNumberOfMessages{name}"]) for name in ("", "NotVisible", "Delayed")
    )


def invoke(client: "SQSClient", url: str, address: str) -> bool:
    """Do what Lambda does with a queue's next message; False when there is none."""
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=1)
    for message in received.get("Messages", []):
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }
        assert post(address, {"Records": [record]}) == {"batchItemFailures": []}
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return True
    return False


def test_a_training_spans_many_invocations(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if "AWS_ENDPOINT_URL_S3" in environment:
        with contextlib.suppress(ClientError):  # it is there already
            boto3.client("s3").create_bucket(Bucket="som-test-jobs")
    sqs: SQSClient = boto3.client("sqs")
    queue, dead = make_queues(sqs)
    monkeypatch.setenv("SOM_QUEUE", queue)
    app = create_app(Settings())
    body = make_body(SLICES)
    seen = [0]
    with TestClient(app) as api, emulated_worker({**environment, "SOM_QUEUE": queue}, tmp_path) as worker:
        answer = api.post("/atrain", json=body)
        assert answer.status_code == 202, answer.text
        place = answer.headers["Location"]
        while invoke(sqs, queue, worker):
            seen.append(api.get(place).json()["progress"]["iteration"])
            assert len(seen) <= SLICES + 1
        job = api.get(place).json()
    assert job["state"] == "succeeded", (job, (tmp_path / "log").read_text(errors="replace"))
    assert job["slices"] == SLICES
    assert seen == list(range(SLICES + 1))
    assert (count(sqs, queue), count(sqs, dead)) == (0, 0)
    models: Models = app.state.models
    np.testing.assert_array_equal(models.weights(models.card(job["id"])), uninterrupted(body))
