"""A queue in Amazon SQS. The only job module that imports boto3; imported on first use.

While a worker processes a message, it extends the visibility timeout together with the job's lease. When the
worker dies, the message is delivered again soon, not only after the queue's long visibility timeout.
"""

import contextlib
import json
import logging
import math
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.errors import QueueUnavailable
from app.storage.deadline import in_time

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

__all__ = ["SqsMessage", "SqsQueue"]

logger = logging.getLogger(__name__)

#: Seconds after which a caller may retry a call that botocore has retried without success.
RETRY_AFTER = 5
#: The longest delay of a message and the longest wait for one in SQS, in seconds.
LONGEST_DELAY, LONGEST_WAIT = 900, 20
#: Seconds that a message is hidden beyond the end of a lease, so that the next worker can take the job.
MARGIN = 1.0
_COUNTS: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_CONFIG = Config(connect_timeout=2, read_timeout=25, retries={"mode": "standard", "total_max_attempts": 3})


class SqsQueue:
    """A standard queue of SQS; boto3 finds the credentials, and the region unless the URL contains it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: SQSClient | None = None
        self._lock = threading.Lock()

    def send(self, job: str, *, turn: int, delay: float = 0.0) -> None:
        """Send a message; see `Queue.send`."""
        body = json.dumps({"job": job, "turn": turn})
        seconds = min(LONGEST_DELAY, math.ceil(delay))
        with self._translated_errors():
            in_time(
                lambda: self._client().send_message(
                    QueueUrl=self._url, MessageBody=body, DelaySeconds=seconds
                ),
                timeout=self._timeout,
            )

    def receive(self, *, wait: float) -> "SqsMessage | None":
        """Return the next message; see `Queue.receive`. An invalid message stays in the queue."""
        seconds = min(LONGEST_WAIT, math.ceil(wait))
        with self._translated_errors():
            answer = self._client().receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=1, WaitTimeSeconds=seconds
            )
        for entry in answer.get("Messages", []):
            try:
                return self.message(entry["Body"], entry["ReceiptHandle"])
            except ValueError as error:
                logger.error("%s", error)
        return None

    def backlog(self, *, most: int) -> int:
        """Return the approximate number of messages; see `Queue.backlog`."""
        with self._translated_errors():
            answer = in_time(
                lambda: self._client().get_queue_attributes(QueueUrl=self._url, AttributeNames=list(_COUNTS)),
                timeout=self._timeout,
            )
        return sum(int(answer["Attributes"][name]) for name in _COUNTS)

    def message(self, body: str, receipt: str) -> "SqsMessage":
        """Return a message that the queue has delivered; raise `ValueError` if it is not of this service."""
        try:
            content: Any = json.loads(body)
            job, turn = content["job"], content["turn"]
        except (ValueError, TypeError, KeyError):
            job, turn = None, None
        if not isinstance(job, str) or not isinstance(turn, int):
            raise ValueError(f"a message of the queue is not from this service: {body[:200]!r}")
        return SqsMessage(self, receipt, job, turn)

    def prepare(self) -> None:
        """Make the client, and send nothing."""
        self._client()

    def hide(self, receipt: str, seconds: float) -> None:
        """Hide a delivered message for some seconds from now; errors are logged."""
        try:
            with self._translated_errors():
                self._client().change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=math.ceil(seconds)
                )
        except QueueUnavailable as error:  # delivery at another time does no harm
            logger.warning("%s", error)

    def _client(self) -> "SQSClient":
        """Return the client, made on first use: it takes 0.1 s and may request credentials."""
        with self._lock:
            if self._made is None:
                self._made = Session().client("sqs", config=_CONFIG)
            return self._made

    def _delete(self, receipt: str) -> None:
        with self._translated_errors():
            self._client().delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Raise errors of SQS as `QueueUnavailable`, with a remedy."""
        try:
            yield
        except ClientError as error:
            meta: Mapping[str, Any] = error.response["ResponseMetadata"]
            code, status = error.response["Error"]["Code"], meta.get("HTTPStatusCode", 500)
            raise self._unavailable(f"SQS answered {code}", retry=status >= 500 or status == 429) from error
        except BotoCoreError as error:
            raise self._unavailable(type(error).__name__, retry=True) from error

    def _timeout(self) -> QueueUnavailable:
        return self._unavailable("it takes too long to answer", retry=True)

    def _unavailable(self, reason: str, *, retry: bool) -> QueueUnavailable:
        advice = "try again" if retry else "check the queue, its region and the credentials' permissions"
        message = f"the queue of the jobs (SOM_QUEUE) cannot be used: {reason}; {advice}"
        return QueueUnavailable(message, retry_after=RETRY_AFTER if retry else None)


class SqsMessage:
    """A message of an SQS queue; see `Message`. `acknowledged`: whether it was removed from the queue."""

    def __init__(self, queue: SqsQueue, receipt: str, job: str, turn: int) -> None:
        self._queue = queue
        self._receipt = receipt
        self.job = job
        self.turn = turn
        self.acknowledged = False

    def extend_visibility(self, seconds: float) -> None:
        """Hide the message from other workers for the time and a margin."""
        self._queue.hide(self._receipt, seconds + MARGIN)

    def acknowledge(self) -> None:
        """Remove the message from the queue."""
        self._queue._delete(self._receipt)
        self.acknowledged = True

    def release(self, seconds: float) -> None:
        """Replace the message by a delayed copy: a visible one would increase the receive count."""
        self._queue.send(self.job, turn=self.turn, delay=seconds)
        self.acknowledge()
