"""Admits heavy work: trainings, reads that compute, and the parsing of large bodies.

Each has an estimate of its bytes, and starts when these fit beside those of all that was admitted, and when
fewer of its kind are running than may run at a time. The rest waits in order, up to a number and until the
deadline of its request, and is refused then: all at once would fill the memory, and the system would end the
process.

Parsing is Python code, which holds the interpreter's lock, as the event loop does several times per request.
So one body is parsed at a time. Work that takes milliseconds and a few megabytes is not counted.
"""

import asyncio
import contextvars
import math
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from app.errors import FieldError, OverLimitError, TooBusyError
from app.storage.deadline import seconds_left

__all__ = ["SMALL_BODY", "SMALL_BYTES", "Cost", "Gate", "Kind", "Place"]

Item = TypeVar("Item")
Kind: TypeAlias = Literal["training", "reading", "parsing"]

#: The size in bytes of a body that is parsed within some milliseconds.
SMALL_BODY = 2**14
#: Work below both is not counted.
SMALL_BYTES = 4 * 2**20
SMALL_SECONDS = 0.1
#: Bodies that may wait to be parsed. Each waits in a thread, of which there are 40.
WAITING_BODIES = 8

_NAMES: dict[Kind, str] = {"training": "trainings", "reading": "large reads", "parsing": "large bodies"}


class Cost(NamedTuple):
    """An estimate of the peak memory of some work, in bytes, and of its time in seconds."""

    bytes: float
    seconds: float = 0.0

    @property
    def is_small(self) -> bool:
        """Whether it need not be counted."""
        return self.bytes < SMALL_BYTES and self.seconds < SMALL_SECONDS


class Place:
    """The place of some work at the gate: it waits, runs, or only keeps bytes."""

    def __init__(self, kind: Kind, cost: Cost) -> None:
        self.kind: Kind = kind
        self.seconds = cost.seconds
        self.bytes = math.ceil(cost.bytes)
        self.admitted: Future[None] = Future()
        self.running = False
        self.kept: int | None = None

    def keep(self, size: float) -> None:
        """Keep some of the bytes after the work has ended, until the request has been answered."""
        self.kept = min(math.ceil(size), self.bytes)


#: The places of the current request that keep bytes; copied into the threads that work for it.
_keeping: contextvars.ContextVar[list[Place] | None] = contextvars.ContextVar("keeping", default=None)


