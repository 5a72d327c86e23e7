"""Work on all cores, where it is compiled code that does it and so releases the interpreter's lock."""

import functools
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

__all__ = ["cores", "for_each"]

Part = TypeVar("Part")
Result = TypeVar("Result")


#: Where Linux tells a container how much of its processors it may use (cgroup v2).
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Return how many processors this process may use: those it may run on, or what its container has."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _quota()))


@functools.cache
def _quota() -> int:
    """Return how many processors the container has, a part of one as one; very many outside of containers."""
    try:
        microseconds, period = QUOTA.read_text().split()
        return math.ceil(int(microseconds) / int(period))
    except (OSError, ValueError):  # there is no such file, or it says "max"
        return sys.maxsize


def for_each(work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """Yield the results of the parts in their order, as `map` does, but work on one for each core at a time.

    No more than a few parts are ahead of what has been taken, so that results need not all be in memory.
    """
    workers = min(cores(), len(parts))
    if workers <= 1:
        yield from map(work, parts)
        return
    # Most maps are small, and do without what this imports.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        ahead = [pool.submit(work, part) for part in parts[: 2 * workers]]
        for part in range(len(parts)):
            yield ahead[part % len(ahead)].result()
            following = part + len(ahead)
            if following < len(parts):
                ahead[part % len(ahead)] = pool.submit(work, parts[following])
