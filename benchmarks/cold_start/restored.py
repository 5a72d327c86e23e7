"""The first stored picture: of a cold start, and of a process that is prepared for a snapshot (SnapStart)."""

import json
import statistics
from typing import Any

__all__ = ["HEADER", "MODULES", "MOST", "line", "training"]

#: Milliseconds of processor time that the first stored picture should take from the prepared state.
MOST = 300.0
HEADER = "x-processor-milliseconds"

_HANDLER = f"""
import time

from app.aws.api import handler as answer


def handler(event, context):
    began = time.process_time()
    answered = answer(event, context)
    answered["headers"]["{HEADER}"] = str(1000 * (time.process_time() - began))
    return answered
"""
#: Modules with a handler that reports the processor time of each request.
MODULES = {
    "cold": _HANDLER,
    "restored": f"""
import os

os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
{_HANDLER}

from awslambdaric.lambda_runtime_hooks_runner import run_after_restore, run_before_snapshot

run_before_snapshot()
run_after_restore()
del os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]  # the emulator takes no snapshots
""",
}


def training(seed: int) -> dict[str, Any]:
    """Return the event of a training that is stored."""
    return {
        "resource": "/",
        "path": "/train",
        "httpMethod": "POST",
        "requestContext": {},
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"colours": ["red", "gold", "navy"], "random_state": seed}),
    }


def line(times: dict[str, list[float]]) -> str:
    """Return the figures as a line."""
    cold, restored = (statistics.median(times[name]) for name in MODULES)
    verdict = "" if restored <= MOST else f"; more than the {MOST:.0f} ms that it should take"
    return (
        f"The first stored picture takes {restored:.0f} ms of processor time from a snapshot, and "
        f"{cold:.0f} ms from a cold start, after its imports{verdict}."
    )
