"""Connections that are slow, and many."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.commands import server
from tests.waiting import PATIENCE, eventually

LARGE = b"x" * 2**20
PIECES = 64


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with 64 MiB at /large, and with nothing elsewhere."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/large":
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": LARGE, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class Running(uvicorn.Server):
    """A server in a thread, which leaves the signals to the tests."""

    def __init__(self, most: int) -> None:
        protocol = type("Protocol", (server.LimitedProtocol,), {"most": most})
        super().__init__(uvicorn.Config(app, port=0, http=protocol, lifespan="off", log_config=None))
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        eventually(lambda: self.started)

    @property
    def port(self) -> int:
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def answers(self) -> bool:
        with closing(self.connect()) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return caller.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Running]:
    for name, value in getattr(request, "param", {}).items():
        monkeypatch.setattr(server, name, value)
    made = Running(most=8)
    yield made
    made.should_exit = made.force_exit = True
    made.thread.join(PATIENCE)


def is_closed(caller: socket.socket) -> bool:
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("running", [{"HEADER_SECONDS": 0.1, "CHECK_SECONDS": 0.05}], indirect=True)
@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_headers_that_do_not_arrive_end_the_connection(running: Running, begun: bytes) -> None:
    with closing(running.connect()) as caller:
        caller.sendall(begun)
        assert is_closed(caller)
    with closing(running.connect()) as caller:  # after another request as well
        caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert caller.recv(12) == b"HTTP/1.1 200"
        caller.sendall(begun)
        while caller.recv(1000):
            pass
    assert running.answers()


def test_of_too_many_connections_the_one_that_waits_longest_is_ended(running: Running) -> None:
    with ExitStack() as opened:
        waiting = [opened.enter_context(closing(running.connect())) for _ in range(8)]
        for caller in waiting:
            caller.sendall(b"GET / HTTP/1.1\r\n")
        eventually(lambda: len(running.server_state.connections) == 8)
        for caller in waiting[:3]:
            opened.enter_context(closing(running.connect()))
            assert is_closed(caller)
        assert running.answers()
        assert is_closed(waiting[3])
        assert len(running.server_state.connections) <= 8


@pytest.mark.parametrize("running", [{"CHECK_SECONDS": 0.05, "LEAST_RATE": 2**40}], indirect=True)
def test_a_caller_who_does_not_read_is_left(running: Running) -> None:
    with closing(running.connect()) as caller:
        caller.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: running.server_state.connections)
        eventually(lambda: not running.server_state.connections)
        received = 0
        try:
            while piece := caller.recv(2**20):
                received += len(piece)
        except ConnectionResetError:
            pass
        assert received < PIECES * len(LARGE)


@pytest.mark.parametrize("running", [{"CHECK_SECONDS": 0.01, "LEAST_RATE": 0}], indirect=True)
def test_a_caller_who_reads_gets_everything(running: Running) -> None:
    with closing(running.connect()) as caller:
        caller.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = 0
        while piece := caller.recv(2**16):
            received += len(piece)
        assert received > PIECES * len(LARGE)


def test_a_body_that_does_not_arrive_does_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PORT": str(port), "SOM_STORE": f"file:{tmp_path}/models"}
    stopped = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        env={**environment, "SOM_MAX_TRAINING_SECONDS": "0.1", "SOM_QUEUE": "none:"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def connected() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            return None

    try:
        caller = eventually(connected)
        assert caller
        with closing(caller):
            caller.sendall(
                b"POST /train HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
            )
            assert caller.recv(12) == b"HTTP/1.1 100"  # the service reads the body
            stopped.send_signal(signal.SIGTERM)
            stopped.wait(PATIENCE)
    finally:
        stopped.kill()
        stopped.communicate()
