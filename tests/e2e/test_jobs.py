"""A job through the Lambda image, twice: the API's function takes it, the worker's function does it.

Lambda's part between queue and worker is played here: it receives a message, invokes the function, and
deletes the message unless the function reports it.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import boto3
import numpy as np
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from kohonen import Parameters, train
from tests.e2e.conftest import Report
from tests.e2e.docker import HOST, Container, container
from tests.e2e.emulator import body, invoke
from tests.e2e.s3 import KEY, REGION, SECRET, S3Server
from tests.e2e.test_lambda_image import AS_IN_LAMBDA, get, post

#: A slice is one iteration, since its time is over at once.
SLICES = 30
DATA = [[(i * j % 17) / 17 for j in range(1, 5)] for i in range(1, 61)]


class Sqs:
    """A queue and its dead-letter queue, as the template has them, on a server of this machine."""

    def __init__(self, port: int) -> None:
        self.client: Any = boto3.client(
            "sqs",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name=REGION,
        )
        self.dead = self.client.create_queue(QueueName="dead")["QueueUrl"]
        arn = self.client.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": "8"}
        attributes: Any = {"VisibilityTimeout": "5400", "RedrivePolicy": json.dumps(redrive)}
        self.url = self.client.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"]
        #: What the containers have in their environments.
        self.environment = {
            "AWS_ENDPOINT_URL_SQS": f"http://{HOST}:{port}",
            "SOM_QUEUE": self.url.replace("127.0.0.1", HOST),
        }

    def count(self, url: str) -> int:
        """Return how many messages there are, visible or not."""
        attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        names = ("", "NotVisible", "Delayed")
        return sum(int(attributes[f"ApproximateNumberOfMessages{name}"]) for name in names)

    def deliver(self, worker: str) -> bool:
        """Do what Lambda does with the next message; False when there is none."""
        received = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=1, WaitTimeSeconds=1)
        for message in received.get("Messages", []):
            receipt = message["ReceiptHandle"]
            record = {
                "messageId": message["MessageId"],
                "receiptHandle": receipt,
                "attributes": {"ApproximateReceiveCount": "1"},
                "body": message["Body"],
                "eventSource": "aws:sqs",
            }
            assert invoke(worker, {"Records": [record]}) == {"batchItemFailures": []}
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)
            return True
        return False


@pytest.fixture(scope="module")
def sqs() -> Iterator[Sqs]:
    server = ThreadedMotoServer("0.0.0.0", 0, verbose=False)  # containers come from the bridge
    server.start()
    yield Sqs(server.get_host_and_port()[1])
    server.stop()


@pytest.fixture(scope="module")
def functions(lambda_image: str, s3: S3Server, sqs: Sqs) -> Iterator[tuple[Container, Container]]:
    """Run the API's function and the worker's: the same image, another command."""
    variables = {**sqs.environment, "SOM_SLICE_SECONDS": "1e-9"}
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    options = (*AS_IN_LAMBDA, *s3.options("jobs"), *environment, "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=300")
    with (
        container(lambda_image, *options, port=8080) as api,
        container(lambda_image, *options, port=8080, command=["app.aws.worker.handler"]) as worker,
    ):
        yield api, worker


def test_without_a_queue_there_are_no_jobs(lambda_image: str) -> None:
    with container(lambda_image, "--env=SOM_STORE=memory:", port=8080) as started:
        answer = invoke(started.url, post("/atrain", {"colours": ["red"], "random_state": 1}))
    assert answer["statusCode"] == 503
    assert "SOM_QUEUE" in body(answer).decode()


def test_a_training_spans_many_invocations(
    functions: tuple[Container, Container], sqs: Sqs, report: Report
) -> None:
    api, worker = functions
    training = {"data": DATA, "width": 60, "height": 40, "random_state": 7, "frames": 12}
    parameters = Parameters(width=60, height=40, random_state=7, iterations=SLICES)
    answer = invoke(api.url, post("/atrain", {**training, "iterations": parameters.iterations}))
    assert answer["statusCode"] == 202, answer
    job = json.loads(body(answer))
    count, seen = 0, [0]
    while sqs.deliver(worker.url):
        count += 1
        told = json.loads(body(invoke(api.url, get(f"/jobs/{job['id']}"))))
        seen.append(told["progress"]["iteration"])
        assert count <= SLICES, told
    assert told["state"] == "succeeded", (told, worker.logs())
    assert told["slices"] == count == SLICES
    assert seen == list(range(SLICES + 1))
    assert (sqs.count(sqs.url), sqs.count(sqs.dead)) == (0, 0)
    answer = invoke(api.url, get(f"/models/{job['id']}/download"))
    weights = np.load(BytesIO(body(answer)), allow_pickle=False)
    np.testing.assert_allclose(weights, train(DATA, parameters).weights, rtol=0, atol=1e-9)
    animation = invoke(api.url, get(f"/jobs/{job['id']}/animation"))
    assert animation["headers"]["kohonen-iteration"] == str(parameters.iterations)
    with Image.open(BytesIO(body(animation))) as image:
        assert (image.format, getattr(image, "n_frames", 1), told["frames"]) == ("GIF", 12, 12)
    report(f"a job of {told['progress']['seconds']:.0f} s in {count} invocations of the worker")
