"""Limits on request bodies: slow, concurrent and incomplete ones."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from fastapi import FastAPI
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


def make_app() -> FastAPI:
    return create_app(Settings(store="memory:", max_body_bytes=2 * SMALL))


@pytest.fixture
def ask() -> Ask:
    return ask_of(make_app())


def ask_of(app: FastAPI) -> Ask:
    """Return what asks an app for a training and returns the status and the problem."""

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


def test_a_body_that_does_not_arrive_is_given_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.deadline.BODY_SECONDS", 0.05)

    async def run() -> None:
        stalled = [Caller() for _ in range(2 * LARGEST_BODIES)]
        for caller in stalled:
            caller.send(SPACES[:1000], more=True)
        answers = await asyncio.gather(*(ask(caller) for caller in stalled))
        assert {(status, problem and problem["type"]) for status, problem in answers} == {
            (408, "urn:kohonen:problem:slow-body")
        }
        large = Caller()
        large.send(SPACES + COLOURS, more=False)
        assert (await ask(large))[0] == 201

    asyncio.run(run())


def test_small_bodies_are_held_up_to_a_sum_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.held.SMALL_BODIES", 1000)
    many = ask_of(make_app())

    async def run() -> None:
        first, second, large = Caller(), Caller(), Caller()
        first.send(SPACES[: 1000 - len(COLOURS)], more=True)
        waiting = asyncio.create_task(many(first))
        await first.sent(1000 - len(COLOURS))
        second.send(SPACES[:100] + COLOURS, more=False)
        status, problem = await many(second)
        assert problem
        assert (status, problem["type"]) == (503, "urn:kohonen:problem:too-busy")
        large.send(SPACES + COLOURS, more=False)
        assert (await many(large))[0] == 201
        first.send(COLOURS, more=False)
        assert (await waiting)[0] in {200, 201}

    asyncio.run(run())
