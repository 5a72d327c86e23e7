"""What the service tells of itself: one line of log for each unit of work, with the figures taken of it.

A unit of work is a request, or a job. While it is under way, whoever has a figure calls `record`; at its end
there is one line with all of them: text for people, or JSON in the embedded metric format, from which
CloudWatch makes metrics. Other lines that are logged meanwhile have its id. No line has a request's body,
query or headers.

aws-lambda-powertools does the same, but importing it takes 70 ms of every start, and this 3.
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
from typing import Any, Literal

__all__ = [
    "FIGURES",
    "WORKER",
    "JsonFormatter",
    "TextFormatter",
    "configure",
    "record",
    "work",
]

logger = logging.getLogger(__name__)

Fields = dict[str, Any]

NAMESPACE = "Kohonen"
#: What the metrics of the API and of those who do jobs are called; a slice of a job takes minutes.
SERVICE = "kohonen"
WORKER = "kohonen-worker"
#: The figures that there are, and CloudWatch's names of their units.
FIGURES = {
    "milliseconds": "Milliseconds",
    "cold_starts": "Count",
    "trainings": "Count",
    "training_seconds": "Seconds",
    "unit_steps": "Count",  # units of the map times samples shown to it
    "store_milliseconds": "Milliseconds",  # one value for each call of the store
    "store_errors": "Count",
}
#: CloudWatch takes no more values of a figure in one line.
MOST_VALUES = 100
#: What a unit of work is known by: every other line that is logged meanwhile says it, too.
IDS = ("request_id", "trace_id", "job")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Work:
    """A unit of work under way."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.figures: dict[str, list[float]] = {}


#: Copied into the threads that work for a request, which thus add to the same one.
_current: ContextVar[_Work | None] = ContextVar("work", default=None)
_cold = True


def record(**figures: float) -> None:
    """Add figures to the unit of work under way. Without one they are forgotten.

    Parameters
    ----------
    **figures
        Names of `FIGURES` and their values.
    """
    current = _current.get()
    for name, value in figures.items():
        if name not in FIGURES:
            raise ValueError(f"there is no figure {name!r}")
        if current is not None:
            current.figures.setdefault(name, []).append(value)


@contextmanager
def work(message: str, *, level: int = logging.INFO, **fields: Any) -> Iterator[Fields]:
    """Do a unit of work in the block, and log it at its end.

    Parameters
    ----------
    message : str
        What it is.
    level : int
        How important.
    **fields
        What else to say; every other line that is logged meanwhile says ``request_id`` and ``job``, too.

    Yields
    ------
    dict
        The fields, for those to be added that are known only later.
    """
    global _cold
    current = _Work(fields)
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


class JsonFormatter(logging.Formatter):
    """One JSON object a line; that of a unit of work is in CloudWatch's embedded metric format.

    Parameters
    ----------
    service : str
        The one dimension of the metrics.
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
    """A line to read: time, level, message, and what else there is to say."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; a traceback follows on lines of its own."""
        fields = {name: value for name, value in _fields(record).items() if name not in {"method", "path"}}
        figures: dict[str, list[float]] = getattr(record, "figures", {})
        told = fields | {name: f"{math.fsum(values):.6g}" for name, values in figures.items()}
        rest = "".join(f" {name}={value}" for name, value in told.items())
        line = f"{_utc(record)} {record.levelname} {record.getMessage()}{rest}"
        line = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", line)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _fields(record: logging.LogRecord) -> Fields:
    """Return the fields of a unit of work, or for any other line the id of the one under way."""
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
    """Writes to what standard output is at that time."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stdout


def configure(form: Literal["text", "json"], level: str, *, service: str = SERVICE) -> None:
    """Set logging up, as far as nobody else has.

    Where the root logger has handlers already, as on Lambda, they are left; they write JSON if that is asked
    for. So do uvicorn's; its lines of requests give way to ours, which say more.

    Parameters
    ----------
    form : {"text", "json"}
        How lines look.
    level : str
        From which level on the service logs.
    service : str
        What the metrics are metrics of.
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
