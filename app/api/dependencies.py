"""Dependencies of routes: settings, models, jobs, the gate, the training service and the deadline.

All are `async`, although none waits: FastAPI would run each plain function in a thread, and a request would
wait for the interpreter's lock once per dependency.
"""

from operator import attrgetter
from typing import Annotated, Any

from fastapi import Depends, Request

from app.jobs.service import JobService
from app.models import Models
from app.runtime.gate import Gate
from app.settings import Settings
from app.training.service import TrainingService
from app.web.deadline import training_ends

__all__ = ["AppSettings", "Deadline", "HeavyWork", "JobsService", "ModelsOfStore", "Service"]


def _part(name: str) -> Any:
    """Return the dependency on a part of the application's state."""
    part = attrgetter(name)

    async def dependency(request: Request) -> Any:
        return part(request.app.state)

    return Depends(dependency)


async def _deadline() -> float:
    return training_ends()


AppSettings = Annotated[Settings, _part("settings")]
HeavyWork = Annotated[Gate, _part("gate")]
JobsService = Annotated[JobService, _part("jobs.service")]
ModelsOfStore = Annotated[Models, _part("models")]
Service = Annotated[TrainingService, _part("service")]
Deadline = Annotated[float, Depends(_deadline)]
