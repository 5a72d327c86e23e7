"""What the service's models of requests, answers and records have in common."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Schema"]


class Schema(BaseModel):
    """A model that pydantic prepares when it is first used, and not when it is imported.

    A request uses a few of them; a start that prepared them all would take a tenth longer. The first who use
    one at the same time wait for each other. Models of queries are none of these: FastAPI prepares what it
    makes of them, and is deaf to a warning meanwhile.
    """

    model_config = ConfigDict(defer_build=True)
