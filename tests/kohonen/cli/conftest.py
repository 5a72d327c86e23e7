from pathlib import Path

import pytest

from kohonen.cli.main import run
from kohonen.experiments.settings import VARIABLES
from tests.kohonen.cli.terminal import Terminal


@pytest.fixture
def kohonen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Call the command in an empty folder, without environment variables."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call
