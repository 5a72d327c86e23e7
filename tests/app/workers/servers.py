"""Servers and workers in processes of their own, to be killed."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kohonen import Parameters, train
from tests.waiting import PATIENCE, eventually

#: As many iterations as the service takes: a job that is still running when its test ends.
ENDLESS = 1_000_000


class Server:
    """A server on a port of this machine."""

    def __init__(self, **settings: object) -> None:
        eventually(lambda: self._start(settings))  # somebody else may have taken the port meanwhile

    def _start(self, settings: dict[str, object]) -> bool:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = start("serve", PORT=self.port, **settings)
        eventually(lambda: self.process.poll() is not None or self._answers())
        return self.process.poll() is None

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.call("GET", "/health")
            return True
        return False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def wait_for(self, job_id: str, state: str, iteration: int = 0) -> Any:
        """Wait until a job is in a state, and so far; it must not go back meanwhile."""
        last = 0

        def found() -> Any:
            nonlocal last
            job = self.call("GET", f"/jobs/{job_id}")
            assert job["progress"]["iteration"] >= last
            last = job["progress"]["iteration"]
            if job["state"] == state and last >= iteration:
                return job
            assert job["state"] in ("queued", "running"), job
            return None

        return eventually(found, 10 * PATIENCE, pause=0.1)

    def kill(self) -> list[int]:
        """Kill the server and its workers, as a power cut would, and return who they were."""
        workers = children(self.process.pid)
        for pid in (self.process.pid, *workers):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        return workers

    def stop(self) -> None:
        """Stop the server in good order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)


def start(command: str, **settings: object) -> subprocess.Popen[bytes]:
    """Start ``python -m app`` with settings in its environment; pytest shows its log when a test fails."""
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    return subprocess.Popen([sys.executable, "-m", "app", command], env=environment)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found.append(int(path.parent.name))
    return found


@contextlib.contextmanager
def serving(**settings: object) -> Iterator[Server]:
    """Serve while the block lasts."""
    server = Server(**settings)
    try:
        yield server
    finally:
        server.stop()


def make_body(iterations: int, *, width: int = 40, height: int = 30) -> dict[str, Any]:
    """Return a request for a training."""
    return {
        "data": [[(i * j % 17) / 17 for j in range(1, 5)] for i in range(1, 61)],
        "width": width,
        "height": height,
        "iterations": iterations,
        "random_state": 7,
    }


def uninterrupted(body: dict[str, Any]) -> Any:
    """Return the weights of the same training without interruptions."""
    names = ("width", "height", "iterations", "random_state")
    return train(body["data"], Parameters(**{name: body[name] for name in names})).weights
