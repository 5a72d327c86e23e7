import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from app.__main__ import main
from kohonen.engines import describe_engine
from tests.waiting import PATIENCE, eventually


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=PATIENCE) as answer:
            assert answer.status == 200
            assert answer.headers["server"] is None
            return True
    except urllib.error.URLError:
        return False


@pytest.mark.parametrize("form", ["text", "json"])
def test_serves_where_it_is_told_and_stops_when_told(tmp_path: Path, form: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SOM_STORE": f"file:{tmp_path}/models",
        "SOM_LOG_FORMAT": form,
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: answers(port) or server.poll() is not None)
        server.send_signal(signal.SIGTERM)
        output, errors = server.communicate(timeout=PATIENCE)
    finally:
        server.kill()
        server.communicate()
    assert errors == ""
    assert f"maps are trained by the engine {describe_engine()}" in output
    assert f"Uvicorn running on http://127.0.0.1:{port}" in output
    if form == "json":
        assert all(json.loads(line)["message"] for line in output.splitlines())
    assert server.returncode in (0, -signal.SIGTERM)
    assert not (tmp_path / "models").exists()  # made on first use only


def test_asks_for_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "serve" in capsys.readouterr().err
