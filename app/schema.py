"""Base classes of the schemas of requests, answers and records."""

from pydantic import BaseModel, ConfigDict

__all__ = ["BodySchema", "QuerySchema", "Schema"]


class Schema(BaseModel):
    """A model that pydantic builds when it is first used, not when it is imported.

    A request uses a few of them; building all at the start would make it a tenth longer. Concurrent first
    uses wait for each other.
    """

    model_config = ConfigDict(defer_build=True)


class BodySchema(Schema):
    """A model of a JSON body: rejects values of another type, NaN and unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class QuerySchema(BaseModel):
    """A model of a query, built at the start, where FastAPI suppresses a warning of pydantic."""

    model_config = ConfigDict(extra="forbid", defer_build=False)
