"""Configures a server process, around its first imports.

``python -m app serve`` and the functions on AWS Lambda use it, since the first caller waits for their start.
Importing the service into another process does not change that process.
"""

import contextlib
import gc
import sys
import warnings
from collections.abc import Iterator

__all__ = ["starting"]

#: Seconds for which a thread keeps the interpreter's lock while others wait. Python's default, 5 ms, is long
#: for an event loop, which waits for it several times per request.
SWITCH_SECONDS = 0.001

#: Free blocks of at least this size in bytes, of large bodies and responses, are returned to the system at
#: once. Most pictures are smaller, and are drawn faster in reused memory.
LARGE_BLOCK = 2**19
#: The number of arenas. Threads that share an arena reuse each other's free memory. Few allocate at the same
#: time, since most hold the interpreter's lock.
ARENAS = 2
#: The numbers of both options in glibc (malloc.h).
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Context manager for the imports of a server, which makes them and later requests faster.

    In the block the garbage collector is off: imports make no garbage, and collections take a tenth of their
    time. Pydantic builds a model on first use: FastAPI has about 24 models of OpenAPI documents, which few
    processes need.

    After the block the imported objects are frozen, so that the collector ignores them. Otherwise each full
    collection, which large requests trigger, would stop every thread for about 40 ms.
    """
    gc.disable()
    try:
        with _deferred_models():
            yield
        gc.freeze()
    finally:
        gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    _limit_free_memory()


@contextlib.contextmanager
def _deferred_models() -> Iterator[None]:
    from pydantic import BaseModel
    from pydantic.warnings import UnsupportedFieldAttributeWarning

    # FastAPI ignores this warning where it declares a query's model, which is then not yet built.
    warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


def _limit_free_memory() -> None:
    """Limit the free memory that the C library keeps.

    glibc maps large blocks individually and unmaps them. By default each unmapped block raises the size from
    which blocks are mapped, so that later blocks come from its arenas: eight per core, each of which becomes
    fragmented and keeps a megabyte or two. A threshold that is set explicitly does not change.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(AttributeError):  # musl (Alpine) has no such option
        set_option = ctypes.CDLL(None).mallopt
        set_option(M_MMAP_THRESHOLD, LARGE_BLOCK)
        set_option(M_ARENA_MAX, ARENAS)
