"""Processes and ports on this machine."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx2

from tests.waiting import PATIENCE, eventually


def free_port(*, beside: int = 0) -> int:
    """Return a port that nobody listens on, and nobody on the one that many ports further either."""
    while True:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            port: int = server.getsockname()[1]
            if not beside:
                return port
            if port + beside < 65536:
                try:
                    socket.create_server(("127.0.0.1", port + beside)).close()
                except OSError:
                    continue
                return port


@contextmanager
def process(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    ready: Callable[[], bool],
    seconds: float = PATIENCE,
    gently: bool = True,
) -> Iterator[None]:
    """Run a process, with all that it starts, until the block ends; begin the block when it is ready."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:

            def said() -> str:
                return f"{command[0]} is not ready:\n{log.read_text(errors='replace')}"

            eventually(lambda: ready() or started.poll() is not None, seconds, why=said)
            assert started.poll() is None, said()
            yield
        finally:
            end(started, gently=gently)


def end(started: subprocess.Popen[bytes], *, gently: bool) -> None:
    """End a process, as Ctrl-C does if that is wanted, and by force what is left of its group."""
    if gently:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            started.send_signal(signal.SIGINT)
            started.wait(PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def listens(port: int) -> bool:
    """Say whether a port of this machine takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def answers(url: str) -> bool:
    """Say whether there is an answer at a URL, whatever it is."""
    try:
        httpx2.get(url, timeout=PATIENCE)
    except httpx2.TransportError:
        return False
    return True
