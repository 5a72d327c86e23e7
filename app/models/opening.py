"""The models of a deployment."""

from app.models.index import Metric
from app.models.registry import Models
from app.observability import observed
from app.settings import Settings
from app.storage import open_store

__all__ = ["open_models"]


def open_models(settings: Settings) -> Models:
    """Return the models that the settings speak of. Nothing is reached, read or written yet."""
    return Models(
        observed(
            open_store(
                settings.store, endpoint=settings.s3_endpoint, public_endpoint=settings.public_s3_endpoint
            )
        ),
        metric=Metric(settings.metric_key, settings.metric_ascending),
        unnamed_days=settings.unnamed_days,
    )
