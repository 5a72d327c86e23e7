"""The start of the function: measured under the emulator, beside an empty one, and by import.

The figures depend on the machine, so they are reported, and none of them fails. What fails is a heavy module
that must not be imported at the start; `tests/test_cold_start.py` counts what may be.
"""

import re
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.cold_start import handlers, processor
from benchmarks.cold_start.handlers import MODULES, NAMES, Start
from tests.e2e.conftest import Report
from tests.e2e.docker import container, docker
from tests.e2e.emulator import invoke

RUNS = 5
#: What the function has in Lambda. Its start touches neither store nor queue, so there need not be any.
LIKE_LAMBDA = (
    "--memory=1769m",
    "--cpus=1",
    "--env=AWS_REGION=eu-west-1",
    "--env=AWS_DEFAULT_REGION=eu-west-1",
)
ON_AWS = (
    "--env=SOM_STORE=s3://nothing/yet",
    "--env=SOM_QUEUE=https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
)


def start(image: str, *options: str, handler: str) -> Start:
    """Start a handler, and return how long this takes."""
    with container(image, *LIKE_LAMBDA, *options, port=8080, command=[handler], ready="/") as started:

        def answered(event: dict[str, Any]) -> None:
            assert invoke(started.url, event)["statusCode"] == 200

        return Start.of(answered, started.logs)


def test_a_start_is_measured_beside_its_imports_alone_and_an_empty_one(
    lambda_image: str, report: Report, tmp_path: Path
) -> None:
    volumes = []
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
        volumes.append(f"--volume={tmp_path / name}.py:/var/task/{name}.py:ro")
    tmp_path.chmod(0o755)
    starts: dict[str, list[Start]] = defaultdict(list)
    for _ in range(RUNS):
        for name, handler in NAMES.items():
            starts[name].append(start(lambda_image, *ON_AWS, *volumes, handler=handler))
    for line in handlers.lines(starts):
        report(line)


def test_the_processor_time_of_a_start_is_measured(lambda_image: str, report: Report) -> None:
    variables = [f"--env={name}={value}" for name, value in processor.VARIABLES.items()]
    alone = (*LIKE_LAMBDA, *ON_AWS, *variables, "--entrypoint=python")
    run = ("run", "--rm", "--label=kohonen-e2e", *alone, lambda_image)
    report(processor.line(lambda arguments: docker(*run, *arguments)))


#: Of what tests/test_architecture.py lists, the packages.
LATER = {"PIL", "boto3", "botocore", "matplotlib", "uvicorn"}


def imports(image: str, *options: str) -> dict[str, float]:
    """Return the milliseconds that each top-level module's own code takes when the service is imported."""
    run = ("run", "--rm", "--label=kohonen-e2e", *LIKE_LAMBDA, *options, "--entrypoint=python", image)
    printed = docker(*run, "-X", "importtime", "-c", "import app.aws.api")
    spent: dict[str, float] = defaultdict(float)
    for own, name in re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", printed, re.MULTILINE):
        spent[name.split(".")[0]] += int(own) / 1000
    return spent


def test_the_start_is_broken_down_by_import(lambda_image: str, report: Report) -> None:
    runs = [imports(lambda_image, *ON_AWS) for _ in range(RUNS)]
    found = {name: statistics.median(run.get(name, 0.0) for run in runs) for name in runs[0]}
    parts = {name: spent for name, spent in found.items() if name not in sys.stdlib_module_names}
    parts["the standard library"] = sum(found.values()) - sum(parts.values())
    largest = sorted(parts, key=lambda name: parts[name], reverse=True)[:12]
    listed = ", ".join(f"{name} {parts[name]:.0f}" for name in largest)
    report(f"imports of the service with S3: {sum(parts.values()):.0f} ms; {listed}")


def test_nothing_is_imported_at_the_start_that_is_needed_later(lambda_image: str) -> None:
    assert not LATER & set(imports(lambda_image, *ON_AWS))
