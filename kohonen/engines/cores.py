"""Runs compiled code, which releases the interpreter's lock, in a thread pool with one thread per core."""

import functools
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

__all__ = ["ahead", "cores", "for_each"]

Part = TypeVar("Part")
Result = TypeVar("Result")


#: The CPU quota of a container on Linux (cgroup v2).
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Return the number of processors available, by CPU affinity and by the container's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _quota()))


@functools.cache
def _quota() -> int:
    """Return the container's CPU quota, rounded up; `sys.maxsize` without one."""
    try:
        microseconds, period = QUOTA.read_text().split()
        return math.ceil(int(microseconds) / int(period))
    except (OSError, ValueError):  # the file is missing or holds "max"
        return sys.maxsize


def for_each(function: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """Yield the results of a function in the order of the parts, like `map`, computed on all cores.

    At most two results per core are computed ahead, which bounds the memory.
    """
    workers = min(cores(), len(parts))
    if workers <= 1:
        yield from map(function, parts)
        return
    # Imported here because small maps do not need it.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        ahead = [pool.submit(function, part) for part in parts[: 2 * workers]]
        for part in range(len(parts)):
            yield ahead[part % len(ahead)].result()
            following = part + len(ahead)
            if following < len(parts):
                ahead[part % len(ahead)] = pool.submit(function, parts[following])


def ahead(function: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """Yield the results of a function in the order of the parts, the next one computed meanwhile."""
    if len(parts) < 2:
        yield from map(function, parts)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(function, parts[0])
        for part in parts[1:]:
            result = following.result()
            following = pool.submit(function, part)
            yield result
        yield following.result()
