"""The worker as an AWS Lambda function, ``app.aws.worker.handler``, which an SQS queue invokes.

Importing this module configures the process. The function uses the image of the API with another command.
Messages that are not acknowledged are reported one by one (``ReportBatchItemFailures``), and only these are
delivered again, after 1 to 60 seconds. A schedule invokes the function with ``{"task": "prune"}`` to remove
the models without a name that are older than SOM_UNNAMED_DAYS. Other events are logged and ignored.
"""

from app.runtime.startup import starting

with starting():
    import logging
    import random
    import time
    from collections.abc import Callable
    from functools import cache
    from typing import Any

    from app.aws.events import Event, ignore, is_from_queue
    from app.deployment import Deployment, open_models
    from app.errors import QueueUnavailable
    from app.jobs.queue.sqs import SqsQueue
    from app.models import Models
    from app.models.maintenance import prune_steps
    from app.runtime.telemetry import WORKER, configure
    from app.settings import Settings
    from app.storage.port import StorageError

__all__ = ["LONGEST_BACKOFF", "MARGIN", "PRUNE", "create_handler", "handler"]

logger = logging.getLogger(__name__)

#: The share of an invocation that is reserved for the last iteration, the checkpoint and the quality.
MARGIN = 0.5

#: The longest time until a message that was not acknowledged is delivered again, in seconds.
LONGEST_BACKOFF = 60.0

#: The event that asks for the removal of models without a name.
PRUNE: Event = {"task": "prune"}


def create_handler(settings: Settings) -> Callable[[Event, Any], Event]:
    """Make the function that Lambda calls.

    Raises
    ------
    ValueError
        When SOM_QUEUE is not the URL of an SQS queue.
    """
    if not settings.queue.startswith(("https://", "http://")):
        raise ValueError("the worker on Lambda needs an SQS queue: set SOM_QUEUE to its URL")
    queue = SqsQueue(settings.queue)
    models = open_models(settings)
    worker = Deployment(settings, models).worker()

    def handle(event: Any, context: Any) -> Event:
        deadline = time.monotonic() + (1 - MARGIN) * context.get_remaining_time_in_millis() / 1000
        if event == PRUNE:
            return _prune(models, settings.unnamed_days, deadline)
        if not is_from_queue(event):
            return ignore(event)
        failed = []
        for record in event["Records"]:
            receipt = record["receiptHandle"]
            try:
                message = queue.message(record["body"], receipt)
                worker.process(message, deadline=deadline)
                acknowledged = message.acknowledged
            except (ValueError, StorageError, QueueUnavailable) as error:
                logger.error("message %s: %s", record["messageId"], error)
                acknowledged = False
            if not acknowledged:
                queue.hide(receipt, _backoff(int(record["attributes"]["ApproximateReceiveCount"])))
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handle


def _backoff(deliveries: int) -> float:
    """Return the seconds until a message that was delivered some times in vain is delivered again."""
    return min(LONGEST_BACKOFF, 2.0 ** min(deliveries, 30)) * random.uniform(0.5, 1)


def _prune(models: Models, days: float | None, deadline: float) -> Event:
    """Remove models without a name that are over some days old, and report how many; the rest next time."""
    removed, complete = 0, True
    if days is not None:
        for entry in prune_steps(models, days=days):
            removed += entry is not None
            if time.monotonic() > deadline:
                complete = False
                break
    logger.info("%d models without a name have been removed", removed)
    return {"removed": removed, "complete": complete}


@cache
def _handler() -> Callable[[Event, Any], Event]:
    settings = Settings()
    logging.getLogger().setLevel(logging.INFO)
    configure(settings.log_format, settings.log_level, service=WORKER)
    return create_handler(settings)


def handler(event: Event, context: Any) -> Event:
    """Process the messages of an event, or do the task that it names."""
    return _handler()(event, context)
