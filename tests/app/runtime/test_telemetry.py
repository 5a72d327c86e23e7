"""Logs and metrics: what is said of each request, and what never is."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.app import create_app
from app.aws.api import create_handler
from app.deployment import Deployment, observed
from app.runtime import telemetry
from app.runtime.telemetry import FIGURES, JsonFormatter, TextFormatter, configure, record, task
from app.settings import Settings
from app.storage.port import Store, StoreUnavailable
from tests.app.bench import Bench, make_request

EVENTS = Path(__file__).parents[3] / "events"
TRAINING = {"colours": ["red", "blue"], "width": 4, "height": 3, "iterations": 5, "random_state": 1}
LOGGERS = ("", "app", "uvicorn", "uvicorn.access")

MakeClient = Callable[..., TestClient]
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.level = level
        logger.propagate = propagate


@pytest.fixture
def lines() -> Lines:
    """Log JSON as on Lambda, where the root logger has a handler, and return the lines."""
    output = io.StringIO()
    logging.getLogger().handlers[:] = [logging.StreamHandler(output)]
    configure("json", "debug")
    return lambda: [json.loads(line) for line in output.getvalue().splitlines()]


def line_of(lines: Lines) -> dict[str, Any]:
    (line,) = (line for line in lines() if "Milliseconds" in line)
    return line


def make(**settings: Any) -> TestClient:
    made = create_app(Settings(store="memory:", log_format="json", log_level="debug", **settings))
    return TestClient(made, raise_server_exceptions=False)


def test_a_request_is_one_line_with_its_figures(lines: Lines) -> None:
    answer = make().post("/train", json=TRAINING)
    line = line_of(lines)
    assert (line["level"], line["message"], line["status"]) == ("INFO", "POST /train", 201)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["Trainings"] == [1]
    assert line["UnitSteps"] == [4 * 3 * 5 * 2]
    assert line["TrainingSeconds"][0] > 0
    assert len(line["StoreMilliseconds"]) >= 4  # looked up, then at least weights, data and card


def test_the_line_is_in_the_embedded_metric_format(lines: Lines) -> None:
    make().post("/train", json=TRAINING)
    line = line_of(lines)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert directive["Namespace"] == "Kohonen"
    assert directive["Dimensions"] == [["Service"]]
    assert line["Service"] == "kohonen"
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert units["TrainingSeconds"] == "Seconds"
    assert units["Milliseconds"] == "Milliseconds"
    assert all(isinstance(line[name], list) for name in units)


def test_neither_body_nor_query_nor_headers_are_logged(lines: Lines) -> None:
    client = make()
    headers = {"idempotency-key": "hush-header", "x-api-key": "hush-key"}
    client.post("/train?view=map", json={**TRAINING, "colours": ["#abcdef"]}, headers=headers)
    client.post("/train?view=hush-query", json={"colours": ["hush-colour"]}, headers=headers)
    logged = json.dumps(lines())
    assert "hush" not in logged
    assert "abcdef" not in logged
    assert "view" not in logged


@pytest.mark.parametrize("given", ["abc-123", "JKJaXmPLvHcESHA=", "Root=1-65a1b2c3"])
def test_a_caller_s_id_is_kept(client: TestClient, given: str) -> None:
    assert client.get("/health", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, 'a"b', "a\tb", "é"])
def test_an_id_that_might_forge_a_line_is_not(client: TestClient, given: str) -> None:
    headers = {"x-request-id": given.encode("latin-1")}
    assert client.get("/health", headers=headers).headers["x-request-id"] != given  # type: ignore[arg-type]


def test_every_answer_has_an_id_and_no_two_the_same(client: TestClient) -> None:
    answers = [client.get(path) for path in ("/health", "/nothing", "/?width=0", "/docs", "/health")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 5


def test_so_has_the_answer_to_an_unexpected_error(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.training.service.assess", None)
    answer = make().post("/train", json=TRAINING)
    assert answer.status_code == 500
    line = line_of(lines)
    assert (line["status"], line["request_id"]) == (500, answer.headers["x-request-id"])


def test_other_lines_have_the_id_as_well(lines: Lines, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    client = TestClient(create_app(Settings(store=f"file:{tmp_path}/file/x", log_format="json")))
    answer = client.post("/train", json=TRAINING)
    assert answer.status_code == 503
    warning, request = lines()
    assert (warning["level"], warning["logger"]) == ("WARNING", "app.web.errors")
    assert warning["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert request["StoreErrors"] == [1]


def test_health_is_logged_for_those_who_look_closely(lines: Lines) -> None:
    client = make()
    client.get("/health")
    assert [line["level"] for line in lines()] == ["DEBUG"]
    logging.getLogger("app").setLevel("INFO")
    client.get("/health")
    assert len(lines()) == 1


def test_a_process_is_cold_once(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_cold", True)
    client = make()
    client.get("/health")
    client.get("/health")
    first, second = lines()
    assert first["ColdStarts"] == [1]
    assert "ColdStarts" not in second


def test_on_lambda_the_gateway_s_id_is_the_request_s(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        aws_request_id = "invocation-1"

    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3")
    handler = create_handler(create_app(Settings(store="memory:", log_format="json")))
    event = json.loads((EVENTS / "http_api_v2.json").read_text())
    answer = handler(event, Context())
    line = line_of(lines)
    assert line["request_id"] == event["requestContext"]["requestId"] == answer["headers"]["x-request-id"]
    assert (line["aws_request_id"], line["trace_id"]) == ("invocation-1", "Root=1-2-3")


def test_text_is_for_people() -> None:
    entry = logging.LogRecord("app", logging.INFO, "", 1, "%s", ("GET /a\nFORGED",), None)
    entry.fields = {"request_id": "1", "method": "GET", "path": "/a", "status": 200}
    entry.figures = {"milliseconds": [1.5], "store_milliseconds": [1.0, 2.0]}
    line = TextFormatter().format(entry)
    assert line.endswith(
        "Z INFO GET /a\\x0aFORGED request_id=1 status=200 milliseconds=1.5 store_milliseconds=3"
    )


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        (
            {"x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678"},
            "Root=1-67891233-abcdef012345678912345678",
        ),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
        ({"traceparent": "00-x"}, None),
        ({"x-amzn-trace-id": "Root=1 level=ERROR"}, None),
        ({}, None),
    ],
)
def test_every_line_of_a_request_names_its_trace(
    headers: dict[str, str], trace_id: str | None, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreUnavailable("the store is away")

    client = make()
    monkeypatch.setattr("app.models.registry.Models.find", broken)
    assert client.post("/train", json=TRAINING, headers=headers).status_code == 503
    told = lines()
    assert len(told) >= 2, "a warning, and the line of the request"
    assert {line.get("trace_id") for line in told} == {trace_id}


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_tracebacks_are_kept(formatter: logging.Formatter) -> None:
    try:
        raise ZeroDivisionError("unexpected")
    except ZeroDivisionError:
        entry = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    assert "ZeroDivisionError: unexpected" in formatter.format(entry)


def test_figures_have_known_names() -> None:
    with pytest.raises(ValueError, match="unknown figure"):
        record(trainnings=1)
    record(trainings=1)  # outside of any work: nobody's


def test_no_more_values_than_cloudwatch_takes(lines: Lines) -> None:
    with task("much"):
        for _ in range(150):
            record(store_milliseconds=1.0)
    assert len(line_of(lines)["StoreMilliseconds"]) == 100


def test_work_that_fails_is_logged_all_the_same(lines: Lines) -> None:
    def job() -> None:
        with task("a job", request_id="7") as fields:
            fields["state"] = "lost"
            raise KeyError

    with pytest.raises(KeyError):
        job()
    assert (line_of(lines)["state"], line_of(lines)["request_id"]) == ("lost", "7")


def test_an_observed_store_is_the_store(lines: Lines) -> None:
    class Failing:
        description = "broken"

        def delete(self, key: str) -> None:
            raise StoreUnavailable("no")

    store: Store = observed(Failing())  # type: ignore[arg-type]
    assert store.description == "broken"
    with task("x"), pytest.raises(StoreUnavailable):
        store.delete("a")
    assert line_of(lines)["StoreErrors"] == [1]


def test_what_others_have_set_up_is_left() -> None:
    root = logging.getLogger()
    theirs = logging.StreamHandler(io.StringIO())
    root.handlers[:] = [theirs]
    configure("text", "info")
    assert root.handlers == [theirs]
    assert theirs.formatter is None
    configure("json", "info")
    assert isinstance(theirs.formatter, JsonFormatter)


def test_twice_set_up_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    logging.getLogger().handlers.clear()
    configure("text", "info")
    configure("text", "info")
    monkeypatch.setattr(sys, "stdout", output)
    logging.getLogger("app").info("here")
    assert len(output.getvalue().splitlines()) == 1


def test_logging_is_configured_when_the_app_starts_and_not_when_it_is_made() -> None:
    logger = logging.getLogger("app")
    logger.setLevel(logging.ERROR)
    made = create_app(Settings(store="memory:", queue="none:", log_level="debug"))
    assert logger.level == logging.ERROR
    with TestClient(made):
        assert logger.level == logging.DEBUG


def test_every_figure_has_a_unit_that_cloudwatch_knows() -> None:
    assert set(FIGURES.values()) <= {"Count", "Seconds", "Milliseconds"}


def test_a_slice_of_a_job_is_one_line_with_its_figures(lines: Lines) -> None:
    bench = Bench()
    job = bench.submit(make_request(iterations=3))
    bench.run(bench.worker(slice_seconds=1e-9))
    slices = [line for line in lines() if line["message"] == "a slice of a job"]
    assert [line["job"] for line in slices] == [job.id] * 3
    assert [line["iteration"] for line in slices] == [1, 2, 3]
    assert [line["state"] for line in slices] == ["running", "running", "succeeded"]
    assert [line["UnitSteps"] for line in slices] == [[6 * 4 * 5]] * 3
    assert all(line["TrainingSeconds"][0] > 0 for line in slices)
    assert [line.get("Trainings") for line in slices] == [None, None, [1]]


def test_what_goes_wrong_with_a_job_says_which(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.workers.worker.train", None)
    bench = Bench()
    job = bench.submit(make_request())
    bench.step(bench.worker())
    error, _ = lines()
    assert (error["level"], error["job"]) == ("ERROR", job.id)
    assert "TypeError" in error["exception"]


def test_the_store_of_the_jobs_is_observed(lines: Lines, tmp_path: Path) -> None:
    jobs = Deployment(Settings(store="memory:", job_store=f"file:{tmp_path}")).jobs
    with task("x"):
        jobs.page(limit=1)
    assert len(line_of(lines)["StoreMilliseconds"]) == 1
