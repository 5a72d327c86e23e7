"""Routes for the health and the limits of the service."""

from typing import get_args

from fastapi import APIRouter

from app.api.dependencies import AppSettings
from app.api.schemas.health import Health, Limits
from kohonen import __version__
from kohonen.engines import default_engine, describe_engine
from kohonen.parameters import Algorithm

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/health", summary="The health of the service", operation_id="health")
async def health() -> Health:
    """Answer immediately, without access to stores or queues."""
    return Health(version=__version__, engine=describe_engine())


@router.get("/limits", summary="The limits of requests", operation_id="limits")
async def limits(settings: AppSettings) -> Limits:
    """Return the limits in force, and the cost of a training."""
    cost = {algorithm: default_engine(algorithm).cost._asdict() for algorithm in get_args(Algorithm)}
    limits_in_force = settings.model_dump(include=set(Limits.model_fields))
    return Limits(**limits_in_force, engine=describe_engine(), cost=cost)
