"""Logging and metrics: one log line per task, with the figures recorded during it.

A task is a request or a slice of a job. `record` adds a figure to the current task, whose line is logged at
its end: as text, or as JSON in the embedded metric format, from which CloudWatch creates metrics. Other lines
that are logged during a task have its id. No line contains a request's body, query or headers.

aws-lambda-powertools does the same, but its import takes 70 ms at each start, this module 3 ms.
"""

import json
import logging
import math
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

__all__ = [
    "FIGURES",
    "WORKER",
    "JsonFormatter",
    "TextFormatter",
    "configure",
    "count_cold_start",
    "record",
    "task",
]

logger = logging.getLogger(__name__)

Fields = dict[str, Any]

NAMESPACE = "Kohonen"
#: The services of the metrics, apart since a slice of a job takes minutes.
SERVICE = "kohonen"
WORKER = "kohonen-worker"
#: The figures, and the CloudWatch names of their units.
FIGURES = {
    "milliseconds": "Milliseconds",
    "cold_starts": "Count",
    "trainings": "Count",
    "training_seconds": "Seconds",
    "unit_steps": "Count",  # units of the map times samples shown to it
    "store_milliseconds": "Milliseconds",  # one value per call of the store
    "store_errors": "Count",
}
#: The largest number of values of a figure that CloudWatch accepts in one line.
MOST_VALUES = 100
#: The fields that identify a task, added to every line that is logged during it.
IDS = ("request_id", "trace_id", "job")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Task(NamedTuple):
    """A task that is running."""

    fields: Fields
    figures: dict[str, list[float]]


#: Copied into the threads of a request, so that they add figures to the same task.
_current: ContextVar[_Task | None] = ContextVar("task", default=None)
_cold = True


def record(**figures: float) -> None:
    """Add figures, by their names in `FIGURES`, to the current task; without one they are discarded."""
    current = _current.get()
    for name, value in figures.items():
        if name not in FIGURES:
            raise ValueError(f"unknown figure {name!r}, expected one of {', '.join(FIGURES)}")
        if current is not None:
            current.figures.setdefault(name, []).append(value)


@contextmanager
def task(message: str, *, level: int = logging.INFO, **fields: Any) -> Iterator[Fields]:
    """Context manager of a task, which is logged at its end; yields its fields, to which more can be added.

    The fields in `IDS` are added to all lines that are logged during the task.
    """
    global _cold
    current = _Task(fields, {})
    token = _current.set(current)
    if _cold:
        _cold = False
        record(cold_starts=1)
    started = time.perf_counter()
    try:
        yield current.fields
    finally:
        record(milliseconds=round(1000 * (time.perf_counter() - started), 3))
        logger.log(level, "%s", message, extra={"fields": current.fields, "figures": current.figures})
        _current.reset(token)


def count_cold_start() -> None:
    """Count the next task as the first of this process."""
    global _cold
    _cold = True


class JsonFormatter(logging.Formatter):
    """Formats lines as JSON objects, those of tasks in CloudWatch's embedded metric format.

    `service` is the dimension of the metrics.
    """

    def __init__(self, service: str = SERVICE) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        document = {
            "timestamp": _utc(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        figures: dict[str, list[float]] = getattr(record, "figures", {})
        metrics = {_camel(name): values[:MOST_VALUES] for name, values in figures.items()}
        if metrics:
            document |= {"Service": self._service, **metrics}
            document["_aws"] = {
                "Timestamp": int(1000 * record.created),
                "CloudWatchMetrics": [
                    {
                        "Namespace": NAMESPACE,
                        "Dimensions": [["Service"]],
                        "Metrics": [{"Name": _camel(name), "Unit": FIGURES[name]} for name in figures],
                    }
                ],
            }
        return json.dumps(document, default=str)


class TextFormatter(logging.Formatter):
    """Formats lines as text: time, level, message, fields and figures."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; a traceback follows on separate lines."""
        fields = {name: value for name, value in _fields(record).items() if name not in {"method", "path"}}
        figures: dict[str, list[float]] = getattr(record, "figures", {})
        values_by_name = fields | {name: f"{math.fsum(values):.6g}" for name, values in figures.items()}
        rest = "".join(f" {name}={value}" for name, value in values_by_name.items())
        line = f"{_utc(record)} {record.levelname} {record.getMessage()}{rest}"
        line = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", line)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _fields(record: logging.LogRecord) -> Fields:
    """Return the fields of a task's line, or for other lines the ids of the current task."""
    current = _current.get()
    own: Fields = getattr(record, "fields", {})
    if own or current is None:
        return own
    return {name: value for name, value in current.fields.items() if name in IDS}


def _utc(record: logging.LogRecord) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class _Output(logging.StreamHandler[Any]):
    """Writes to the current `sys.stdout`, which may be replaced."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stdout


def configure(form: Literal["text", "json"], level: str, *, service: str = SERVICE) -> None:
    """Set up logging in a form, of lines from a level on, with metrics of a service.

    Existing handlers of the root logger, as on Lambda, and of uvicorn are kept; they write JSON if that is
    the format. uvicorn's access log is disabled, since the lines of this service contain more.
    """
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    formatter = JsonFormatter(service) if form == "json" else TextFormatter()
    if not root.handlers:
        root.addHandler(_Output())
    for handler in [*root.handlers, *uvicorn.handlers]:
        if form == "json" or isinstance(handler, _Output):
            handler.setFormatter(formatter)
    logging.getLogger("app").setLevel(level.upper())
    logging.getLogger("uvicorn.access").handlers.clear()
    logging.getLogger("uvicorn.access").propagate = False
