"""The requests and answers of the API that concern no model."""

from typing import Literal

from pydantic import Field

from app.api.fields import LARGEST_INTEGER, parameter
from app.schema import QuerySchema, Schema

__all__ = ["DemoQuery", "Health", "Limits", "Problem"]


class DemoQuery(QuerySchema):
    """What the demo trains."""

    input_size: int = Field(20, ge=1, le=LARGEST_INTEGER, description="How many random colours.")
    width: int = parameter("width")
    height: int = parameter("height")
    iterations: int = parameter("iterations", "Passes over the colours.")
    random_state: int | None = parameter(
        "random_state", "The seed of the colours and the map; drawn when left out."
    )


class FieldProblem(Schema):
    """One thing wrong with a request."""

    pointer: str = Field(description="Where: a JSON pointer into the body, or /parameter of the query.")
    message: str = Field(description="What, and how to mend it.")


class Problem(Schema):
    """A problem detail (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class Health(Schema):
    """That the service is there."""

    status: Literal["ok"] = "ok"
    version: str
    engine: str = Field(description="What trains the maps.")


class Limits(Schema):
    """What a request may ask for."""

    max_body_bytes: int
    max_answer_bytes: int | None
    max_side: int
    max_units: int
    max_weights: int
    max_samples: int
    max_vectors: int
    max_dimension: int
    max_iterations: int
    max_training_seconds: float
    max_jobs: int
    max_job_samples: int
    max_job_seconds: float
    max_iteration_seconds: float
    max_job_attempts: int
    max_job_slices: int
    max_wait_seconds: float
    max_picture_pixels: int
    trainings: int
    waiting_trainings: int
    engine: str
    cost: dict[str, dict[str, float]] = Field(
        description="For each algorithm, seconds of a step, which is one sample shown once: per_step + "
        "per_dimension * dimension + per_value * units * (dimension + 1). A training is (iterations + 2) * "
        "samples steps, and as often per_smoothing * units * (dimension + 1) * (width + height). Width and "
        "height count as rounded up to multiples of side; where dimension + 1 is less than pruning, "
        "per_value falls in proportion."
    )
