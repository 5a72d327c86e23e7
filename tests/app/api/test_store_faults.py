"""Faults of S3 while a model is stored: reported as problems, nothing half-written, fixed by a retry."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from fastapi.testclient import TestClient
from moto.core.botocore_stubber import BotocoreStubber

from app.app import create_app
from app.aws.api import create_handler
from app.settings import Settings
from app.storage import deadline
from app.storage.folder import FolderStore
from app.storage.s3 import S3Store
from app.training import service as training_service
from tests.app.storage.conftest import BUCKET, credentials, moto, s3
from tests.app.storage.test_s3_faults import URL, Raw, Server, answer, naps, raising, refusal
from tests.waiting import PATIENCE

__all__ = ["credentials", "moto", "naps", "s3"]

MakeClient = Callable[..., TestClient]
Fault = Callable[[AWSPreparedRequest], AWSResponse | None]
SMALL: dict[str, Any] = {
    "colours": ["red", "blue"],
    "width": 3,
    "height": 2,
    "iterations": 2,
    "random_state": 1,
}

FAULTS: dict[str, tuple[Fault, bool]] = {
    "throttled": (lambda request: refusal("SlowDown", 503), True),
    "slow": (raising(ReadTimeoutError(endpoint_url=URL)), True),
    "lost": (raising(ConnectionClosedError(endpoint_url=URL)), True),
    "unreachable": (raising(EndpointConnectionError(endpoint_url=URL)), True),
    "refused": (lambda request: refusal("AccessDenied", 403), False),
    "no bucket": (lambda request: refusal("NoSuchBucket", 404), False),
}


class Failing:
    """S3 that fails from some call on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fault: Fault | None = None
        self.after = 0
        self.calls = 0
        instance = self
        answered = BotocoreStubber.__call__

        def call(
            self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **options: Any
        ) -> AWSResponse | None:
            instance.calls += 1
            failed = None
            if instance.fault is not None and instance.calls > instance.after:
                failed = instance.fault(request)
            return failed or answered(self, event_name, request, **options)

        monkeypatch.setattr(BotocoreStubber, "__call__", call)

    def fail(self, fault: Fault, *, after: int) -> None:
        self.fault, self.after, self.calls = fault, after, 0

    def recover(self) -> None:
        self.fault, self.calls = None, 0


