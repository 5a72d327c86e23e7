"""What the service's models of requests, answers and records have in common."""

from pydantic import BaseModel, ConfigDict

__all__ = ["BodySchema", "QuerySchema", "Schema"]


class Schema(BaseModel):
    """A model that pydantic prepares when it is first used, and not when it is imported.

    A request uses a few of them; a start that prepared them all would take a tenth longer. The first who use
    one at the same time wait for each other.
    """

    model_config = ConfigDict(defer_build=True)


class BodySchema(Schema):
    """A model of a JSON body: it refuses values of another type, NaN and unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class QuerySchema(BaseModel):
    """A model of a query, prepared at the start: FastAPI is deaf there to a warning of pydantic's."""

    model_config = ConfigDict(extra="forbid", defer_build=False)
