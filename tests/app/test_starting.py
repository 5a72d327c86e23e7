import gc
import sys

import pytest

import app.app
from app.starting import SWITCH_SECONDS


def test_the_service_is_settled_when_it_is_imported() -> None:
    assert callable(app.app.handler)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
