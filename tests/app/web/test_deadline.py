"""The deadline of a request, with an injected clock."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.storage.deadline import seconds_left
from app.web.deadline import STORING_SECONDS, RequestDeadline, training_ends

SECONDS = 25.0


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("app.web.deadline.time", clock)
    monkeypatch.setattr("app.storage.deadline.time", clock)
    return clock


def left_after_a_slow_body(clock: Clock, scope: Scope) -> tuple[float | None, float | None]:
    """Return the seconds left before and after a body that takes ten seconds to arrive."""
    seen: list[float | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(seconds_left())
        await receive()
        seen.append(seconds_left())

    async def receive() -> Message:
        clock.now += 10
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        """Drop the message."""

    asyncio.run(RequestDeadline(app, seconds=SECONDS)(scope, receive, send))
    before, after = seen
    return before, after


def test_a_body_that_arrives_slowly_takes_none_of_the_time(clock: Clock) -> None:
    before, after = left_after_a_slow_body(clock, {"type": "http"})
    assert before == after == SECONDS + STORING_SECONDS


def test_a_deadline_of_the_environment_does_not_move(clock: Clock) -> None:
    scope = {"type": "http", "state": {"deadline": clock.now + 12}}
    before, after = left_after_a_slow_body(clock, scope)
    assert (before, after) == (12 + STORING_SECONDS, 2 + STORING_SECONDS)


def test_a_later_deadline_of_the_environment_changes_nothing(clock: Clock) -> None:
    scope = {"type": "http", "state": {"deadline": clock.now + 900}}
    assert left_after_a_slow_body(clock, scope)[0] == SECONDS + STORING_SECONDS


def test_only_requests_have_a_deadline(clock: Clock) -> None:
    assert left_after_a_slow_body(clock, {"type": "lifespan"}) == (None, None)


def test_a_training_leaves_time_to_store_its_model(clock: Clock) -> None:
    ends: list[float] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ends.append(training_ends())

    async def nothing(*_: object) -> Message:
        return {}

    asyncio.run(RequestDeadline(app, seconds=SECONDS)({"type": "http"}, nothing, nothing))  # type: ignore[arg-type]
    assert ends == [clock.now + SECONDS]
