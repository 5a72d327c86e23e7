"""Schemas of the demo, problem details, health and limits."""

from typing import Literal

from pydantic import Field

from app.api.schemas.fields import LARGEST_INTEGER, parameter
from app.schema import QuerySchema, Schema
from kohonen.colour.spaces import Space

__all__ = ["DemoQuery", "Health", "Limits", "Problem"]


class DemoQuery(QuerySchema):
    """The query of the demo."""

    input_size: int = Field(20, ge=1, le=LARGEST_INTEGER, description="Number of random colours.")
    colours: str | None = Field(
        None,
        description="The colours, instead of random ones, separated by commas: hexadecimal digits, or CSS "
        "names.",
        examples=["e63946,gold,1a9850"],
    )
    space: Space = Field(
        "rgb", description="Colour space of the training; gradients in OKLab are smoother to the eye."
    )
    width: int = parameter("width")
    height: int = parameter("height")
    iterations: int = parameter("iterations", "Passes over the colours.")
    random_state: int | None = parameter(
        "random_state", "Seed of the colours and the map; drawn if left out."
    )


class FieldProblem(Schema):
    """An error in one field of a request."""

    pointer: str = Field(
        description="JSON pointer into the body, or a slash and the name of a query parameter."
    )
    message: str = Field(description="What is wrong, and how to fix it.")


class Problem(Schema):
    """A problem detail (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class Health(Schema):
    """The health of the service."""

    status: Literal["ok"] = "ok"
    version: str
    engine: str = Field(description="The engine that trains maps.")


class Limits(Schema):
    """The limits in force."""

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
    reads: int
    waiting_reads: int
    memory: int
    engine: str
    cost: dict[str, dict[str, float]] = Field(
        description="Estimated seconds by algorithm. A step takes per_step + per_dimension * dimension + "
        "per_value * units * (dimension + 1), with width and height rounded up to multiples of side; if "
        "dimension + 1 is less than pruning, per_value is reduced in proportion. A training takes "
        "(iterations + 2) * (samples * step + per_smoothing * units * (dimension + 1) * (width + height))."
    )
