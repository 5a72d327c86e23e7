"""A queue in Amazon SQS. The only module of the jobs that knows boto3; imported only when it is used.

While a message is worked on, it is hidden for as long as the job's lease lasts, again and again: when its
worker dies, it comes back soon after, and not after the queue's long visibility timeout.
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

#: Seconds after which a caller may try again what botocore has tried in vain.
RETRY_AFTER = 5
#: The longest that SQS delays a message and lets a caller wait for one, in seconds.
LONGEST_DELAY, LONGEST_WAIT = 900, 20
#: How much longer than a lease a message is hidden, in seconds: it is to come back when the lease is over.
AFTER = 1.0
_COUNTS: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_CONFIG = Config(connect_timeout=2, read_timeout=25, retries={"mode": "standard", "total_max_attempts": 3})


class SqsQueue:
    """A standard queue of Amazon SQS.

    Credentials are those that boto3 finds, and so is the region, unless the URL names it.

    Parameters
    ----------
    url : str
        The URL of the queue.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: SQSClient | None = None
        self._lock = threading.Lock()

    def send(self, job: str, *, turn: int, delay: float = 0.0) -> None:
        """Send a message; see `Queue.send`."""
        body = json.dumps({"job": job, "turn": turn})
        seconds = min(LONGEST_DELAY, math.ceil(delay))
        with self._faults():
            in_time(
                lambda: self._client().send_message(
                    QueueUrl=self._url, MessageBody=body, DelaySeconds=seconds
                ),
                late=self._late,
            )

    def receive(self, *, wait: float) -> "SqsMessage | None":
        """Return the next message; see `Queue.receive`. One that is none of ours is left to the queue."""
        seconds = min(LONGEST_WAIT, math.ceil(wait))
        with self._faults():
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
        """Return about how many messages there are; see `Queue.backlog`."""
        with self._faults():
            answer = in_time(
                lambda: self._client().get_queue_attributes(QueueUrl=self._url, AttributeNames=list(_COUNTS)),
                late=self._late,
            )
        return sum(int(answer["Attributes"][name]) for name in _COUNTS)

    def message(self, body: str, receipt: str) -> "SqsMessage":
        """Return a message that the queue has delivered.

        Raises
        ------
        ValueError
            When it is none of ours.
        """
        try:
            content: Any = json.loads(body)
            job, turn = content["job"], content["turn"]
        except (ValueError, TypeError, KeyError):
            job, turn = None, None
        if not isinstance(job, str) or not isinstance(turn, int):
            raise ValueError(f"a message is none of ours: {body[:200]!r}")
        return SqsMessage(self, receipt, job, turn)

    def _client(self) -> "SQSClient":
        """Make the client on first use: it takes a tenth of a second and may ask for credentials."""
        with self._lock:
            if self._made is None:
                self._made = Session().client("sqs", config=_CONFIG)
            return self._made

    def _delete(self, receipt: str) -> None:
        with self._faults():
            self._client().delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    def _hide(self, receipt: str, seconds: float) -> None:
        with self._faults():
            self._client().change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=math.ceil(seconds)
            )

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn what goes wrong between here and SQS into a problem that says what to do."""
        try:
            yield
        except ClientError as error:
            meta: Mapping[str, Any] = error.response["ResponseMetadata"]
            code, status = error.response["Error"]["Code"], meta.get("HTTPStatusCode", 500)
            raise self._unavailable(f"SQS answered {code}", passing=status >= 500 or status == 429) from error
        except BotoCoreError as error:
            raise self._unavailable(type(error).__name__, passing=True) from error

    def _late(self) -> QueueUnavailable:
        return self._unavailable("it takes too long to answer", passing=True)

    def _unavailable(self, reason: str, *, passing: bool) -> QueueUnavailable:
        advice = "try again" if passing else "check the queue, its region, and what the credentials permit"
        message = f"the queue of the jobs (SOM_QUEUE) cannot be used: {reason}; {advice}"
        return QueueUnavailable(message, retry_after=RETRY_AFTER if passing else None)


class SqsMessage:
    """A message of an SQS queue; see `Message`.

    Attributes
    ----------
    acknowledged : bool
        Whether it has been removed from the queue.
    """

    def __init__(self, queue: SqsQueue, receipt: str, job: str, turn: int) -> None:
        self._queue = queue
        self._receipt = receipt
        self.job = job
        self.turn = turn
        self.acknowledged = False

    def extend_visibility(self, seconds: float) -> None:
        """Hide it for so many seconds, and a little longer."""
        try:
            self._queue._hide(self._receipt, seconds + AFTER)
        except QueueUnavailable as error:  # it comes back too early or too late, and neither does harm
            logger.warning("%s", error)

    def acknowledge(self) -> None:
        """Remove it from the queue."""
        self._queue._delete(self._receipt)
        self.acknowledged = True

    def release(self, seconds: float) -> None:
        """Replace it by a delayed copy: made visible again, it would count as received once more."""
        self._queue.send(self.job, turn=self.turn, delay=seconds)
        self.acknowledge()
