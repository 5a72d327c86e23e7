"""Jobs as the settings say."""

from pathlib import Path

import pytest

from app.commands import worker
from app.deployment import Deployment, _job_store_name
from app.jobs.queue.store import LocalQueue
from app.models import Models
from app.settings import Settings
from app.storage.memory import MemoryStore
from app.workers.supervisor import Supervisor, ThreadWorker
from tests.app.bench import make_request
from tests.waiting import eventually

SQS = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"


def test_the_embedded_queue_is_the_default(tmp_path: Path) -> None:
    made = Deployment(Settings(store=f"file:{tmp_path}"))
    assert isinstance(made.queue, LocalQueue)
    assert isinstance(made.supervisor(), Supervisor)
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
        made.supervisor()


@pytest.mark.parametrize("queue", ["", "redis://x", "local", "sqs"])
def test_what_is_no_queue(queue: str) -> None:
    with pytest.raises(ValueError, match="SOM_QUEUE to local:"):
        Deployment(Settings.model_construct(**{**Settings(store="memory:").model_dump(), "queue": queue}))


def test_an_sqs_queue_is_worked_on_by_processes_that_stay() -> None:
    made = Deployment(Settings(store="file:x", queue=SQS, workers=3))
    assert made.queue is not None
    assert callable(made.queue.send)
    assert made.supervisor()._count == 3
    assert made.idle is None
    made.start()  # starts nobody beside the API
    made.stop()


def test_memory_is_shared_with_no_process() -> None:
    made = Deployment(Settings(store="memory:"), Models(MemoryStore()))
    with pytest.raises(ValueError, match="SOM_STORE"):
        made.supervisor()
    with pytest.raises(ValueError, match="SOM_STORE"):
        worker.run(Settings(store="memory:"))


def test_a_store_in_memory_has_a_worker_in_a_thread() -> None:
    made = Deployment(Settings(store="memory:", workers=3))
    made.service.submit(make_request())
    eventually(lambda: made.jobs.get(make_request().id).ended)
    assert made._supervisor is not None
    assert [type(worker) for worker in made._supervisor._workers] == [ThreadWorker]
    made.stop()
    assert made.jobs.get(make_request().id).state == "succeeded"


def test_a_folder_is_the_same_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    urls = ("file:./models", f"file:{tmp_path}/models", f"file://{tmp_path}/models/")
    assert {_job_store_name(Settings(store=url)) for url in urls} == {str(tmp_path.resolve() / "models")}
    assert _job_store_name(Settings(store="file:models", job_store="file:jobs")) == str(
        tmp_path.resolve() / "jobs"
    )
    buckets = [
        _job_store_name(Settings(store="s3://one/a", s3_endpoint=end)) for end in (None, "http://there")
    ]
    assert len(set(buckets)) == 2
