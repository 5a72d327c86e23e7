import ctypes
import gc
import platform
import sys

import pytest

import app.app
from app.starting import LARGE_BLOCK, SWITCH_SECONDS


def test_the_service_is_settled_when_it_is_imported() -> None:
    assert callable(app.app.handler)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)


class MallocInformation(ctypes.Structure):
    """glibc's ``struct mallinfo2``."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    )


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_large_blocks_go_back_to_the_system_whatever_was_there_before() -> None:
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("glibc tells that from 2.33 on")
    library.mallinfo2.restype = MallocInformation
    bytearray(16 * LARGE_BLOCK)  # free at once, it would be the measure of what is large
    before = library.mallinfo2().hblkhd
    block = bytearray(LARGE_BLOCK)
    assert library.mallinfo2().hblkhd >= before + len(block)
    del block
    assert library.mallinfo2().hblkhd < before + LARGE_BLOCK
