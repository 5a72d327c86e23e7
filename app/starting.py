"""The start of a process, imported before all else: what it costs is waited for by the first who calls.

Until `settle`, three things are otherwise than usual:

* Nothing of what is imported is garbage, and looking for some takes a tenth of the time that imports take. So
  the collector rests.
* FastAPI imports the whole of pydantic's first version, only to make sure that no parameter or answer is one
  of its models. So there is no such module.
* FastAPI has two dozen models of what OpenAPI documents hold, and hardly any process is asked for one. So
  pydantic prepares a model when it is first used, and not when it is imported, unless the model says so.
"""

import contextlib
import gc
import sys

__all__ = ["settle"]

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
#: What imports do without.
_MISSING = "pydantic.v1"


def _begin() -> None:
    gc.disable()
    # None is Python's own way to say that a module cannot be imported.
    sys.modules.setdefault(_MISSING, None)  # type: ignore[arg-type]
    from pydantic import BaseModel

    BaseModel.model_config["defer_build"] = True


def settle() -> None:
    """Make the process one that answers: called once, when all is imported.

    What is there now stays. Looking through it for garbage would stop every thread for some 40 ms, whenever
    large requests make the collector look at everything.
    """
    if sys.modules[_MISSING] is None:
        del sys.modules[_MISSING]
    from pydantic import BaseModel

    del BaseModel.model_config["defer_build"]
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    _hold_on_to_little()


def _hold_on_to_little() -> None:
    """Keep the C library from holding on to memory that is free.

    glibc takes large blocks from the system one by one, and gives them back. But whenever one is given back,
    it takes blocks of that size from its own arenas from then on. There are eight of those for each core, and
    each ends up with holes and remains of a megabyte or two. A size that is set stays what it is.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(AttributeError):  # musl, which Alpine has, holds on to nothing of the kind
        set_option = ctypes.CDLL(None).mallopt
        set_option(M_MMAP_THRESHOLD, LARGE_BLOCK)
        set_option(M_ARENA_MAX, ARENAS)


_begin()
