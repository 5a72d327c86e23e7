"""Settings that cannot work are errors at the start, which name the variable."""

import logging
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.__main__ import main
from app.settings import Settings
from kohonen.experiments.settings import VARIABLES

KEY, NEW = "correct-horse-battery", "a-new-key-of-length"


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main([*command])
    assert caught.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].partition("error: ")[2]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SOM_API_KEY", "", "SOM_API_KEY is empty"),
        ("SOM_API_KEY", " ", "at least 16 characters"),
        ("SOM_API_KEY", "short", "at least 16 characters"),
        ("SOM_API_KEY", f"{KEY},", "at least 16 characters"),
        ("SOM_API_KEY", f"{KEY},short", "at least 16 characters"),
        ("SOM_API_KEY", f"{KEY},{NEW},{KEY}2", "at most two"),
        ("SOM_API_KEY", f"{KEY} {NEW}", "without spaces"),
        ("SOM_API_KEYS", KEY, "SOM_API_KEYS is not a setting: did you mean SOM_API_KEY?"),
        ("SOM_APIKEY", KEY, "did you mean SOM_API_KEY?"),
        ("som_stroe", "memory:", "som_stroe is not a setting: did you mean SOM_STORE?"),
        ("SOM_MAX_SIDF", "1", "did you mean SOM_MAX_SIDE?"),
        ("SOM_ALLOWED_ORIGINS", "https://maps.example/", "without a path or a slash at the end"),
        ("SOM_ALLOWED_ORIGINS", "https://maps.example,maps.example", "'maps.example' is not an origin"),
        ("SOM_UNNAMED_DAYS", "1e12", "less than or equal to 20000"),
        ("SOM_UNNAMED_DAYS", "inf", "less than or equal to 20000"),
        ("SOM_LEASE_SECONDS", "1e12", "less than or equal to 3600"),
        ("SOM_STORE", "file:", "SOM_STORE: 'file:' is not a store: use file:FOLDER"),
        ("SOM_JOB_STORE", "nowhere", "SOM_JOB_STORE: 'nowhere' is not a store"),
        ("SOM_QUEUE", "nowhere", "SOM_QUEUE: "),
        ("METRIC_KEY", "beauty", "METRIC_KEY: 'beauty' is not a metric"),
    ],
)
def test_what_cannot_work_is_refused_by_name(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    said = refused(capsys, "serve")
    assert said.startswith(name)
    assert says in said


@pytest.mark.parametrize("name", sorted({*VARIABLES, "SOM_TEST_S3_ENDPOINT", "SOM_SOMETHING_ELSE"}))
def test_other_variables_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    assert Settings(store="memory:").store == "memory:"


def test_a_key_is_in_no_error() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(api_key=f"{KEY} {NEW}")
    assert KEY not in str(caught.value)


def test_two_keys_open_while_they_are_exchanged(make_client: Callable[..., TestClient]) -> None:
    client = make_client(api_key=f"{NEW},{KEY}")
    for key, status in ((NEW, 200), (KEY, 200), (f"{NEW},{KEY}", 401), (f"{KEY}x", 401)):
        assert client.get("/limits", headers={"X-API-Key": key}).status_code == status


@pytest.mark.parametrize(
    ("settings", "level", "says"),
    [({}, logging.WARNING, "no key is needed"), ({"api_key": KEY}, logging.INFO, "callers need a key")],
)
def test_the_start_reports_whether_a_key_is_needed(
    make_client: Callable[..., TestClient],
    settings: dict[str, str],
    level: int,
    says: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with make_client(**settings):
        pass
    (line,) = (record for record in caplog.records if "SOM_API_KEY" in record.getMessage())
    assert (line.levelno, says in line.getMessage()) == (level, True)
    assert KEY not in caplog.text
