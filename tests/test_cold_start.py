"""What a start of the Lambda function imports, counted: `make coldstart` measures how long that takes."""

import sys

import pytest

from benchmarks.cold_start import processor, restored
from benchmarks.cold_start.handlers import IMPORTS
from tests.test_architecture import loaded_by

#: The packages that the service imports at its start beside fastapi, NumPy, Pillow and what those import.
PACKAGES = {"app", "dotenv", "kohonen", "mangum", "pydantic_settings"}
#: The modules that it imports beside theirs; there are 268.
MOST_MODULES = 280


def test_a_start_imports_little_beside_its_largest_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    # As the template has it.
    monkeypatch.setenv("SOM_STORE", "s3://nothing/yet")
    monkeypatch.setenv("SOM_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs")
    service, imports = loaded_by("app.aws.api"), loaded_by(IMPORTS.removeprefix("import "))
    packages = {name.partition(".")[0] for name in service} - {name.partition(".")[0] for name in imports}
    assert packages - sys.stdlib_module_names <= PACKAGES
    assert len(service - imports) <= MOST_MODULES
    assert not {"app.aws.snapshot", "snapshot_restore_py"} & service, "a cold start takes no snapshot"


@pytest.mark.parametrize(("service", "verdict"), [(120.0, "alone."), (140.0, "more than the 1.3")])
def test_the_processor_time_of_a_start_is_reported(service: float, verdict: str) -> None:
    printed = f"[[{service + 5}, 100.0], [{service}, 130.0]]"
    line = processor.line(lambda arguments: printed)
    assert f"is {service:.0f} ms: {service / 100:.2f} times the 100 ms" in line
    assert verdict in line


@pytest.mark.parametrize(("milliseconds", "verdict"), [(150.0, "imports."), (310.0, "more than the 300 ms")])
def test_the_first_stored_picture_is_reported(milliseconds: float, verdict: str) -> None:
    line = restored.line({"cold": [400.0, 390.0, 500.0], "restored": [milliseconds]})
    assert (
        f"takes {milliseconds:.0f} ms of processor time from a snapshot, and 400 ms from a cold start" in line
    )
    assert verdict in line
