"""Who trains, and what gives way to whom."""

import os
import sys
import threading

import pytest

from app.commands.worker_process import NICENESS as OF_WORKERS
from app.training.pool import NICENESS, training_threads


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no niceness of its own")
def test_trainings_give_way_to_those_who_answer_and_not_to_workers() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    ours = niceness()
    found = training_threads(1).submit(niceness).result()
    assert found == ours + NICENESS
    assert niceness() == ours
    assert 0 < NICENESS < OF_WORKERS