class Gate:
    """Admits heavy work within an amount of memory.

    Parameters
    ----------
    memory : int
        The bytes of all that is admitted at a time.
    trainings, reads : int
        The number of each that may run at a time.
    waiting_trainings, waiting_reads : int
        The number of each that may wait.
    """

    def __init__(
        self, memory: int, *, trainings: int, waiting_trainings: int, reads: int, waiting_reads: int
    ) -> None:
        self.memory = memory
        self._most: dict[Kind, int] = {"training": trainings, "reading": reads, "parsing": 1}
        self._most_waiting: dict[Kind, int] = {
            "training": waiting_trainings,
            "reading": waiting_reads,
            "parsing": WAITING_BODIES,
        }
        self._lock = threading.Lock()
        self._waiting: list[Place] = []
        self._running: list[Place] = []
        self._held = 0

    def admitted(self, kind: Kind) -> int:
        """Return the number of works of a kind that run or wait."""
        return sum(place.kind == kind for place in [*self._running, *self._waiting])

    @property
    def held(self) -> int:
        """The bytes of all that was admitted."""
        return self._held

    @contextmanager
    def admit(self, kind: Kind, cost: Cost) -> Iterator[Place]:
        """Wait for admission, and hold it during the block; a small read need not wait.

        Raises
        ------
        OverLimitError
            When the work takes more memory than there is.
        TooBusyError
            When too many are waiting, or the deadline of the request has come.
        """
        if kind == "reading" and cost.is_small:
            yield Place(kind, cost)
            return
        place = self._queue(kind, cost)
        try:
            left = seconds_left()
            try:
                place.admitted.result(None if left is None else max(0.0, left))
            except TimeoutError:
                raise self._late(kind) from None
            yield place
        finally:
            self._end(place)

    @asynccontextmanager
    async def admit_soon(self, kind: Kind, cost: Cost, *, seconds: float) -> AsyncIterator[Place]:
        """Wait for admission as `admit` does, for some seconds at most, without a thread."""
        place = self._queue(kind, cost)
        try:
            try:
                await asyncio.wait_for(
                    asyncio.wrap_future(place.admitted), None if math.isinf(seconds) else max(0.0, seconds)
                )
            except TimeoutError:
                raise self._late(kind) from None
            yield place
        finally:
            self._end(place)

    def in_turns(self, items: Iterator[Item], *, kind: Kind = "parsing") -> Iterator[Item]:
        """Yield the items of an iterator; each is computed when it is its turn among works of a kind.

        There is no deadline, since the response has begun, and no bound of those that wait.
        """
        while True:
            place = self._queue(kind, Cost(0), always=True)
            try:
                place.admitted.result()
                try:
                    item = next(items)
                except StopIteration:
                    return
            finally:
                self._end(place)
            yield item

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Let the work in the block keep bytes until its end (`Place.keep`)."""
        places: list[Place] = []
        token = _keeping.set(places)
        try:
            yield
        finally:
            _keeping.reset(token)
            for place in places:
                self._leave(place)

    def kept(self) -> int:
        """Return the bytes that the current request keeps."""
        return sum(place.bytes for place in _keeping.get() or ())

    def _leave(self, place: Place) -> None:
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place in self._running:
                self._running.remove(place)
            self._held -= place.bytes if place.running else 0
            place.running = False
            self._grant()

    def _end(self, place: Place) -> None:
        places = _keeping.get()
        if place.kept is None or not place.running or places is None:
            self._leave(place)
            return
        with self._lock:
            self._running.remove(place)
            self._held -= place.bytes - place.kept
            place.bytes = place.kept
            places.append(place)
            self._grant()

    def _queue(self, kind: Kind, cost: Cost, *, always: bool = False) -> Place:
        if cost.bytes > self.memory:
            message = (
                f"this takes some {cost.bytes / 1e6:,.0f} MB of memory, and {self.memory / 1e6:,.0f} MB may "
                "be used: use a smaller map, fewer samples or a smaller body, or raise SOM_MEMORY"
            )
            raise OverLimitError([FieldError("", message)])
        place = Place(kind, cost)
        with self._lock:
            self._waiting.append(place)
            self._grant()
            waiting = sum(one.kind == kind for one in self._waiting)
            if not always and place in self._waiting and waiting > self._most_waiting[kind]:
                self._waiting.remove(place)
                after = self._retry_after(kind)
                raise TooBusyError(
                    f"{_NAMES[kind]} are running and waiting, and no more are accepted; try again in {after} "
                    "seconds",
                    retry_after=after,
                )
        return place

    def _grant(self) -> None:
        """Admit waiting work in order.

        While the first that waits for memory does not fit, no other work that needs memory passes it. The
        turns of answers that are being sent need none, and their end frees memory.
        """
        blocked = False
        for place in list(self._waiting):
            if sum(one.kind == place.kind for one in self._running) >= self._most[place.kind]:
                continue
            blocked = blocked or self._held + place.bytes > self.memory
            if blocked and place.bytes:
                continue
            self._waiting.remove(place)
            if place.admitted.set_running_or_notify_cancel():
                self._running.append(place)
                self._held += place.bytes
                place.running = True
                place.admitted.set_result(None)

    def _late(self, kind: Kind) -> TooBusyError:
        with self._lock:
            after = self._retry_after(kind)
        return TooBusyError(
            "other large requests come first, and the time of this one is over: try again in "
            f"{after} seconds",
            retry_after=after,
        )

    def _retry_after(self, kind: Kind) -> int:
        """Return half of the seconds that all of a kind are estimated to take."""
        seconds = sum(one.seconds for one in [*self._running, *self._waiting] if one.kind == kind)
        return max(1, math.ceil(seconds / self._most[kind] / 2))
