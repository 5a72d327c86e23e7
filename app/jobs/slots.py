"""How many workers a store has, whoever started them: each holds one of so many slots, by a lease.

Slot ``i`` is the blob ``jobs/workers/{i}``; a process that dies leaves its slot to others when its lease
ends.
"""

import datetime
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from app.jobs.jobs import Clock, utc_now
from app.jobs.lease import new_token
from app.jobs.record import Lease
from app.storage.port import BlobChanged, BlobNotFound, StorageError, Store

__all__ = ["Slot", "Slots"]

logger = logging.getLogger(__name__)

_JSON = "application/json"
MOST_BYTES = 4096
_LONG_AGO = datetime.datetime.fromtimestamp(0, datetime.UTC)


class Slots:
    """The slots of a store.

    Parameters
    ----------
    store : Store
        Where they are.
    count : int
        How many there are.
    seconds : float
        How long a lease lasts that is not renewed.
    clock : callable, optional
        Tells the time.
    """

    def __init__(self, store: Store, *, count: int, seconds: float, clock: Clock = utc_now) -> None:
        self._store = store
        self._count = count
        self._seconds = seconds
        self._clock = clock

    def free(self) -> int:
        """Return how many slots nobody holds."""
        now = self._clock()
        return sum(self._read(number)[0].until <= now for number in range(self._count))

    def take(self, *, lost: Callable[[], None]) -> "Slot | None":
        """Take a free slot and keep it, or return None when there is none.

        Parameters
        ----------
        lost : callable
            Called, from another thread, when the slot is somebody else's in spite of that.
        """
        token = new_token()
        for number in range(self._count):
            lease, version = self._read(number)
            if lease.until <= self._clock():
                taken = self._write(number, token, version, self._seconds)
                if taken is not None:
                    return Slot(self, number, token, taken, lost)
        return None

    def _read(self, number: int) -> tuple[Lease, str | None]:
        try:
            blob = self._store.read(_key(number), max_bytes=MOST_BYTES)
        except BlobNotFound:
            return Lease(token="", until=_LONG_AGO), None
        try:
            return Lease.model_validate_json(blob.data), blob.version
        except ValidationError:
            return Lease(token="", until=_LONG_AGO), blob.version

    def _write(self, number: int, token: str, version: str | None, seconds: float) -> str | None:
        """Write a lease in the place of what was read; return its version, or None when it has changed."""
        lease = Lease(token=token, until=self._clock() + datetime.timedelta(seconds=seconds))
        data = lease.model_dump_json().encode()
        try:
            if version is not None:
                return self._store.replace(_key(number), data, version=version, content_type=_JSON)
        except BlobChanged:
            return None
        if not self._store.create(_key(number), data, content_type=_JSON):
            return None
        return self._read(number)[1]


class Slot:
    """A slot that we hold: renewed by a thread, for as long as the block lasts."""

    def __init__(self, slots: Slots, number: int, token: str, version: str, lost: Callable[[], None]) -> None:
        self._slots = slots
        self.number = number
        self._token = token
        self._version: str | None = version
        self._lost = lost
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slot", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the slot back."""
        self._over.set()
        self._thread.join()
        try:
            self._renew(0.0)
        except StorageError as failure:
            logger.warning("worker slot %d is free only when its lease ends: %s", self.number, failure)

    def _run(self) -> None:
        seconds = self._slots._seconds
        alive = time.monotonic()
        while not self._over.wait(seconds / 4):
            try:
                if not self._renew(seconds):
                    break
                alive = time.monotonic()
            except StorageError as error:
                logger.warning("worker slot %d cannot be renewed: %s", self.number, error)
                if time.monotonic() > alive + seconds:
                    break
        else:
            return
        self._lost()

    def _renew(self, seconds: float) -> bool:
        if self._version is not None:
            self._version = self._slots._write(self.number, self._token, self._version, seconds)
        return self._version is not None


def _key(number: int) -> str:
    return f"jobs/workers/{number}"
