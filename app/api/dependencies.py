"""What routes need and the app has.

All of it is `async`, though nothing here waits: FastAPI would give each of these to a thread of its own, and
a request would wait for as many turns of the interpreter's lock.
"""

from typing import Annotated

from fastapi import Depends, Request

from app.jobs.service import JobService
from app.models import Models
from app.settings import Settings
from app.training import TrainingService
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
