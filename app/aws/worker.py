"""The worker as an AWS Lambda function, ``app.aws.worker.handler``, which an SQS queue invokes.

Importing this module configures the process. The function uses the image of the API with another command.
Messages that are not acknowledged are reported one by one (``ReportBatchItemFailures``), and only these are
delivered again.
"""

from app.runtime.startup import starting

with starting():
    import logging
    import time
    from collections.abc import Callable
    from functools import cache
    from typing import Any

    from app.deployment import Deployment
    from app.errors import QueueUnavailable
    from app.jobs.sqs import SqsQueue
    from app.observability import WORKER, configure
    from app.settings import Settings
    from app.storage.port import StorageError

__all__ = ["MARGIN", "create_handler", "handler"]

logger = logging.getLogger(__name__)

#: The share of an invocation that is reserved for the last iteration, the checkpoint and the quality.
MARGIN = 0.5

Event = dict[str, Any]


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
    worker = Deployment(settings).worker()

    def handle(event: Event, context: Any) -> Event:
        deadline = time.monotonic() + (1 - MARGIN) * context.get_remaining_time_in_millis() / 1000
        failed = []
        for record in event["Records"]:
            try:
                message = queue.message(record["body"], record["receiptHandle"])
                worker.process(message, deadline=deadline)
                acknowledged = message.acknowledged
            except (ValueError, StorageError, QueueUnavailable) as error:
                logger.error("message %s: %s", record["messageId"], error)
                acknowledged = False
            if not acknowledged:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handle


@cache
def _handler() -> Callable[[Event, Any], Event]:
    settings = Settings()
    logging.getLogger().setLevel(logging.INFO)
    configure(settings.log_format, settings.log_level, service=WORKER)
    return create_handler(settings)


def handler(event: Event, context: Any) -> Event:
    """Process the messages of an event."""
    return _handler()(event, context)
