"""The requests and answers of the API."""

import hashlib
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.errors import FieldError, InvalidRequestError
from app.training import TrainingRequest
from kohonen import Parameters
from kohonen.colours import parse_colours
from kohonen.data import as_samples
from kohonen.parameters import SEEDS, Algorithm, draw_seed

__all__ = ["DemoQuery", "Health", "Limits", "Problem", "TrainingBody"]

#: Seeds that a JSON number holds in every language.
LARGEST_SEED = 2**53 - 1

_COLOURS_SCHEMA: dict[str, Any] = {
    "items": {
        "anyOf": [
            {"type": "string", "description": "A CSS colour: a name, #rgb or #rrggbb."},
            {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
        ]
    }
}


class TrainingBody(BaseModel):
    """What to train: colours, or vectors of any dimension, and the map."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    colours: list[Any] | None = Field(
        None,
        description="CSS colours, or triples of red, green and blue.",
        json_schema_extra=_COLOURS_SCHEMA,
    )
    colour_range: Literal[1, 255] = Field(1, description="What full red, green or blue is in a triple.")
    data: list[list[float]] | None = Field(
        None, description="Instead of colours: vectors, all of the same dimension."
    )
    width: int = Field(100, ge=1, description="Units of the map to the right.")
    height: int = Field(100, ge=1, description="Units of the map downwards.")
    iterations: int = Field(1000, ge=1, description="Passes over the data.")
    learning_rate: float = Field(0.1, gt=0, le=1, description="The learning rate at the start.")
    sigma: float | None = Field(
        None, gt=0, description="The radius at the start, in units; half the map's longer side by default."
    )
    random_state: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="The seed of the initial weights; drawn and told when left out.",
    )
    algorithm: Algorithm = Field(
        "online", description="How the map is trained: sample by sample, or in batches, for many samples."
    )
    persist: bool = Field(True, description="Whether the model is stored.")
    keep_data: bool = Field(True, description="Whether the data are stored beside the model.")

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if (self.colours is None) == (self.data is None):
            raise PydanticCustomError("one_of", "give either 'colours' or 'data', and not both")
        return self

    def training_request(self, *, idempotency_key: str | None = None) -> TrainingRequest:
        """Return the training that is asked for.

        Parameters
        ----------
        idempotency_key : str, optional
            Where a seed comes from that the body leaves out, so that a request sent again is the same.

        Raises
        ------
        InvalidDataError
            For colours or data that cannot be used.
        """
        seed = self.random_state
        if seed is None:
            seed = draw_seed() if idempotency_key is None else _seed_of(idempotency_key)
        if self.colours is not None:
            if not self.colours:
                raise InvalidRequestError([FieldError("/colours", "give at least one colour")])
            samples, field = parse_colours(self.colours, colour_range=self.colour_range), "colours"
        else:
            samples, field = as_samples(self.data or []), "data"
        parameters = Parameters(
            width=self.width,
            height=self.height,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
            sigma=self.sigma,
            random_state=seed,
            algorithm=self.algorithm,
        )
        return TrainingRequest(
            samples, parameters, persist=self.persist, keep_data=self.keep_data, field=field
        )


def _seed_of(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little") % SEEDS


class DemoQuery(BaseModel):
    """What the demo trains."""

    model_config = ConfigDict(extra="forbid")

    input_size: int = Field(20, ge=1, description="How many random colours.")
    width: int = Field(100, ge=1, description="Units of the map to the right.")
    height: int = Field(100, ge=1, description="Units of the map downwards.")
    iterations: int = Field(1000, ge=1, description="Passes over the colours.")
    random_state: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="The seed of the colours and the map; drawn when left out.",
    )


class FieldProblem(BaseModel):
    """One thing wrong with a request."""

    pointer: str = Field(description="Where: a JSON pointer into the body, or /parameter of the query.")
    message: str = Field(description="What, and how to mend it.")


class Problem(BaseModel):
    """A problem detail (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class Health(BaseModel):
    """That the service is there."""

    status: Literal["ok"] = "ok"
    version: str
    engine: str = Field(description="What trains the maps.")


class Limits(BaseModel):
    """What a request may ask for."""

    max_body_bytes: int
    max_answer_bytes: int | None
    max_side: int
    max_units: int
    max_weights: int
    max_samples: int
    max_dimension: int
    max_iterations: int
    max_training_seconds: float
    max_picture_pixels: int
    trainings: int
    waiting_trainings: int
    engine: str
    cost: dict[str, dict[str, float]] = Field(
        description="For each algorithm, seconds of a step, which is one sample shown once: per_step + "
        "per_dimension * dimension + per_value * units * (dimension + 1). A training is (iterations + 2) * "
        "samples steps, and as often per_smoothing * units * (dimension + 1) * (width + height)."
    )
