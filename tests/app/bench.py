import datetime
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.jobs.queue.store import LocalQueue
from app.jobs.record import Job
from app.jobs.store import Jobs
from app.models import Models
from app.settings import Settings
from app.storage.memory import MemoryStore
from app.training.request import TrainingRequest
from app.workers.worker import Worker
from kohonen import Parameters, TrainedMap, train
from kohonen.parameters import Initialisation

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class FakeClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime.datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)


def make_request(
    seed: int = 1,
    *,
    iterations: int = 12,
    dimension: int = 3,
    initialisation: Initialisation = "random",
    **more: Any,
) -> TrainingRequest:
    """Return a small training."""
    samples = np.random.default_rng(seed).random((5, dimension))
    parameters = Parameters(
        width=6, height=4, iterations=iterations, random_state=seed, initialisation=initialisation
    )
    return TrainingRequest(samples, parameters, **more)


def expected(request: TrainingRequest) -> TrainedMap:
    """Return what a training makes that nothing interrupts."""
    return train(request.samples, request.parameters)


class Bench:
    """A store, its jobs, a queue, and as many workers as a test wants."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.models = Models(self.store)
        self.jobs = Jobs(self.store, clock=self.clock)
        self.queue = LocalQueue(self.store, clock=self.clock)

    def worker(self, *, clock: Callable[[], float] = time.monotonic, **settings: Any) -> Worker:
        chosen = Settings(**{"retry_seconds": 5.0, "checkpoint_seconds": 1e9, **settings})
        return Worker(self.jobs, self.models, self.queue, chosen, clock=clock)

    def submit(self, request: TrainingRequest) -> Job:
        job, queued = self.jobs.add(request, over=("failed", "cancelled"))
        if queued:
            self.queue.send(job.id, turn=job.turn)
        return job

    def step(self, worker: Worker) -> bool:
        """Have a worker deal with the next message; False when there is none."""
        message = self.queue.receive(wait=0)
        if message is not None:
            worker.process(message)
        return message is not None

    def run(self, worker: Worker) -> int:
        """Have a worker deal with all messages, and return how many they were."""
        count = 0
        while self.step(worker):
            count += 1
            self.clock.forward(0.01)
        return count

    def weights(self, job_id: str) -> Any:
        return self.models.weights(self.models.card(job_id))
