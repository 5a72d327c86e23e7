"""Starts under AWS's own emulator, on this machine: ``make coldstart``, or ``ARGS="--runs 20"`` for more.

The service, with its models in S3 and a queue in SQS as the template has them, is started in turn with the
same process that imports fastapi, NumPy and Pillow alone, and with one that imports nothing; each start is
that of a fresh process, and what counts is what the emulator says. The processor time of the imports follows,
and that of the first stored picture, from a cold start and from a process prepared for a snapshot.
``make e2e`` does the same in the image.
"""

import argparse
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cold_start import processor, restored
from benchmarks.cold_start.handlers import MODULES, NAMES, PATIENCE, Start, lines

__all__ = ["main", "start"]

ROOT = Path(__file__).parents[2]
CPU = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "none")
EMULATOR = f".venv-sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{CPU}"
SETTINGS = {
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "SOM_STORE": "s3://nothing/yet",
    "SOM_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
    "SOM_LOG_FORMAT": "json",
    "PYTHONDONTWRITEBYTECODE": "",  # the image has bytecode, too
}


def start(handler: str, folder: Path) -> Start:
    """Start a handler under the emulator, and return how long this takes.

    Raises
    ------
    RuntimeError
        When it does not start.
    """
    with emulated(handler, folder) as (address, log):
        return Start.of(lambda event: _invoke(address, event), lambda: log.read_text(errors="replace"))


@contextmanager
def emulated(handler: str, folder: Path, **variables: str) -> Iterator[tuple[str, Path]]:
    """Run a handler of a folder under the emulator; yields its address and its log."""
    (emulator,) = ROOT.glob(EMULATOR)
    address, runtime = (f"127.0.0.1:{port}" for port in _free_ports())
    options = ["--runtime-interface-emulator-address", address, "--runtime-api-address", runtime]
    command = [str(emulator), *options, sys.executable, "-m", "awslambdaric", handler]
    path = os.pathsep.join([str(ROOT), str(folder)])
    environment = {**os.environ, **SETTINGS, **variables, "PYTHONPATH": path}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            _wait(address)
            yield address, log
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the emulator, and the function that it has started
            process.wait()


def _free_ports() -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def _wait(address: str) -> None:
    """Wait until the emulator listens; it starts the function when that is asked something."""
    host, port = address.split(":")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _invoke(address: str, event: dict[str, Any]) -> dict[str, Any]:
    url = f"http://{address}/2015-03-31/functions/function/invocations"
    with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=PATIENCE) as answer:
        answered: dict[str, Any] = json.load(answer)
    if answered.get("statusCode") not in {200, 201}:
        raise RuntimeError(f"{event['path']} is answered by {answered}")
    return answered


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    asked = parser.parse_args(arguments)
    if not list(ROOT.glob(EMULATOR)):
        parser.error("there is no emulator: make coldstart installs it")
    starts: dict[str, list[Start]] = {name: [] for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in MODULES.items():
            Path(folder, f"{name}.py").write_text(text)
        for handler in NAMES.values():
            start(handler, Path(folder))  # writes the bytecode, and warms the disk up
        for _ in range(asked.runs):
            for name, handler in NAMES.items():
                starts[name].append(start(handler, Path(folder)))
    print("\n".join(lines(starts)))
    print(processor.of_this_machine(SETTINGS))
    print(first_pictures(asked.runs))
    return 0


def first_pictures(runs: int) -> str:
    """Measure first stored pictures from both states in turn, with an S3 server on this machine."""
    port = _free_ports()[0]
    times: dict[str, list[float]] = {name: [] for name in restored.MODULES}
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"127.0.0.1:{port}")
        bucket = f"http://127.0.0.1:{port}/bucket"
        urllib.request.urlopen(urllib.request.Request(bucket, method="PUT"), timeout=PATIENCE).close()
        variables = {
            **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "none"),
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "OPENBLAS_NUM_THREADS": "1",  # as in the image
            "SOM_STORE": "s3://bucket/models",
        }
        with tempfile.TemporaryDirectory() as folder:
            for run in range(runs):
                for state, (name, text) in enumerate(restored.MODULES.items()):
                    Path(folder, f"{name}.py").write_text(text)
                    with emulated(f"{name}.handler", Path(folder), **variables) as (address, _):
                        answered = _invoke(address, restored.training(2 * run + state))
                        times[name].append(float(answered["headers"][restored.HEADER]))
    finally:
        server.kill()
        server.wait()
    return restored.line(times)


if __name__ == "__main__":
    sys.exit(main())
