"""compose.yaml: the API, a worker, an S3 server, MLflow, a training and Jupyter, all of them together."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from tests.e2e import expected
from tests.e2e.docker import ROOT, docker
from tests.e2e.processes import answers, free_port
from tests.waiting import PATIENCE, eventually

COMPOSE = Path(sys.executable).with_name("docker-compose")
PROJECT = "kohonen-e2e"


@dataclass(frozen=True, slots=True)
class Stack:
    """The services, and where they are on this machine."""

    api: str
    mlflow: str
    jupyter: str

    def compose(self, *arguments: str, timeout: float = 10 * PATIENCE) -> str:
        """Run Docker Compose and return what it prints."""
        ports = {
            f"{name.upper()}_PORT": url.rpartition(":")[2]
            for name, url in (("api", self.api), ("mlflow", self.mlflow), ("jupyter", self.jupyter))
        }
        done = subprocess.run(
            [COMPOSE, "--project-name", PROJECT, "--progress", "plain", *arguments],
            cwd=ROOT,
            env={**os.environ, **ports},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"docker compose {arguments[0]}: {done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def stack(plain_image: str) -> Iterator[Stack]:
    """Build the images, since Compose itself would want Buildx for that, and run the services."""
    docker("tag", plain_image, "kohonen")
    docker(
        "build",
        "-t",
        "kohonen-workbench",
        "-f",
        "Dockerfile.workbench",
        ".",
        DOCKER_BUILDKIT="1",
    )
    started = Stack(*(f"http://127.0.0.1:{free_port()}" for _ in range(3)))
    try:
        started.compose("up", "--no-build", "--detach", "--wait")
        yield started
    finally:
        started.compose("--profile", "*", "down", "--volumes", "--timeout", "5")


def test_a_map_is_trained_and_kept_in_the_s3_server(stack: Stack) -> None:
    made = httpx2.post(f"{stack.api}/train", json=expected.TRAINING, timeout=60)
    assert made.status_code == 201
    np.testing.assert_array_equal(expected.pixels(made.content), expected.picture(expected.TRAINING))
    # Another container of the same store has it.
    listed = stack.compose("exec", "worker", "python", "-m", "app", "models", "list")
    assert made.headers["kohonen-model-id"] in listed


def test_the_worker_does_the_jobs(stack: Stack) -> None:
    asked = httpx2.post(f"{stack.api}/atrain", json={**expected.TRAINING, "random_state": 2}, timeout=60)
    assert asked.status_code == 202

    def ended() -> Any:
        job = httpx2.get(stack.api + asked.headers["location"], timeout=60).json()
        return None if job["state"] in {"queued", "running"} else job

    job = eventually(ended)
    assert job["state"] == "succeeded", job
    answer = httpx2.get(f"{stack.api}/models/{job['id']}/download", timeout=60)
    np.testing.assert_allclose(
        np.load(BytesIO(answer.content)),
        expected.weights({**expected.TRAINING, "random_state": 2}),
        rtol=0,
        atol=1e-9,
    )


def test_one_training_is_served_by_the_api_and_known_to_mlflow(stack: Stack) -> None:
    stack.compose("run", "--rm", "train")
    card = httpx2.get(f"{stack.api}/models/starry-night", timeout=60)
    assert card.status_code == 200
    served = httpx2.get(f"{stack.api}/model-info", timeout=60)
    assert served.json()["id"] == card.json()["id"]
    mlflow = f"{stack.mlflow}/api/2.0/mlflow"
    found = httpx2.get(f"{mlflow}/experiments/get-by-name?experiment_name=kohonen", timeout=60).json()
    search = {"experiment_ids": [found["experiment"]["experiment_id"]]}
    (run,) = httpx2.post(f"{mlflow}/runs/search", json=search, timeout=60).json()["runs"]
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert metrics["quantization_error"] == pytest.approx(card.json()["quality"]["quantization_error"])


def test_jupyter_has_the_notebooks(stack: Stack) -> None:
    stack.compose("--profile", "notebook", "up", "--no-build", "--detach", "notebook")
    eventually(lambda: answers(f"{stack.jupyter}/api"), why=lambda: stack.compose("logs", "notebook"))
    assert "version" in httpx2.get(f"{stack.jupyter}/api", timeout=60).json()
    # Nobody runs code there without the token, which the log tells.
    assert httpx2.get(f"{stack.jupyter}/api/contents", timeout=60).status_code == 403
    assert "/lab?token=" in stack.compose("logs", "notebook")
