"""The same request to uvicorn with a folder and to the Lambda image with S3: the same model, to the bit."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from tests.e2e import expected
from tests.e2e.docker import ROOT, Container, container
from tests.e2e.emulator import body, invoke
from tests.e2e.processes import answers, free_port, process
from tests.e2e.s3 import S3Server
from tests.e2e.test_lambda_image import AS_IN_LAMBDA, get, post

#: The environment that `make run` serves from.
PYTHON = ROOT / ".venv" / "bin" / "python"
PREFIX = "everywhere"

TRAININGS: dict[str, dict[str, Any]] = {
    "colours": expected.TRAINING,
    "four dimensions": {
        "data": [[5.1, 3.5, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4], [6.3, 3.3, 6.0, 2.5], [4.9, 3.0, 1.4, 0.2]],
        "width": 24,
        "height": 17,
        "iterations": 150,
        "random_state": 11,
    },
    "with a name": {**expected.TRAINING, "random_state": 8, "keep_data": False, "name": "sunset"},
}


@dataclass(frozen=True, slots=True)
class Server:
    """uvicorn, and the folder that its models are in."""

    url: str
    store: str


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("uvicorn")
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", f"file:{folder / 'models'}")
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "uvicorn",
        "app.app:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with process(
        command,
        log=folder / "log",
        cwd=ROOT,
        environment={"SOM_STORE": server.store},
        ready=lambda: answers(f"{server.url}/health"),
    ):
        yield server


@pytest.fixture(scope="module")
def there(lambda_image: str, s3: S3Server) -> Iterator[Container]:
    with container(lambda_image, *AS_IN_LAMBDA, *s3.options(PREFIX), port=8080) as started:
        yield started


def shown(reference: str, store: str, **environment: str) -> dict[str, Any]:
    """Return what the command line says of a model in a store."""
    done = subprocess.run(
        [PYTHON, "-m", "app", "models", "--store", store, "show", reference],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def lasting(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that does not depend on when, where and by what its model was trained."""
    passing = {"created_at", "environment", "engine"}
    return {name: value for name, value in card.items() if name not in passing}


@pytest.mark.parametrize("kind", TRAININGS)
def test_the_same_model(here: Server, there: Container, s3: S3Server, kind: str) -> None:
    training = TRAININGS[kind]
    made = httpx2.post(f"{here.url}/train", json=training, headers={"accept": "application/json"}, timeout=60)
    assert made.status_code == 201, made.text
    answer = invoke(there.url, post("/train", training, accept="application/json"))
    assert answer["statusCode"] == 201, answer
    model_id = made.json()["id"]
    assert json.loads(body(answer))["id"] == model_id
    reference = training.get("name", model_id)

    downloaded = httpx2.get(f"{here.url}/models/{reference}/download", timeout=60)
    assert downloaded.status_code == 200
    answer = invoke(there.url, get(f"/models/{reference}/download"))
    assert answer["statusCode"] == 200
    weights = np.load(BytesIO(downloaded.content), allow_pickle=False)
    assert weights.shape[:2] == (training["width"], training["height"])
    assert body(answer) == downloaded.content

    in_folder = shown(reference, here.store)
    in_bucket = shown(reference, f"s3://{s3.bucket}/{PREFIX}", **_own(s3))
    assert lasting(in_bucket) == lasting(in_folder)
    assert in_folder["id"] == model_id
    assert in_folder["revisions"] == (["sunset@1"] if "name" in training else [])
    assert (in_folder["environment"], in_bucket["environment"]) == ("local", PREFIX)


def _own(s3: S3Server) -> dict[str, str]:
    """Return what a process of this machine needs to use the server."""
    return {**s3.environment, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{s3.port}"}
