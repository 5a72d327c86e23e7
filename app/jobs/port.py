"""The queue of the jobs: its messages name the job to work on next.

Delivery is at least once and in any order. A message that is not acknowledged is delivered again when it is
visible again. The job's record and its lease decide what a message is worth, so duplicates do no harm.
"""

from typing import Protocol

__all__ = ["LONGEST_DELAY", "Message", "Queue"]

#: The longest delay of a message, in seconds: no job that failed is begun again later than that.
LONGEST_DELAY = 300.0


class Message(Protocol):
    """A message that has been received."""

    #: The job that it is about.
    job: str
    #: The number of the message among those of its job.
    turn: int

    def extend_visibility(self, seconds: float) -> None:
        """Hide it from others for so many seconds from now; may fail without harm."""

    def acknowledge(self) -> None:
        """Remove it from the queue."""

    def release(self, seconds: float) -> None:
        """Have it delivered again after so many seconds."""


class Queue(Protocol):
    """A queue of messages. Every method may be called from any thread, and by any number of processes.

    A queue that cannot do its work raises `QueueUnavailable`, or `StoreUnavailable` where it lies in a store.
    """

    def send(self, job: str, *, turn: int, delay: float = 0.0) -> None:
        """Send a message, to be received after some seconds."""

    def receive(self, *, wait: float) -> Message | None:
        """Return the next message, or None when there is none within so many seconds."""

    def backlog(self, *, most: int) -> int:
        """Return about how many messages there are, in somebody's hands or not; it may stop at `most`."""
