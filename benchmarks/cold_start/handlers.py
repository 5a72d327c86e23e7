"""Handlers to start: the service, its largest imports alone, and an empty one."""

import json
import re
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["MODULES", "NAMES", "PATIENCE", "Start", "lines", "times_the_imports"]

SERVICE = "the service"
IMPORTS = "import fastapi, numpy, PIL"

_ANSWER = (
    "def handler(event, context):\n    return {'statusCode': 200, 'isBase64Encoded': False, 'body': ''}\n"
)
#: Modules to be put beside the service, and their text.
MODULES = {"empty": _ANSWER, "imports": f"{IMPORTS}\n\n\n{_ANSWER}"}
#: What each is called, and its handler.
NAMES = {SERVICE: "app.aws.api.handler", IMPORTS: "imports.handler", "an empty handler": "empty.handler"}

#: Events that all of them answer: the first of them, and then a training that needs no store.
HEALTH = {"resource": "/", "path": "/health", "httpMethod": "GET", "requestContext": {}}
TRAINING = {
    "resource": "/",
    "path": "/train",
    "httpMethod": "POST",
    "requestContext": {},
    "headers": {"content-type": "application/json"},
    "body": json.dumps({"colours": ["red", "gold", "navy"], "width": 20, "iterations": 10, "persist": False}),
}

#: Seconds that a start may take.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Start:
    """How long a start took, in milliseconds.

    Attributes
    ----------
    initialisation : float
        Until the handler was there, as the emulator says.
    answer : float
        Until it had answered the first request, for the health.
    training : float
        That a first training took after this.
    """

    initialisation: float
    answer: float
    training: float

    @classmethod
    def of(cls, invoke: Callable[[dict[str, Any]], object], log: Callable[[], str]) -> "Start":
        """Start a function that an emulator waits with, by asking it something.

        Parameters
        ----------
        invoke : callable
            Sends an event to the emulator, and returns when that is answered.
        log : callable
            Returns what the emulator has said so far.

        Raises
        ------
        RuntimeError
            When it does not start.
        """
        answer, training = (_milliseconds(invoke, event) for event in (HEALTH, TRAINING))
        until = time.monotonic() + PATIENCE
        while (found := re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", log())) is None:
            if time.monotonic() > until:
                raise RuntimeError(f"this does not start: {log()}")
            time.sleep(0.02)
        return cls(float(found[1]), answer, training)


def _milliseconds(invoke: Callable[[dict[str, Any]], object], event: dict[str, Any]) -> float:
    began = time.perf_counter()
    invoke(event)
    return 1000 * (time.perf_counter() - began)


def times_the_imports(starts: dict[str, list[Start]]) -> float:
    """Return how many times as long as its imports alone the service takes to start.

    It is the median over the rounds: what else the machine does in one of them, both have to bear.
    """
    rounds = zip(starts[SERVICE], starts[IMPORTS], strict=True)
    return statistics.median(one.initialisation / other.initialisation for one, other in rounds)


def lines(starts: dict[str, list[Start]]) -> Iterable[str]:
    """Return what has been measured as a table in Markdown."""
    yield "| milliseconds, median (least) | start | with the first answer | a training after it |"
    yield "| --- | ---: | ---: | ---: |"
    for name, each in starts.items():
        columns = zip(*((one.initialisation, one.answer, one.training) for one in each), strict=True)
        told = (f"{statistics.median(column):.0f} ({min(column):.0f})" for column in columns)
        yield f"| {name} | {' | '.join(told)} |"
    yield ""
    yield f"The service takes {times_the_imports(starts):.2f} times as long to start as its imports alone."
