"""Load on a service of its own, on this machine: ``make load``, or with ``ARGS="--seconds 300"`` for longer.

Clients mix the demo, trainings, predictions, lists and jobs, while somebody else asks for /health every 20
ms, of the service and of an app that does nothing beside it: what that takes is the machine's share. Prints
answers a second, p50, p95 and p99 of each kind, and the server's memory. Fails where an answer is neither a
success nor the documented 503, where /health takes over 50 ms at p99, or where memory grows.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context

from benchmarks.load import clients
from benchmarks.load.report import Measured, table, wrong
from benchmarks.load.server import serving
from benchmarks.load.watch import watch

__all__ = ["main", "measure"]


def measure(*, seconds: float, number: int) -> Measured:
    """Put the load of so many clients on a service for so many seconds."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        command = [sys.executable, "-m", "app", "serve"]
        _, empty = stack.enter_context(
            serving([sys.executable, "-m", "uvicorn", "--log-level=error", "benchmarks.load.empty:app"])
        )
        server, port = stack.enter_context(serving(command, SOM_STORE=f"file:{folder}/models"))
        clients.train_first(port)
        # Each in a process of its own: in one they would measure how busy that is.
        processes = stack.enter_context(ProcessPoolExecutor(2, mp_context=get_context("spawn")))
        watched = processes.submit(watch, [port, empty], server.pid, seconds=seconds)
        loaded = processes.submit(clients.load, port, clients=number, seconds=seconds)
        (health, nothing), memory = watched.result()
        return Measured(seconds, loaded.result(), health, nothing, memory)


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
