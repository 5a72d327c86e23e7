"""Limits on request bodies: slow, concurrent and incomplete ones."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.types import Message

from app.app import create_app
from app.deployment import LARGEST_BODIES
from app.settings import Settings
from app.web.held import SMALL
from tests.waiting import PATIENCE

#: JSON may begin with any number of spaces.
SPACES = b" " * SMALL
COLOURS = json.dumps({"colours": ["red"], "width": 3, "height": 3, "iterations": 1}).encode()

Ask = Callable[["Caller"], Coroutine[Any, Any, tuple[int, dict[str, Any] | None]]]


class Caller:
    """Sends parts of a body on demand."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[Message] = asyncio.Queue()
        self.taken = 0

    def send(self, body: bytes, *, more: bool) -> None:
        self._parts.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def hang_up(self) -> None:
        self._parts.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        message = await self._parts.get()
        self.taken += len(message.get("body", b""))
        return message

    async def sent(self, size: int) -> None:
        """Wait until the service has so much."""
        async with asyncio.timeout(PATIENCE):
            while self.taken < size:  # noqa: ASYNC110 - of each part there is one to wait for
                await asyncio.sleep(0.001)


@pytest.fixture
def ask() -> Ask:
    """Return what asks for a training and returns the status and the problem."""
    app = create_app(Settings(store="memory:", max_body_bytes=2 * SMALL))

    async def asked(caller: Caller) -> tuple[int, dict[str, Any] | None]:
        scope = {
            "type": "http",
            "method": "POST",
            "scheme": "http",
            "path": "/train",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        answer: list[Message] = []

        async def send(message: Message) -> None:
            answer.append(message)

        await app(scope, caller.receive, send)
        start, *bodies = answer
        if (b"content-type", b"application/problem+json") not in start["headers"]:
            return start["status"], None
        return start["status"], json.loads(b"".join(part["body"] for part in bodies))

    return asked


def test_large_bodies_are_held_up_to_a_sum_and_small_ones_always(ask: Ask) -> None:
    async def run() -> None:
        slow = [Caller() for _ in range(LARGEST_BODIES)]
        waiting = [asyncio.create_task(ask(caller)) for caller in slow]
        for caller in slow:
            caller.send(SPACES, more=True)
            caller.send(SPACES[: -len(COLOURS)], more=True)
            await caller.sent(2 * SMALL - len(COLOURS))
        one_more, small = Caller(), Caller()
        one_more.send(SPACES + SPACES[: -len(COLOURS)] + COLOURS, more=False)
        status, problem = await ask(one_more)
        assert problem
        assert (status, problem["type"]) == (503, "urn:kohonen:problem:too-busy")
        small.send(COLOURS, more=False)
        assert (await ask(small))[0] == 201
        for caller in slow:
            caller.send(COLOURS, more=False)
        assert {status for status, _ in await asyncio.gather(*waiting)} <= {200, 201}
        # What was held is free again.
        again = Caller()
        again.send(SPACES + COLOURS, more=False)
        assert (await ask(again))[0] in {200, 201}

    asyncio.run(run())


def test_a_caller_who_hangs_up_is_no_failure(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        caller = Caller()
        caller.send(SPACES, more=True)
        caller.hang_up()
        assert (await ask(caller))[0] == 400

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    assert "Traceback" not in caplog.text
    assert [
        record.__dict__["fields"]["status"] for record in caplog.records if "fields" in record.__dict__
    ] == [400]
