"""Events that a function is not for: warm-up pings, schedules, test events, messages of a queue."""

import logging
from typing import Any

__all__ = ["Event", "ignore", "is_from_queue", "is_request"]

logger = logging.getLogger(__name__)

Event = dict[str, Any]


def is_request(event: Any) -> bool:
    """Return whether an event is a request of API Gateway, of a Function URL or of a load balancer."""
    if not isinstance(event, dict) or not isinstance(context := event.get("requestContext"), dict):
        return False
    return "resource" in event or "version" in event or "elb" in context


def is_from_queue(event: Any) -> bool:
    """Return whether an event is made of messages of SQS queues."""
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and all(
        isinstance(record, dict) and record.get("eventSource") == "aws:sqs" for record in records
    )


def ignore(event: Any) -> Event:
    """Log that an event was ignored, and return the answer.

    Messages of a queue are reported as failed, so that they stay in the queue if it takes such reports
    (``ReportBatchItemFailures``).
    """
    if is_from_queue(event):
        logger.warning(
            "%d messages of a queue were ignored: this function answers requests", len(event["Records"])
        )
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
    fields = event if isinstance(event, dict) else {}
    names = (fields.get(name) for name in ("source", "detail-type", "task"))
    kind = ", ".join(str(name)[:100] for name in names if name) or f"a {type(event).__name__} of another form"
    logger.warning("an event was ignored: %s", kind)
    return {"ignored": kind}
