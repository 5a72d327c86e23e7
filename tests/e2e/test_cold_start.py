"""How long the function takes to start: measured under the emulator, beside an empty one, and by import.

Seconds of a shared machine are no promise, so only what cannot be noise fails: heavy modules that must not be
imported at the start.
"""

import re
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from tests.e2e.conftest import Report
from tests.e2e.docker import Container, container, docker
from tests.e2e.emulator import invoke

RUNS = 5
#: What the function has in Lambda. Its start touches no store, so there need not be one.
LIKE_LAMBDA = ("--memory=1769m", "--cpus=1", "--env=AWS_REGION=eu-west-1")
IN_S3 = "--env=SOM_STORE=s3://nothing/yet"
EMPTY = "def handler(event, context):\n    return {'statusCode': 200, 'isBase64Encoded': False, 'body': ''}\n"
BARE = {"resource": "/", "path": "/health", "httpMethod": "GET", "requestContext": {}}
HEAVY = {"PIL", "matplotlib", "uvicorn"}


def starts(image: str, *options: str, handler: str) -> list[float]:
    """Return how many milliseconds starts of a handler take, as the emulator measures them."""
    return [milliseconds(image, *options, handler=handler) for _ in range(RUNS)]


def milliseconds(image: str, *options: str, handler: str) -> float:
    with container(image, *LIKE_LAMBDA, *options, port=8080, command=[handler], ready="/") as started:
        assert invoke(started.url, BARE)["statusCode"] == 200
        return initialisation(started)


def initialisation(started: Container, seconds: float = 10) -> float:
    until = time.monotonic() + seconds
    while not (found := re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", started.logs())):
        assert time.monotonic() < until, started.logs()
        time.sleep(0.1)
    return float(found[1])


def test_a_start_is_measured_beside_an_empty_one(lambda_image: str, report: Report, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text(EMPTY)
    tmp_path.chmod(0o755)
    ours = starts(lambda_image, IN_S3, handler="app.app.handler")
    empty = starts(
        lambda_image, f"--volume={tmp_path / 'empty.py'}:/var/task/empty.py:ro", handler="empty.handler"
    )
    for name, times in (("the service", ours), ("an empty handler", empty)):
        listed = ", ".join(f"{each:.0f}" for each in sorted(times))
        report(f"cold start of {name}: {statistics.median(times):.0f} ms in the median of {listed}")


def imports(image: str, *options: str) -> dict[str, float]:
    """Return the milliseconds that each top-level module's own code takes when the service is imported."""
    run = ("run", "--rm", "--label=kohonen-e2e", *LIKE_LAMBDA, *options, "--entrypoint=python", image)
    printed = docker(*run, "-X", "importtime", "-c", "import app.app")
    spent: dict[str, float] = defaultdict(float)
    for own, name in re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", printed, re.MULTILINE):
        spent[name.split(".")[0]] += int(own) / 1000
    return spent


def test_the_start_is_broken_down_by_import(lambda_image: str, report: Report) -> None:
    runs = [imports(lambda_image, IN_S3) for _ in range(RUNS)]
    found = {name: statistics.median(run.get(name, 0.0) for run in runs) for name in runs[0]}
    parts = {name: spent for name, spent in found.items() if name not in sys.stdlib_module_names}
    parts["the standard library"] = sum(found.values()) - sum(parts.values())
    largest = sorted(parts, key=lambda name: parts[name], reverse=True)[:12]
    listed = ", ".join(f"{name} {parts[name]:.0f}" for name in largest)
    report(f"imports of the service with S3: {sum(parts.values()):.0f} ms; {listed}")


def test_nothing_is_imported_at_the_start_that_is_needed_later(lambda_image: str) -> None:
    assert not HEAVY & set(imports(lambda_image, IN_S3))
    assert not (HEAVY | {"boto3", "botocore"}) & set(imports(lambda_image, "--env=SOM_STORE=memory:"))
