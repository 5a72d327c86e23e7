import ctypes
import gc
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import app.app
from app.starting import LARGE_BLOCK, SWITCH_SECONDS

ROOT = Path(__file__).parents[2]


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
    large = 40 * LARGE_BLOCK  # larger than any hole that other tests may have left
    bytearray(large + LARGE_BLOCK)  # free at once, it would be the measure of what is large
    before = library.mallinfo2().hblkhd
    block = bytearray(large)
    assert library.mallinfo2().hblkhd >= before + len(block)
    del block
    assert library.mallinfo2().hblkhd < before + large


def fresh(code: str) -> None:
    """Run code in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_what_a_start_does_without_is_there_afterwards() -> None:
    fresh("import app.app, sys; assert 'pydantic.v1' not in sys.modules; import pydantic.v1")


def test_what_is_there_before_a_start_stays() -> None:
    fresh("import pydantic.v1, sys; import app.app; assert sys.modules['pydantic.v1'] is pydantic.v1")


def test_models_of_documents_that_nobody_asks_for_are_not_prepared() -> None:
    fresh(
        "import app.app; from fastapi.openapi.models import Info; assert not Info.__pydantic_complete__; "
        "assert Info.model_validate({'title': 'A', 'version': '1'}).title == 'A'"
    )


def test_models_that_are_made_after_a_start_are_prepared_at_once() -> None:
    fresh(
        "import app.app; from pydantic import create_model; "
        "assert create_model('Later', value=int).__pydantic_complete__"
    )


def test_the_first_request_takes_no_route_apart_again(
    make_client: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise AssertionError("a route is taken apart while a request waits")

    client = make_client()
    monkeypatch.setattr("fastapi.routing.get_dependant", fail)
    for path in ("/health", "/limits", "/models", "/jobs", "/model-info"):
        assert client.get(path).status_code < 500
