"""Heavy requests on a service in a control group of 1 GB: ``python -m benchmarks.load.memory``, as root.

Fails where an answer is neither a success nor a 503 with ``Retry-After``, where /health fails, or where the
service is killed.
"""

import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load.server import serving

__all__ = ["main"]

LIMIT = 2**30
PATIENCE = 600.0
GROUPS = Path("/sys/fs/cgroup")
#: Names of the files of version 2 and of version 1: the limit, and the peak.
FILES = ("memory.max", "memory.peak"), ("memory.limit_in_bytes", "memory.max_usage_in_bytes")

Requests = list[tuple[str, bytes | None]]


@contextmanager
def control_group() -> Iterator[tuple[Path, Path]]:
    """Make a control group of the limit; yields its folder and the file with its peak."""
    first = (GROUPS / "memory").is_dir()
    limit, peak = FILES[first]
    folder = (GROUPS / "memory" if first else GROUPS) / f"kohonen-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / limit).write_text(str(LIMIT))
        yield folder, folder / peak
    finally:
        folder.rmdir()


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, float]:
    """Send a request and read its answer; returns its status, 0 for a broken promise, and its seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    started = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    connection.request("GET" if body is None else "POST", path, body, headers)
    answer = connection.getresponse()
    while answer.read(2**20):
        pass
    connection.close()
    promised = answer.status != 503 or answer.getheader("Retry-After")
    return answer.status if promised else 0, time.perf_counter() - started


def training(seed: int) -> bytes:
    """Return a request for a map of 10,000,000 weights."""
    data = [[(k * n + seed) % 7 / 7 for k in range(10)] for n in range(10)]
    size = {"width": 1000, "height": 1000, "iterations": 1, "random_state": seed}
    return json.dumps({"data": data, **size}).encode()


def waves() -> dict[str, Requests]:
    """Return the requests that are sent at the same time."""
    model = "/models/latest"
    heavy: list[str] = [
        *(f"{model}/image?view={view}" for view in ("u-matrix", "hits", "planes&component=1", "clusters")),
        *(f"{model}/download?format={form}" for form in ("npy", "npz", "json", "csv")),
        f"{model}/report",
        f"{model}/clusters",
    ]
    return {
        "12 reports": [*_gets([f"{model}/report"] * 12)],
        "40 heavy reads": [*_gets(heavy * 4)],
        "12 trainings": [("/train", training(seed)) for seed in range(2, 14)],
    }


def _gets(paths: list[str]) -> Iterator[tuple[str, bytes | None]]:
    for path in paths:
        yield path, None


def main() -> int:
    """Measure, and print the figures and what is wrong with them."""
    if os.geteuid() != 0:
        print("this needs root, for a control group")
        return 0
    wrong = []
    with tempfile.TemporaryDirectory() as store, control_group() as (folder, peak):

        def enter() -> None:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

        command = [sys.executable, "-m", "app", "serve"]
        settings = {"SOM_STORE": f"file:{store}/models", "SOM_MEMORY": str(LIMIT - 2**28)}
        with serving(command, enter, **settings) as (server, port):
            ask(port, "/train", training(1))
            for name, requests in waves().items():
                found, health, seconds = _wave(port, requests)
                allowed = {200, 201, 503}
                alive = server.poll() is None
                print(
                    f"{name}: {dict(found)} in {seconds:.0f} s; /health {len(health)} times, "
                    f"{1000 * max(health):.0f} ms at most; "
                    f"peak of the group {int(peak.read_text()) / 2**20:.0f} MiB"
                )
                if not alive or set(found) - allowed:
                    wrong.append(name)
    for each in wrong:
        print(f"WRONG: {each}", file=sys.stderr)
    return 1 if wrong else 0


def _wave(port: int, requests: list[tuple[str, bytes | None]]) -> tuple[Counter[int], list[float], float]:
    """Send requests at the same time, with /health beside them."""
    over, health = threading.Event(), []
    started = time.perf_counter()

    def pulse() -> None:
        while not over.is_set():
            status, seconds = ask(port, "/health")
            assert status == 200
            health.append(seconds)
            over.wait(0.1)

    with ThreadPoolExecutor(len(requests) + 1) as threads:
        beside = threads.submit(pulse)
        asked = [threads.submit(ask, port, path, body) for path, body in requests]
        found = Counter(each.result()[0] for each in asked)
        over.set()
        beside.result()
    return found, health, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
