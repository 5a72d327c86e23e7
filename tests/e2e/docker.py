"""Docker, through its command line."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.processes import answers
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
LABEL = "kohonen-e2e"
#: Under this name containers reach what listens on this machine.
HOST = "host.docker.internal"


def docker(
    *arguments: str | Path, timeout: float = 10 * PATIENCE, check: bool = True, **environment: str
) -> str:
    """Run a command and return what it prints, both streams of it."""
    done = subprocess.run(
        ["docker", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0 or not check, f"docker {arguments[0]}: {done.stdout}"
    return done.stdout


@dataclass(frozen=True, slots=True)
class Container:
    """A container that runs, and where one of its ports is on this machine."""

    id: str
    url: str

    def inspect(self) -> dict[str, Any]:
        (found,) = json.loads(docker("inspect", self.id))
        return dict(found)

    def logs(self) -> str:
        return docker("logs", self.id)

    def run(self, *command: str) -> str:
        return docker("exec", self.id, *command)

    def wait_for_health(self) -> None:
        eventually(lambda: self.inspect()["State"]["Health"]["Status"] == "healthy", why=self.logs)

    def wait_for_answer(self, path: str) -> None:
        eventually(lambda: answers(self.url + path), why=self.logs)


@contextmanager
def container(
    image: str, *options: str | Path, port: int, command: Sequence[str] = (), ready: str = ""
) -> Iterator[Container]:
    """Run a container until the block ends; one of its ports is published to this machine alone.

    The block begins when there is an answer at the path `ready`, if one is given.
    """
    publish = f"127.0.0.1::{port}"
    add_host = f"--add-host={HOST}:host-gateway"
    identifier = docker(
        "run", "--detach", "--label", LABEL, add_host, "--publish", publish, *options, image, *command
    ).split()[-1]
    try:
        address = docker("port", identifier, str(port)).split()[-1]
        started = Container(identifier, f"http://{address}")
        if ready:
            started.wait_for_answer(ready)
        yield started
    finally:
        docker("rm", "--force", "--volumes", identifier, check=False)


def image_bytes(image: str) -> int:
    """Return the bytes of all layers of an image."""
    sizes = docker("history", "--human=false", "--format", "{{.Size}}", image)
    return sum(map(int, sizes.split()))