@pytest.fixture
def failing(s3: S3Store, naps: list[float], monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


@pytest.fixture
def service(failing: Failing, make_client: MakeClient) -> TestClient:
    return make_client(store=f"s3://{BUCKET}/dev/som")


def everything_loads(client: TestClient) -> list[str]:
    """Return the ids of all models; the newest are loaded."""
    ids = [model["id"] for model in client.get("/models?max_results=100").json()["models"]]
    for model_id in ids[:1]:
        assert client.get(f"/models/{model_id}/image?view=input-output").status_code == 200
    return ids


@pytest.mark.parametrize("kind", ["throttled", "refused"])
def test_a_fault_at_any_call(service: TestClient, failing: Failing, kind: str) -> None:
    fault, passing = FAULTS[kind]
    faults = 0
    for seed in range(30):
        body = {**SMALL, "random_state": seed, "name": "a"}
        failing.fail(fault, after=seed)
        answer = service.post("/train", json=body)
        failing.recover()
        if answer.status_code == 201:  # that many calls it takes
            break
        faults += 1
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:kohonen:problem:store-unavailable"
        assert ("Retry-After" in answer.headers) is passing
        assert len(everything_loads(service)) in (seed, seed + 1)
        assert service.post("/train", json=body).is_success
        assert len(everything_loads(service)) == seed + 1
    assert faults >= 12


@pytest.mark.parametrize("kind", FAULTS)
def test_faults_while_reading(service: TestClient, failing: Failing, kind: str) -> None:
    fault, passing = FAULTS[kind]
    path = "/latest/download"
    service.post("/train", json=SMALL)
    for after in range(6):
        failing.fail(fault, after=after)
        answer = service.get(f"/models{path}")
        failing.recover()
        if answer.status_code == 200:
            break
        assert answer.status_code == 503
        assert ("Retry-After" in answer.headers) is passing
    assert after >= 2
    assert service.get(f"/models{path}").status_code == 200


def test_bodies_that_break_off(service: TestClient, failing: Failing) -> None:
    service.post("/train", json=SMALL)

    def cut(request: AWSPreparedRequest) -> AWSResponse | None:
        if request.method == "GET" and "list-type" not in str(request.url):
            return answer(200, Raw(b"{"), {"Content-Length": "500", "ETag": '"1"'})
        return None

    failing.fail(cut, after=0)
    for path in ("/models/latest", "/models/latest/download"):
        problem = service.get(path)
        assert problem.status_code == 503
        assert "Retry-After" in problem.headers
    assert service.post("/train", json=SMALL).status_code == 503
    failing.recover()
    assert everything_loads(service)


def test_a_store_that_does_not_answer_in_time(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    describe = training_service.describe

    def described(*arguments: Any) -> Any:
        """Leave little time for what comes next, which is storing."""
        current = deadline._deadline.get()
        assert current is not None
        current.at = time.monotonic() + 0.2
        return describe(*arguments)

    client = make_client(store=f"file:{tmp_path}/models")
    go = threading.Event()
    create = FolderStore.create

    def late(*arguments: Any, **more: Any) -> bool:
        assert go.wait(PATIENCE), "the answer waits for the store"
        return bool(create(*arguments, **more))

    body = {**SMALL, "random_state": 1}
    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "create", late)
        patch.setattr(training_service, "describe", described)
        answer = client.post("/train", json=body)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:kohonen:problem:store-unavailable"
    assert "Retry-After" in answer.headers
    assert client.get("/models").json()["models"] == []
    go.set()
    assert client.post("/train", json=body).is_success
    assert len(everything_loads(client)) == 1


@pytest.fixture
def silent(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that takes connections and never answers: a call of S3 gives it up after some 20 seconds."""
    monkeypatch.setattr("app.web.deadline.STORING_SECONDS", 0.2)
    server = Server(None)
    yield server
    server.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models"),
        ("GET", "/models/latest"),
        ("GET", f"/models/{'0' * 32}/download"),
        ("DELETE", f"/models/{'0' * 32}"),
        ("POST", "/train"),
        ("POST", "/atrain"),
        ("GET", "/jobs"),
    ],
)
def test_a_server_that_hangs_is_not_waited_for(
    silent: Server, make_client: MakeClient, method: str, path: str
) -> None:
    client = make_client(store="s3://maps/dev", s3_endpoint=silent.url, max_training_seconds=0.2)
    problem = client.request(method, path, json=SMALL if method == "POST" else None)
    assert problem.status_code == 503, problem.text
    # The client of S3 that gives up by itself reports a ReadTimeoutError.
    assert "takes too long to answer" in problem.json()["detail"]
    assert problem.json()["type"] == "urn:kohonen:problem:store-unavailable"
    assert "Retry-After" in problem.headers


class Context:
    """Lambda's, of a function that may run for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self._end - time.monotonic()))


def test_lambda_answers_before_its_time_is_over(silent: Server) -> None:
    handler = create_handler(create_app(Settings(store="s3://maps/dev", s3_endpoint=silent.url)))
    event = {
        "resource": "/{proxy+}", "path": "/models", "httpMethod": "GET", "isBase64Encoded": False,
        "headers": {}, "multiValueHeaders": None, "queryStringParameters": None,
        "multiValueQueryStringParameters": None, "requestContext": {"stage": "Prod"}, "body": None,
    }  # fmt: skip
    answer = handler(event, Context(4))
    assert answer["statusCode"] == 503
    assert "takes too long to answer" in answer["body"]
    assert "retry-after" in answer["headers"]


def test_the_bytes_of_all_models_have_a_limit(make_client: Callable[..., TestClient]) -> None:
    body = {"colours": ["red"], "width": 10, "height": 10, "iterations": 1}
    client = make_client(max_stored_bytes=2 * (2400 + 128))
    answers = [client.post("/train", json={**body, "random_state": seed}) for seed in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 507]
    assert answers[2].json()["type"] == "urn:kohonen:problem:store-full"
    assert client.post("/train", json={**body, "random_state": 0}).status_code == 200  # it is there
    assert client.post("/train", json={**body, "random_state": 2, "persist": False}).status_code == 200
    assert client.delete(f"/models/{answers[0].headers['Kohonen-Model-Id']}").status_code == 204
    assert client.post("/train", json={**body, "random_state": 2}).status_code == 201
