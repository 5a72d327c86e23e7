"""Dependencies of routes: settings, models, jobs, the training service and the deadline.

All are `async`, although none waits: FastAPI would run each plain function in a thread, and a request would
wait for the interpreter's lock once per dependency.
"""

from typing import Annotated

from fastapi import Depends, Request

from app.jobs.service import JobService
from app.models import Models
from app.settings import Settings
from app.training.service import TrainingService
from app.web.deadline import training_ends

__all__ = ["AppSettings", "Deadline", "JobsService", "ModelsOfStore", "Service"]


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _models(request: Request) -> Models:
    models: Models = request.app.state.models
    return models


async def _service(request: Request) -> TrainingService:
    service: TrainingService = request.app.state.service
    return service


async def _jobs(request: Request) -> JobService:
    jobs: JobService = request.app.state.jobs.service
    return jobs


async def _deadline() -> float:
    return training_ends()


AppSettings = Annotated[Settings, Depends(_settings)]
JobsService = Annotated[JobService, Depends(_jobs)]
ModelsOfStore = Annotated[Models, Depends(_models)]
Service = Annotated[TrainingService, Depends(_service)]
Deadline = Annotated[float, Depends(_deadline)]
