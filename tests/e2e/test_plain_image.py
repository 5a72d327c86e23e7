"""The plain image, run as Fargate, Cloud Run or a careful host would run it."""

import http.client
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest

from tests.e2e import expected
from tests.e2e.docker import Container, container, docker
from tests.e2e.s3 import S3Server
from tests.waiting import PATIENCE, eventually

HARDENED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=512m",
    "--health-interval=500ms",  # instead of 30 s; all else as in the Dockerfile
)


@pytest.fixture(scope="module")
def volume() -> Iterator[str]:
    name = docker("volume", "create", "--label", "kohonen-e2e").strip()
    yield name
    docker("volume", "rm", "--force", name, check=False)


@pytest.fixture(scope="module")
def running(plain_image: str, volume: str) -> Iterator[Container]:
    with container(plain_image, *HARDENED, f"--volume={volume}:/data", port=5000) as started:
        started.wait_for_health()
        yield started


def train(url: str, **changes: Any) -> httpx2.Response:
    return httpx2.post(f"{url}/train", json={**expected.TRAINING, **changes}, timeout=120)


def download(url: str, model_id: str) -> Any:
    answer = httpx2.get(f"{url}/models/{model_id}/download", timeout=60)
    assert answer.status_code == 200
    return np.load(BytesIO(answer.content), allow_pickle=False)


def test_it_turns_healthy_and_runs_as_nobody_of_importance(running: Container) -> None:
    assert running.run("id", "-u").strip() == "10001"
    host = running.inspect()["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Memory"]) == (True, ["ALL"], 512 * 2**20)
    assert "Read-only file system" in docker("exec", running.id, "touch", "/srv/app/x", check=False)


def test_curl_trains_and_gets_the_picture(running: Container, tmp_path: Path) -> None:
    picture = tmp_path / "map.png"
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "60", "--output", str(picture)]
    content = ["--header", "content-type: application/json", "--data", json.dumps(expected.TRAINING)]
    subprocess.run([*command, *content, f"{running.url}/train"], check=True)
    np.testing.assert_array_equal(expected.pixels(picture.read_bytes()), expected.picture(expected.TRAINING))


def test_the_demo_is_drawn(running: Container) -> None:
    answer = httpx2.get(running.url, timeout=60)
    assert answer.headers["content-type"] == "image/png"
    seed = int(answer.headers["kohonen-random-state"])
    np.testing.assert_array_equal(expected.pixels(answer.content), expected.demo(seed=seed))


def test_figures_are_drawn_where_no_file_can_be_written(running: Container) -> None:
    model_id = train(running.url).headers["kohonen-model-id"]
    place = f"{running.url}/models/{model_id}/image?view=planes&annotated=true"
    first = httpx2.get(place, timeout=60)
    assert first.status_code == 200, running.logs()
    assert expected.is_yellow_somewhere(first.content)
    assert "component 2" in httpx2.get(f"{place}&format=svg", timeout=60).text
    assert "temporary cache directory" not in running.logs()


def test_models_outlive_the_container_in_a_volume(running: Container, plain_image: str, volume: str) -> None:
    model_id = train(running.url, random_state=1).headers["kohonen-model-id"]
    with container(plain_image, *HARDENED, f"--volume={volume}:/data", port=5000, ready="/health") as second:
        weights = download(second.url, model_id)
    np.testing.assert_allclose(
        weights, expected.weights({**expected.TRAINING, "random_state": 1}), rtol=0, atol=1e-9
    )


def test_a_volume_that_cannot_be_written_is_a_problem_that_says_so(plain_image: str, volume: str) -> None:
    with container(
        plain_image, *HARDENED, f"--volume={volume}:/data:ro", port=5000, ready="/health"
    ) as started:
        answer = train(started.url, random_state=2)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "SOM_STORE" in answer.json()["detail"]


def test_models_are_kept_in_s3(plain_image: str, s3: S3Server) -> None:
    with container(plain_image, *HARDENED, *s3.options("plain"), port=5000, ready="/health") as started:
        made = train(started.url)
        assert made.status_code == 201
        model_id = made.headers["kohonen-model-id"]
        weights = download(started.url, model_id)
        assert train(started.url).status_code == 200
    np.testing.assert_allclose(weights, expected.weights(expected.TRAINING), rtol=0, atol=1e-9)
    assert s3.has("plain", model_id)


def test_it_listens_on_the_port_that_it_is_told(plain_image: str) -> None:
    with container(plain_image, *HARDENED, "--env=PORT=8080", port=8080) as started:
        started.wait_for_health()
        assert httpx2.get(f"{started.url}/health", timeout=60).json()["status"] == "ok"


def test_sigterm_lets_requests_under_way_finish(plain_image: str) -> None:
    training = {**expected.TRAINING, "width": 100, "height": 100, "persist": False}
    content = json.dumps(training).encode()
    with container(plain_image, *HARDENED, port=5000, ready="/health") as started:
        with begun(started.url, "/train", content) as (connection, go_on), ThreadPoolExecutor() as threads:
            stopping = threads.submit(docker, "stop", "--time=600", started.id)
            eventually(lambda: "Shutting down" in started.logs(), why=started.logs)
            go_on()
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            drawn = answer.read()
            stopping.result()
        assert answer.status == 200
        assert expected.pixels(drawn).shape == (400, 400, 3)
        state = started.inspect()["State"]
        assert not state["OOMKilled"]
        assert state["ExitCode"] in {0, 143}  # and not 137: killed
        assert "Traceback" not in started.logs()


def test_an_idle_container_stops_at_once(plain_image: str) -> None:
    with container(plain_image, *HARDENED, port=5000, ready="/health") as started:
        docker("stop", "--time=600", started.id)
        assert started.inspect()["State"]["ExitCode"] in {0, 143}  # and not 137: killed


@contextmanager
def begun(url: str, path: str, content: bytes) -> Iterator[tuple[socket.socket, Callable[[], None]]]:
    """Begin a request until the service waits for its body; yields the connection, and what sends that."""
    place = urlsplit(url)
    headers = {
        "host": place.netloc,
        "content-type": "application/json",
        "content-length": str(len(content)),
        "expect": "100-continue",
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    with socket.create_connection((place.hostname, place.port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join(lines).encode())
        assert b" 100 " in connection.recv(1000)
        yield connection, lambda: connection.sendall(content)
