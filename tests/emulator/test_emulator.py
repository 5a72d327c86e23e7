"""The handler under AWS's own Lambda emulator, through the runtime client that Lambda itself uses."""

import base64
import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.app import create_app
from app.aws.api import create_handler
from app.settings import Settings
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
EVENTS = sorted((ROOT / "events").glob("*.json"))
CPU = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "none")
EMULATOR = next(
    ROOT.glob(f".venv-sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{CPU}"),
    Path("missing"),
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the Lambda emulator runs on Linux only"),
    pytest.mark.skipif(not EMULATOR.exists(), reason="aws-sam-cli is not installed; make test does it"),
]

Invoke = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def invoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """Start the emulator and return what sends it an event; one function serves the whole module."""
    folder = tmp_path_factory.mktemp("emulator")
    address, runtime = (f"127.0.0.1:{port}" for port in free_ports(2))
    command = [
        str(EMULATOR),
        "--runtime-interface-emulator-address",
        address,
        "--runtime-api-address",
        runtime,
        sys.executable,
        "-m",
        "awslambdaric",
        "app.aws.api.handler",
    ]
    environment = {
        **os.environ,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "300",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_REGION": "eu-west-1",
        "SOM_STORE": f"file:{folder / 'models'}",
    }
    log = folder / "log"
    with log.open("wb") as output:
        emulator = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_open(address, emulator)
            yield lambda event: post(address, event)
        finally:
            end(emulator)
            print(log.read_text(errors="replace"))  # noqa: T201 - pytest shows it with a failure


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, found together so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def wait_until_open(address: str, process: subprocess.Popen[bytes]) -> None:
    host, port = address.split(":")

    def is_open() -> bool:
        assert process.poll() is None, "the emulator ended at its start"
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
            return True
        return False

    eventually(is_open)


def post(address: str, event: dict[str, Any]) -> dict[str, Any]:
    url = f"http://{address}/2015-03-31/functions/function/invocations"
    request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        text = response.read().decode()
    # A time-out and an exception are 200 as well: the first as text, the second as an errorMessage.
    answer: dict[str, Any] = json.loads(text) if text.startswith("{") else {"errorMessage": text}
    assert "errorMessage" not in answer, text
    return answer


def end(process: subprocess.Popen[bytes]) -> None:
    """End the emulator and the function that it started: they are a process group of their own."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def pixels(answer: dict[str, Any]) -> tuple[tuple[int, int], bytes]:
    assert answer["headers"]["content-type"] == "image/png"
    assert answer["isBase64Encoded"] is True
    with Image.open(BytesIO(base64.b64decode(answer["body"], validate=True))) as picture:
        assert picture.format == "PNG"
        return picture.size, picture.convert("RGB").tobytes()


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_the_emulator_answers_with_the_picture_of_this_process(path: Path, invoke: Invoke) -> None:
    event = json.loads(path.read_text())
    answer = invoke(event)
    assert answer["statusCode"] in {200, 201}
    size, content = pixels(answer)
    if path.stem == "rest_v1_bare":  # draws a seed of its own
        assert size == (400, 420)
        return
    here = create_handler(create_app(Settings(store="memory:")))
    assert (size, content) == pixels(here(event, None))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "events" / "ignored").glob("*.json")), ids=lambda path: path.stem
)
def test_what_is_not_a_request_is_answered(path: Path, invoke: Invoke) -> None:
    assert set(invoke(json.loads(path.read_text()))) <= {"ignored", "batchItemFailures"}


def test_problems_are_text(invoke: Invoke) -> None:
    event = json.loads((ROOT / "events" / "rest_v1_bare.json").read_text())
    answer = invoke({**event, "path": "/nowhere"})
    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert answer["isBase64Encoded"] is False
    assert json.loads(answer["body"])["status"] == 404


def test_a_training_that_the_function_has_no_time_for_is_refused(invoke: Invoke) -> None:
    event = json.loads((ROOT / "events" / "http_api_v2.json").read_text())
    body = {**json.loads(event["body"]), "width": 300, "height": 300, "iterations": 1_000_000}
    answer = invoke({**event, "body": json.dumps(body)})
    assert answer["statusCode"] == 422
    assert "seconds" in answer["body"]
