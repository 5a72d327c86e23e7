"""What the end-to-end tests share. `make e2e` runs them; they need Docker, and fail without."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.docker import ROOT, docker
from tests.e2e.s3 import S3Server, s3_server

Report = Callable[[str], None]

PLAIN = "kohonen-som"
LAMBDA = "kohonen-som-lambda"
LINES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshot", type=Path, help="where to put the picture of /docs in a browser")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LINES] = []
    # Told to stop, the tests end what they have started.
    # A shell that has put them into the background has them ignore Ctrl-C, and so would all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash[LINES]:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    """Return what prints a line after the tests."""
    return request.config.stash[LINES].append


@pytest.fixture(scope="session")
def state() -> Path:
    """Return the folder for what may stay."""
    folder = Path(os.environ.get("E2E_STATE", ROOT / ".e2e"))
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def plain_image() -> str:
    """Build the plain image, by BuildKit; older engines take it only when told."""
    docker("build", "--tag", PLAIN, ".", DOCKER_BUILDKIT="1")
    return f"{PLAIN}:latest"


@pytest.fixture(scope="session")
def lambda_image() -> str:
    """Build the Lambda image, with the command of docs/deploy.md.

    An engine of our own builds it the classic way, as SAM does, and SAM finds most of it in the cache.
    """
    docker("build", "-t", LAMBDA, ".", "-f", "Dockerfile.aws.lambda")
    return f"{LAMBDA}:latest"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Run an S3 server, which containers reach, too."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
