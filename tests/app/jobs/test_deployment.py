"""Jobs as the settings say."""

import threading
from pathlib import Path

import pytest

from app import worker
from app.jobs.crew import Crew
from app.jobs.deployment import Deployment
from app.jobs.local import LocalQueue
from app.models import Models
from app.settings import Settings
from app.storage.memory import MemoryStore
from tests.app.jobs.conftest import make_request

SQS = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"


def test_the_embedded_queue_is_the_default(tmp_path: Path) -> None:
    made = Deployment(Settings(store=f"file:{tmp_path}"))
    assert isinstance(made.queue, LocalQueue)
    assert isinstance(made.crew(), Crew)
    made.start()
    made.stop()
    assert list(tmp_path.iterdir()) == []


def test_jobs_may_be_elsewhere(tmp_path: Path) -> None:
    settings = Settings(store=f"file:{tmp_path}/models", job_store=f"file:{tmp_path}/jobs")
    made = Deployment(settings)
    made.jobs.add(make_request(), over=())
    assert [path.name for path in tmp_path.iterdir()] == ["jobs"]


def test_no_queue() -> None:
    made = Deployment(Settings(store="file:x", queue="none:"))
    assert made.queue is None
    made.start()
    made.stop()
    with pytest.raises(ValueError, match="SOM_QUEUE"):
        made.worker()
    with pytest.raises(ValueError, match="SOM_QUEUE"):
        made.crew()


@pytest.mark.parametrize("queue", ["", "redis://x", "local", "sqs"])
def test_what_is_no_queue(queue: str) -> None:
    with pytest.raises(ValueError, match="SOM_QUEUE takes local:"):
        Deployment(Settings.model_construct(**{**Settings(store="memory:").model_dump(), "queue": queue}))


def test_an_sqs_queue_is_worked_on_by_processes_that_stay() -> None:
    made = Deployment(Settings(store="file:x", queue=SQS, workers=3))
    assert made.queue is not None
    assert callable(made.queue.send)
    assert made.crew()._room() == 3
    made.start()  # starts nobody beside the API
    made.stop()


def test_memory_is_shared_with_no_process() -> None:
    made = Deployment(Settings(store="memory:"), Models(MemoryStore()))
    with pytest.raises(ValueError, match="SOM_STORE"):
        made.crew()
    with pytest.raises(ValueError, match="SOM_STORE"):
        worker.run(Settings(store="memory:"))


def test_no_more_work_than_there_are_slots(tmp_path: Path) -> None:
    settings = Settings(store=f"file:{tmp_path}", workers=1, queue="local:")
    made = Deployment(settings)
    slot = made._slots().take(lost=lambda: None)
    assert slot is not None
    stopped = threading.Event()
    made.work(stopped, abandon=lambda: None, ready=lambda: None)  # returns at once
    with slot:
        pass
    threading.Timer(0.2, stopped.set).start()
    made.work(stopped, abandon=lambda: None, ready=lambda: None)
    assert made._slots().free() == 1
