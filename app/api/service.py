"""What the service says of itself."""

from typing import get_args

from fastapi import APIRouter

from app.api.dependencies import AppSettings
from app.api.schemas import Health, Limits
from kohonen import __version__
from kohonen.engines import default_engine, describe_engine
from kohonen.parameters import Algorithm

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/health", summary="Whether the service is there", operation_id="health")
async def health() -> Health:
    """Answer at once, and touch nothing slow."""
    return Health(version=__version__, engine=describe_engine())


@router.get("/limits", summary="What a request may ask for", operation_id="limits")
async def limits(settings: AppSettings) -> Limits:
    """Tell the limits in force, and what a training costs."""
    cost = {algorithm: default_engine(algorithm).cost._asdict() for algorithm in get_args(Algorithm)}
    limits_in_force = settings.model_dump(include=set(Limits.model_fields))
    return Limits(**limits_in_force, engine=describe_engine(), cost=cost)
