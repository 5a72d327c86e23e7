"""The interface of the job queue, whose messages contain the id of a job.

Delivery is at least once and in any order. A message that is not acknowledged is delivered again after its
visibility timeout. The job's record and lease decide whether a message is current, so duplicates do no harm.
"""

from typing import Protocol

__all__ = ["LONGEST_DELAY", "Message", "Queue"]

#: The longest delay of a message, in seconds, and so the longest delay of a retry.
LONGEST_DELAY = 300.0


class Message(Protocol):
    """A received message."""

    #: The id of the job.
    job: str
    #: The sequence number among the messages of the job.
    turn: int

    def extend_visibility(self, seconds: float) -> None:
        """Hide the message from other workers for some seconds from now; errors are logged."""

    def acknowledge(self) -> None:
        """Remove the message from the queue."""

    def release(self, seconds: float) -> None:
        """Have the message delivered again after some seconds."""


class Queue(Protocol):
    """A queue of messages. Every method may be called from any thread, and by any number of processes.

    A queue that cannot be used raises `QueueUnavailable`, or `StoreUnavailable` if it is in a store.
    """

    def send(self, job: str, *, turn: int, delay: float = 0.0) -> None:
        """Send a message, delivered after some seconds."""

    def receive(self, *, wait: float) -> Message | None:
        """Return the next message, or None when none arrives within some seconds."""

    def backlog(self, *, most: int) -> int:
        """Return the approximate number of messages, hidden or not; may stop counting at `most`."""
