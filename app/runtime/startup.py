"""Set up a process that serves, around the imports that it begins with.

``python -m app serve`` and the functions on AWS Lambda do so, since the first caller waits for their start.
Whoever imports the service into a process of another kind finds that process unchanged.
"""

import contextlib
import gc
import sys
from collections.abc import Iterator

__all__ = ["starting"]

#: Seconds that a thread keeps the interpreter's lock while others wait. Python's own 5 ms are long for an
#: event loop, which waits for it several times for each request.
SWITCH_SECONDS = 0.001

#: Blocks of so many bytes and more go back to the system as soon as they are free: bodies of many samples and
#: large answers. Most pictures are smaller, and drawn more quickly where others have been.
LARGE_BLOCK = 2**19
#: Arenas that threads share: what one of them has left free, another can use. Few allocate at the same time,
#: as most do so with the interpreter's lock.
ARENAS = 2
#: glibc's names for both (malloc.h).
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Import quickly in the block, and have a process that answers quickly after it.

    In the block the garbage collector rests: nothing that is imported is garbage, and collecting takes a
    tenth of the time of imports. Pydantic prepares a model when it is first used: FastAPI has two dozen
    models of what OpenAPI documents hold, and hardly any process is asked for one.

    After the block the collector leaves alone what was imported. To look through it would stop every thread
    for some 40 ms, whenever large requests make the collector look at everything.
    """
    gc.disable()
    try:
        with _models_prepared_later():
            yield
        gc.freeze()
    finally:
        gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    _limit_free_memory()


@contextlib.contextmanager
def _models_prepared_later() -> Iterator[None]:
    from pydantic import BaseModel

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


def _limit_free_memory() -> None:
    """Limit the free memory that the C library keeps.

    glibc takes large blocks from the system one by one, and gives them back. But whenever one is given back,
    it takes blocks of that size from its own arenas from then on. There are eight of those for each core, and
    each ends up with holes and remains of a megabyte or two. A size that is set stays what it is.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(AttributeError):  # musl, which Alpine has, keeps nothing of the kind
        set_option = ctypes.CDLL(None).mallopt
        set_option(M_MMAP_THRESHOLD, LARGE_BLOCK)
        set_option(M_ARENA_MAX, ARENAS)
