"""What template.yaml says, built and run by SAM: events, the API, and what goes wrong."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from tests.e2e import expected, sam
from tests.e2e.docker import HOST, ROOT, docker
from tests.e2e.emulator import body
from tests.e2e.s3 import S3Server
from tests.e2e.sam import Sam

EVENTS = sorted((ROOT / "events").glob("*.json"))
#: There is no queue to send them to.
NO_JOBS = {"SOM_JOB_STORE": "memory:", "SOM_QUEUE": "none:"}
#: Stops every Python in a container but itself, as if it hung.
FREEZE = """
import os, pathlib, signal
for process in pathlib.Path("/proc").glob("[0-9]*"):
    if int(process.name) != os.getpid() and "python" in os.readlink(process / "exe"):
        os.kill(int(process.name), signal.SIGSTOP)
"""
#: What the demos of the events ask for.
DEMO = {"seed": 7, "samples": 20, "width": 30, "height": 20, "iterations": 200}


@pytest.fixture(scope="module")
def built() -> Sam:
    return sam.build()


@pytest.fixture(scope="module")
def api(built: Sam, s3: S3Server, state: Path) -> Iterator[str]:
    """Serve the API, with its models in S3."""
    variables = {**s3.environment, "SOM_STORE": f"s3://{s3.bucket}/sam", **NO_JOBS}
    with built.changed("in-s3", variables, Timeout=300).start_api(state / "start-api.log") as url:
        yield url


def train(url: str, **changes: Any) -> httpx2.Response:
    return httpx2.post(f"{url}/train", json={**expected.TRAINING, **changes}, timeout=60)


@pytest.mark.parametrize("event", EVENTS, ids=lambda path: path.stem)
def test_an_event_is_answered_with_its_picture(event: Path, built: Sam) -> None:
    answer = built.invoke(event)
    assert answer["headers"]["content-type"] == "image/png"
    drawn = expected.pixels(body(answer))
    if "train" in event.stem or event.stem == "http_api_v2":
        training = json.loads(expected.request_body(json.loads(event.read_text())))
        assert answer["statusCode"] == 201
        np.testing.assert_array_equal(drawn, expected.picture(training))
        return
    assert answer["statusCode"] == 200
    demo = {"seed": int(answer["headers"]["kohonen-random-state"])} if event.stem == "rest_v1_bare" else DEMO
    np.testing.assert_array_equal(drawn, expected.demo(**demo))


def test_the_demo_is_a_picture_in_bytes(api: str) -> None:
    answer = httpx2.get(f"{api}/?input_size=20&width=30&height=20&iterations=200&random_state=7", timeout=60)
    assert answer.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(expected.pixels(answer.content), expected.demo(**DEMO))


def test_what_is_trained_can_be_downloaded(api: str, s3: S3Server) -> None:
    made = train(api)
    assert made.status_code == 201
    np.testing.assert_array_equal(expected.pixels(made.content), expected.picture(expected.TRAINING))
    assert train(api).status_code == 200
    model_id = made.headers["kohonen-model-id"]
    answer = httpx2.get(f"{api}/models/{model_id}/download", timeout=60)
    weights = np.load(BytesIO(answer.content), allow_pickle=False)
    np.testing.assert_allclose(weights, expected.weights(expected.TRAINING), rtol=0, atol=1e-9)
    assert s3.has("sam", model_id)


def test_the_documentation_comes_with_its_assets(api: str) -> None:
    page = httpx2.get(f"{api}/docs", timeout=60)
    assert page.headers["content-type"].startswith("text/html")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(assets) == 3
    for asset in assets:
        answer = httpx2.get(api + asset, timeout=60)
        assert answer.status_code == 200
        file = ROOT / "app" / "web" / "assets" / Path(asset.partition("?")[0]).name
        assert answer.content == file.read_bytes()


def test_a_problem_is_text(api: str) -> None:
    answer = train(api, width=0)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/width"


def test_a_training_for_which_there_is_no_time_is_refused(api: str) -> None:
    answer = train(api, width=300, height=300, iterations=1_000_000)
    assert answer.status_code == 422
    assert "seconds" in answer.json()["detail"]


def test_a_body_may_be_too_large(api: str) -> None:
    limit = httpx2.get(f"{api}/limits", timeout=60).json()["max_body_bytes"]
    padding = " " * limit
    answer = httpx2.post(
        f"{api}/train",
        content=json.dumps(expected.TRAINING) + padding,
        headers={"content-type": "application/json"},
        timeout=60,
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:kohonen:problem:body-too-large"


@pytest.fixture(scope="module")
def hurried(built: Sam, s3: S3Server, state: Path) -> Iterator[str]:
    """Serve the API with ten seconds for a request, and with a store that does not answer."""
    with silence() as port:
        variables = {
            **s3.environment,
            "AWS_ENDPOINT_URL_S3": f"http://{HOST}:{port}",
            "SOM_STORE": "s3://nowhere/sam",
            **NO_JOBS,
        }
        changed = built.changed("silent-store", variables, Timeout=10)
        with changed.start_api(state / "start-api-silent.log") as url:
            yield url


def test_a_store_that_does_not_answer_is_a_problem_in_time(hurried: str) -> None:
    answer = train(hurried)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_function_that_hangs_is_ended_and_starts_anew(hurried: str) -> None:
    assert httpx2.get(f"{hurried}/health", timeout=60).status_code == 200
    for running in docker("ps", "--quiet", "--filter", "ancestor=function:rapid-x86_64").split():
        docker("exec", running, "python", "-c", FREEZE)
    answer = httpx2.get(f"{hurried}/health", timeout=60)
    assert answer.status_code in {502, 504}
    assert "Traceback" not in answer.text
    assert httpx2.get(f"{hurried}/health", timeout=60).json()["status"] == "ok"


@contextmanager
def silence() -> Iterator[int]:
    """Take connections on a port, and never say a word; yields the port."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:  # closed
                return

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in taken:
            connection.close()
