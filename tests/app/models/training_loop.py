"""Train and store model after model until killed: ``python -m tests.app.models.training_loop FOLDER 0 N``.

Every second model has a name, every third is given one later, every seventh is deleted. Each is announced
before it is begun, and once it is done.
"""

import math
import sys

import anyio
import numpy as np

from app.deployment import open_gate, open_models
from app.settings import Settings
from app.training.request import TrainingRequest
from app.training.service import TrainingService
from kohonen import Parameters

__all__ = ["main"]


async def main(folder: str, first: int, last: int) -> None:
    """Train the models of some seeds."""
    settings = Settings(store=f"file:{folder}")
    models = open_models(settings)
    service = TrainingService(models, settings, open_gate(settings))
    samples = np.random.default_rng(0).random((5, 3))
    for seed in range(first, last):
        sys.stdout.write(f"begin {seed}\n")
        sys.stdout.flush()
        parameters = Parameters(width=40, height=30, iterations=3, random_state=seed)
        request = TrainingRequest(samples, parameters, name="a" if seed % 2 else None)
        outcome = await service.train(request, deadline=math.inf)
        if seed % 3 == 0:
            await service.train(TrainingRequest(samples, parameters, name="b"), deadline=math.inf)
        if seed % 7 == 0:
            models.delete(outcome.card.id)
        sys.stdout.write(f"done {seed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
