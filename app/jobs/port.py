"""What the service asks of a queue: messages that say which job to work on next.

Delivery is at least once and in any order. A message that is not settled comes back once it is visible again;
what a message is worth is decided by the job's record and its lease, so that none does harm twice.
"""

from typing import Protocol

__all__ = ["Message", "Queue"]


class Message(Protocol):
    """A message in the hands of one who works on it."""

    #: The job that it is about.
    job: str
    #: Which of the messages for the job it is.
    turn: int

    def hold(self, seconds: float) -> None:
        """Keep it from others for so many seconds from now; may fail without harm."""

    def done(self) -> None:
        """Remove it."""

    def later(self, seconds: float) -> None:
        """Have it come back after so many seconds."""


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
