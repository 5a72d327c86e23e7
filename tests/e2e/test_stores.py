"""What every store does, on a real S3 server: the contract and the models that moto answers for elsewhere."""

import os
import re
import subprocess

from tests.e2e.conftest import Report
from tests.e2e.docker import ROOT
from tests.e2e.s3 import KEY, SECRET, S3Server

#: The environment of the suites, which are not this one's.
PYTHON = ROOT / ".venv" / "bin" / "python"
SUITES = ["tests/app/storage", "tests/app/models"]
#: So many tests at least: that there is a server makes them, and none may be missed.
FEWEST = 40


def test_the_contract_holds_on_a_real_server(s3: S3Server, report: Report) -> None:
    variables = {
        "SOM_TEST_S3_ENDPOINT": f"http://127.0.0.1:{s3.port}",
        "SOM_TEST_S3_KEY": KEY,
        "SOM_TEST_S3_SECRET": SECRET,
    }
    done = subprocess.run(
        [PYTHON, "-m", "pytest", "-k", "real_s3 or test_s3_real", *SUITES],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= FEWEST, done.stdout
    report(f"{passed[1]} tests of stores and models on the S3 server")
