"""Runs a server for a load test."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["serving"]

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@contextmanager
def serving(
    command: list[str], enter: Callable[[], None] | None = None, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a server until the block ends; yields it and its port. `enter` is called in its process first."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = {"HOST": "127.0.0.1", "PORT": str(port), "UVICORN_PORT": str(port)}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **place, **settings},
            stdout=log,
            stderr=log,
            preexec_fn=enter,
        )
        try:
            _wait(server, port)
            yield server, port
        except RuntimeError as error:
            log.seek(0)
            error.add_note(log.read().decode(errors="replace"))
            raise
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")
