"""The start of a process: what serving changes of it, and that importing the service changes nothing."""

import ctypes
import gc
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

import app.app
from app.runtime.startup import LARGE_BLOCK, SWITCH_SECONDS, starting

ROOT = Path(__file__).parents[3]


def fresh(code: str, *options: str) -> str:
    """Run code in a process of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


#: Prints the state of the process before and after a statement.
COMPARED = """
import asyncio, gc, json, logging, os, signal, sys, threading, warnings
from pydantic import BaseModel

def state():
    loggers = [logging.getLogger(name) for name in ("", "app", "uvicorn", "uvicorn.access")]
    return {
        "collector": [gc.isenabled(), gc.get_freeze_count(), gc.get_threshold()],
        "switch interval": sys.getswitchinterval(),
        "pydantic": repr(BaseModel.model_config),
        "modules that cannot be imported": sorted(name for name, one in sys.modules.items() if one is None),
        "signals": [repr(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "logging": [[one.level, one.propagate, list(map(repr, one.handlers))] for one in loggers],
        "asyncio": repr(asyncio.events._event_loop_policy),
        "hooks": [repr(sys.excepthook), repr(threading.excepthook), repr(sys.unraisablehook)],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "niceness": os.nice(0),
        "path": sys.path,
    }

before = state()
{statement}
print(json.dumps([before, state()]))
"""


def states(statement: str) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = json.loads(fresh(COMPARED.replace("{statement}", statement)))
    return before, after


def test_importing_the_service_changes_nothing_of_the_process() -> None:
    before, after = states("import app.app; app.app.create_app()")
    assert after == before


SERVING = (
    "import uvicorn; uvicorn.run = lambda *_, **__: None; import app.__main__; app.__main__.main(['serve'])"
)


@pytest.mark.parametrize(
    "statement", ["import app.aws.api", "import app.aws.worker", "import app.app; app.app.handler", SERVING]
)
def test_a_process_that_serves_is_set_up(statement: str) -> None:
    code = (
        f"import sys; from contextlib import redirect_stdout\n"
        f"with redirect_stdout(sys.stderr): {statement}\n"
        "import gc, json; from pydantic import BaseModel\n"
        "print(json.dumps([gc.isenabled(), gc.get_freeze_count(), sys.getswitchinterval(), "
        "'defer_build' in BaseModel.model_config]))"
    )
    collects, frozen, switch, deferred = json.loads(fresh(code))
    assert collects
    assert frozen > 10_000
    assert switch == pytest.approx(SWITCH_SECONDS)
    assert not deferred


def test_other_commands_leave_the_process_as_it_is() -> None:
    statement = (
        "import app.__main__\ntry: app.__main__.main(['models', '--store', 'memory:', 'list'])\n"
        "except SystemExit: pass"
    )
    before, after = states(statement)
    assert after == before


def test_lambdas_handler_has_two_names() -> None:
    code = "import app.app, app.aws.api; assert app.app.handler is app.aws.api.handler"
    fresh(code)


def test_the_service_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'handle'"):
        app.app.handle  # noqa: B018


def test_a_start_that_fails_leaves_the_process_as_it_was() -> None:
    frozen = gc.get_freeze_count()

    def fail() -> None:
        with starting():
            assert not gc.isenabled()
            assert BaseModel.model_config["defer_build"]
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
    assert "defer_build" not in BaseModel.model_config


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
    with starting():
        pass
    library.mallinfo2.restype = MallocInformation
    large = 400 * LARGE_BLOCK  # larger than any hole that other tests may have left
    bytearray(large + LARGE_BLOCK)  # free at once, it would be the measure of what is large
    before = library.mallinfo2().hblkhd
    block = bytearray(large)
    assert library.mallinfo2().hblkhd >= before + len(block)
    del block
    assert library.mallinfo2().hblkhd < before + large


def test_models_of_documents_that_nobody_asks_for_are_not_prepared() -> None:
    fresh(
        "import app.aws.api; from fastapi.openapi.models import Info; assert not Info.__pydantic_complete__; "
        "assert Info.model_validate({'title': 'A', 'version': '1'}).title == 'A'"
    )


def test_models_that_are_made_after_a_start_are_prepared_at_once() -> None:
    fresh(
        "import app.aws.api; from pydantic import create_model; "
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
