"""What the tests of the workbench share. `make workbench` runs them, in an environment of their own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.e2e.processes import free_port, listens, process

# Nobody is told about these runs, and failures are seen at once.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    # Of what they are made of, not of ours: MLflow on its own type hints, and what it uses.
    for line in ("ignore::Warning:mlflow.*", "ignore:Any type hint is inferred as AnyType:UserWarning"):
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def tracking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a tracking server with a database and artifacts of its own, and return its URL."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command: list[str | Path] = [
        Path(sys.executable).with_name("mlflow"),
        "server",
        "--host=127.0.0.1",
        f"--port={port}",
        "--workers=1",
        f"--backend-store-uri=sqlite:///{folder}/mlflow.db",
        f"--artifacts-destination={folder}/artifacts",
    ]
    with process(
        command, log=folder / "log", cwd=folder, ready=lambda: listens(port), seconds=180, gently=False
    ):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def experiment(
    tracking_server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Name a new experiment on the server in the environment, as a user would, and return its name."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_server)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    yield request.node.name
    while mlflow.active_run():
        mlflow.end_run()
