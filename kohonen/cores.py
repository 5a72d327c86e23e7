"""Work on all cores, where it is compiled code that does it and so releases the interpreter's lock."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["cores", "for_each"]

Part = TypeVar("Part")
Result = TypeVar("Result")


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
