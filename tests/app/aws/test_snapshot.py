"""What is done before a snapshot of the API, and after a start from it; tests/emulator has the whole way."""

import logging
import random
from collections.abc import Iterator

import pytest

from app.app import create_app
from app.aws import snapshot
from app.aws.api import create_handler
from app.runtime import telemetry
from app.settings import Settings


@pytest.fixture(autouse=True)
def _random_state() -> Iterator[None]:
    state, cold = random.getstate(), telemetry._cold
    yield
    random.setstate(state)
    telemetry._cold = cold


def test_processes_of_one_snapshot_draw_other_numbers() -> None:
    state, drawn = random.getstate(), set()
    for _ in range(3):
        random.setstate(state)
        snapshot.renew()
        drawn.add(random.random())
    assert len(drawn) == 3


def test_each_start_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(2):
        snapshot.renew()
        for _ in range(2):
            with telemetry.task("a request"):
                pass
    counted = ["cold_starts" in vars(record)["figures"] for record in caplog.records]
    assert counted == [True, False, True, False]


@pytest.mark.parametrize("queue", ["none:", "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"])
def test_preparing_leaves_no_trace(
    queue: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    caplog.set_level(logging.INFO)
    app = create_app(Settings(store="memory:", queue=queue, api_key="correct-horse-battery"))
    snapshot.prepare(app, create_handler(app), create_handler)
    assert not caplog.records
    assert app.state.models.store.keys("models/") == []


def test_what_cannot_be_prepared_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(Settings(store="memory:", queue="none:"))

    def fail(*_: object) -> dict[str, object]:
        raise ZeroDivisionError

    snapshot.prepare(app, fail, create_handler)
    (line,) = caplog.records
    assert "could not be prepared" in line.getMessage()
    assert logging.root.manager.disable == logging.NOTSET
