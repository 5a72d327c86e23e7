"""The models of a deployment."""

from app.models.registry import Models
from app.settings import Settings
from app.stores import open_watched
from kohonen.metrics import Metric

__all__ = ["open_models"]


def open_models(settings: Settings) -> Models:
    """Return the models that the settings speak of. Nothing is reached, read or written yet."""
    return Models(
        open_watched(settings.store, settings),
        metric=Metric(settings.metric_key, settings.metric_ascending),
        unnamed_days=settings.unnamed_days,
    )
