"""Prepares the API for snapshots of its process, from which Lambda starts others (SnapStart).

What is slow happens before the snapshot: imports of later use, boto3's clients, a training. No connection is
made then, and nothing is read, so that nothing is out of date afterwards. What has to differ between the
processes, or to be counted, is renewed after it. botocore renews credentials that have expired.
"""

import gc
import json
import logging
import os
import random
import ssl
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from app.app import create_app
from app.aws.events import Event
from app.runtime import telemetry
from app.settings import Settings

__all__ = ["prepare", "register", "renew"]

logger = logging.getLogger(__name__)

Handler = Callable[[Event, Any], Event]

_TRAINING = {
    "colours": ["red", "gold", "navy"],
    "width": 20,
    "height": 20,
    "iterations": 10,
    "random_state": 1,
}
_HEADERS = {"content-type": "application/json"}
_WARM_UP: list[Event] = [
    {"path": "/train", "httpMethod": "POST", "body": json.dumps(_TRAINING), "headers": _HEADERS},
    {"path": "/models/latest/image", "httpMethod": "GET"},
]


def register(app: FastAPI, handler: Handler, create_handler: Callable[[FastAPI], Handler]) -> None:
    """Register the hooks with Lambda's runtime."""
    from snapshot_restore_py import register_after_restore, register_before_snapshot

    register_before_snapshot(prepare, app, handler, create_handler)
    register_after_restore(renew)


def prepare(app: FastAPI, handler: Handler, create_handler: Callable[[FastAPI], Handler]) -> None:
    """Do what is slow. A failure makes later starts slower, and no more than that."""
    logging.disable(logging.WARNING)  # these requests are nobody's
    try:
        # Signing a link makes the clients of the bucket, and sends nothing.
        app.state.models.store.link("models/none", seconds=60, filename="none")
        if hasattr(queue := app.state.jobs.queue, "prepare"):
            queue.prepare()
        handler({"resource": "/", "requestContext": {}, "path": "/health", "httpMethod": "GET"}, None)
        settings: Settings = app.state.settings.model_copy(
            update={"store": "memory:", "job_store": None, "queue": "none:", "api_key": None}
        )
        elsewhere = create_handler(create_app(settings))
        for event in _WARM_UP:
            elsewhere({"resource": "/", "requestContext": {}, **event}, None)
    except Exception:
        logger.exception("the snapshot could not be prepared completely")
    finally:
        logging.disable(logging.NOTSET)
    gc.collect()
    gc.freeze()


def renew() -> None:
    """Renew what processes of one snapshot must not share."""
    random.seed()
    ssl.RAND_add(os.urandom(48), 48.0)
    telemetry.count_cold_start()
