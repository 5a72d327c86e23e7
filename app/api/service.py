"""What the service says of itself."""

from fastapi import APIRouter

from app.api.dependencies import AppSettings
from app.api.schemas import Health, Limits
from kohonen import __version__
from kohonen.engines import default_engine

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/health", summary="Whether the service is there", operation_id="health")
async def health() -> Health:
    """Answer at once, and touch nothing slow."""
    return Health(version=__version__, engine=default_engine().name)


@router.get("/limits", summary="What a request may ask for", operation_id="limits")
async def limits(settings: AppSettings) -> Limits:
    """Tell the limits in force, and what a training costs."""
    engine = default_engine()
    cost = {
        "per_step": engine.cost.per_step,
        "per_dimension": engine.cost.per_dimension,
        "per_value": engine.cost.per_value,
    }
    return Limits(**settings.model_dump(include=set(Limits.model_fields)), engine=engine.name, cost=cost)
