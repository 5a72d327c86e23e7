"""Load on a service of its own, on this machine: ``make load``, or with ``ARGS="--seconds 300"`` for longer.

Clients mix the demo, trainings, predictions, lists and jobs, while somebody else asks for /health every 20
ms, of the service and of an app that does nothing beside it: what that takes is the machine's share. Prints
answers a second, p50, p95 and p99 of each kind, and the server's memory. Fails where an answer is neither a
success nor the documented 503, where /health takes over 50 ms at p99, or where memory grows.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

from benchmarks.load import clients
from benchmarks.load.report import Measured, table, wrong
from benchmarks.load.watch import watch

__all__ = ["main", "measure"]

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def measure(*, seconds: float, number: int) -> Measured:
    """Put the load of so many clients on a service for so many seconds."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        command = [sys.executable, "-m", "app", "serve"]
        _, empty = stack.enter_context(
            _serving([sys.executable, "-m", "uvicorn", "--log-level=error", "benchmarks.load.empty:app"])
        )
        server, port = stack.enter_context(_serving(command, SOM_STORE=f"file:{folder}/models"))
        clients.train_first(port)
        # Each in a process of its own: in one they would measure how busy that is.
        processes = stack.enter_context(ProcessPoolExecutor(2, mp_context=get_context("spawn")))
        watched = processes.submit(watch, [port, empty], server.pid, seconds=seconds)
        loaded = processes.submit(clients.load, port, clients=number, seconds=seconds)
        (health, nothing), memory = watched.result()
        return Measured(seconds, loaded.result(), health, nothing, memory)


@contextmanager
def _serving(command: list[str], **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a server until the block ends; yields it and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = {"HOST": "127.0.0.1", "PORT": str(port), "UVICORN_PORT": str(port)}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **place, **settings}, stdout=log, stderr=log
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


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the figures and what is wrong with them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args(arguments)
    measured = measure(seconds=asked.seconds, number=asked.clients)
    print("\n".join(table(measured)))
    found = list(wrong(measured))
    for each in found:
        print(f"WRONG: {each}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
