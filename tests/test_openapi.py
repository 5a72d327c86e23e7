"""The committed OpenAPI document equals that of the service."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_openapi_json_is_what_the_service_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "openapi"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (ROOT / "openapi.json").read_text() == done.stdout, "run `make openapi`"
