"""The clients in examples/ run against a service."""

import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from app.app import create_app
from app.settings import Settings
from tests.waiting import PATIENCE, eventually

CLIENTS = Path(__file__).parent.parent / "examples" / "clients"
LINES = ["trained ", "saved ", "unit (", "unit (", "continued as ", "", "", "deleted both"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve on a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(Settings(store="memory:")), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        eventually(lambda: server.started or not thread.is_alive())
        assert server.started
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def run(command: list[str], folder: Path) -> list[str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_python(url: str, tmp_path: Path) -> None:
    lines = run([sys.executable, str(CLIENTS / "life_of_a_model.py"), url], tmp_path)
    assert len(lines) == len(LINES)
    assert all(line.startswith(start) for line, start in zip(lines, LINES, strict=True))
    assert (tmp_path / "sunset.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "sunset.npy").read_bytes().startswith(b"\x93NUMPY")


def test_javascript(url: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    lines = run([node, str(CLIENTS / "life-of-a-model.mjs"), url], tmp_path)
    assert len(lines) == len(LINES)
    assert all(line.startswith(start) for line, start in zip(lines, LINES, strict=True))
    assert (tmp_path / "sunset.csv").read_text().startswith("x,y,w0,w1,w2\n0,0,")


def requests(text: str, url: str) -> Iterator[urllib.request.Request]:
    """Read a .http file: blocks between lines of ###, a request line, headers, an empty line, a body."""
    for block in re.split(r"^###.*\n", text, flags=re.MULTILINE)[1:]:
        head, _, body = block.strip().partition("\n\n")
        line, *headers = head.splitlines()
        method, address = line.split()
        yield urllib.request.Request(
            address.replace("{{url}}", url),
            body.encode() or None,
            dict(header.split(": ", 1) for header in headers),
            method=method,
        )


def test_http_file(url: str) -> None:
    statuses = []
    for request in requests((CLIENTS / "life-of-a-model.http").read_text(encoding="utf-8"), url):
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            statuses.append(answer.status)
    assert statuses == [201, 200, 200, 200, 200, 200, 200, 201, 200, 200, 204, 204]
