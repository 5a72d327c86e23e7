"""Events that are not for a function are answered, and logged in one line without a traceback."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.app import create_app
from app.aws import api, worker
from app.settings import Settings

IGNORED = Path(__file__).parents[3] / "events" / "ignored"
EVENTS = {path.stem: json.loads(path.read_text()) for path in sorted(IGNORED.glob("*.json"))}
REQUEST = json.loads((IGNORED.parent / "rest_v1.json").read_text())
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"

Handler = Callable[[Any, Any], dict[str, Any]]


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture(scope="module")
def handlers() -> dict[str, Handler]:
    return {
        "api": api.create_handler(create_app(Settings(store="memory:"))),
        "worker": worker.create_handler(Settings(store="memory:", queue=QUEUE)),
    }


def ignored(handler: Handler, event: Any, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the answer to an event of which one line is logged."""
    caplog.clear()
    caplog.set_level(logging.INFO)
    answer = handler(event, Context())
    (line,) = caplog.records
    assert (line.levelno, line.exc_info) == (logging.WARNING, None)
    assert "ignored" in line.getMessage()
    assert "\n" not in line.getMessage()
    json.dumps(answer)
    return answer


OTHERS: list[Any] = [
    {},
    [],
    None,
    "x",
    1,
    {"requestContext": None},
    {"Records": "x"},
    {"Records": [{"s3": {}}]},
]


@pytest.mark.parametrize("name", ["api", "worker"])
@pytest.mark.parametrize("event", [*(EVENTS[name] for name in EVENTS if name != "sqs"), *OTHERS], ids=repr)
def test_what_is_for_neither_is_ignored(
    name: str, event: Any, handlers: dict[str, Handler], caplog: pytest.LogCaptureFixture
) -> None:
    assert set(ignored(handlers[name], event, caplog)) == {"ignored"}


def test_the_line_says_what_it_was(handlers: dict[str, Handler], caplog: pytest.LogCaptureFixture) -> None:
    answer = ignored(handlers["api"], EVENTS["scheduled"], caplog)
    assert answer == {"ignored": "aws.events, Scheduled Event"}
    assert "value1" not in ignored(handlers["api"], EVENTS["console_test"], caplog)["ignored"]
    assert ignored(handlers["worker"], {"task": "x" * 1000}, caplog) == {"ignored": "x" * 100}


def test_messages_for_the_worker_stay_in_the_queue(
    handlers: dict[str, Handler], caplog: pytest.LogCaptureFixture
) -> None:
    (record,) = EVENTS["sqs"]["Records"]
    answer = ignored(handlers["api"], EVENTS["sqs"], caplog)
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def test_a_request_for_the_api_is_not_for_the_worker(
    handlers: dict[str, Handler], caplog: pytest.LogCaptureFixture
) -> None:
    assert set(ignored(handlers["worker"], REQUEST, caplog)) == {"ignored"}
