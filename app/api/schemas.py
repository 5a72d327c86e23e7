"""The requests and answers of the API."""

import hashlib
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.errors import FieldError, InvalidRequestError
from app.models import Card, Lineage, Models
from app.models.names import NAME_RULE, is_name
from app.training import Start, TrainingRequest
from kohonen import Parameters
from kohonen.colours import parse_colours
from kohonen.data import FloatArray, as_samples
from kohonen.parameters import SEEDS, Algorithm, draw_seed

__all__ = ["DemoQuery", "FitBody", "Health", "Limits", "Name", "Problem", "TrainingBody"]

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


def _name(text: str) -> str:
    if not is_name(text):
        raise PydanticCustomError("name", NAME_RULE)
    return text


Name = Annotated[
    str,
    AfterValidator(_name),
    Field(json_schema_extra={"pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}, examples=["sunset"]),
]


class _Body(BaseModel):
    """Colours, or vectors of any dimension, and what becomes of the model."""

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
    name: Name | None = Field(None, description="A name that the model becomes the newest revision of.")
    persist: bool = Field(True, description="Whether the model is stored.")
    keep_data: bool = Field(True, description="Whether the data are stored beside the model.")

    @model_validator(mode="after")
    def _what_has_a_name_is_stored(self) -> Self:
        if self.name is not None and not self.persist:
            raise PydanticCustomError("name", "a model that is not stored cannot have a name")
        return self

    def samples(self) -> tuple[FloatArray, str] | None:
        """Return the samples and the field that they stand in, if there are any."""
        if self.colours is not None:
            if not self.colours:
                raise InvalidRequestError([FieldError("/colours", "give at least one colour")])
            return parse_colours(self.colours, colour_range=self.colour_range), "colours"
        return None if self.data is None else (as_samples(self.data), "data")


class TrainingBody(_Body):
    """What to train: colours, or vectors of any dimension, and the map."""

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
        given = self.samples()
        assert given is not None
        samples, field = given
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
            samples,
            parameters,
            persist=self.persist,
            keep_data=self.keep_data,
            field=field,
            name=self.name,
        )


class FitBody(_Body):
    """How to go on training a model; without data, on those that it was trained on."""

    schedule: Literal["continue", "restart"] = Field(
        "continue",
        description="Whether radius and learning rate go on from where the model's training ended, or start "
        "again.",
    )
    iterations: int | None = Field(
        None, ge=1, description="Passes over the data; as many as the model's own training by default."
    )
    learning_rate: float | None = Field(
        None, gt=0, le=1, description="The learning rate at the start, of a schedule that starts again."
    )
    sigma: float | None = Field(
        None, gt=0, description="The radius at the start, in units, of a schedule that starts again."
    )

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.colours is not None and self.data is not None:
            raise PydanticCustomError("one_of", "give either 'colours' or 'data', and not both")
        if self.schedule == "continue" and not (self.learning_rate is None and self.sigma is None):
            message = "'learning_rate' and 'sigma' are for a schedule that starts again ('restart')"
            raise PydanticCustomError("schedule", message)
        return self

    def training_request(self, models: Models, parent: Card) -> TrainingRequest:
        """Return the training that is asked for.

        Raises
        ------
        InvalidDataError
            For colours or data that cannot be used, or of another dimension.
        DataNotKeptError
            Without data, where the parent's are not kept.
        """
        dimension = parent.weights.shape[2]
        samples, field = self.samples() or (models.samples(parent), "data")
        samples = as_samples(samples, dimension=dimension)
        parameters = Parameters(**parent.parameters.model_dump())
        iterations = self.iterations or parameters.iterations
        first = 0
        if self.schedule == "restart":
            parameters = replace(
                parameters,
                iterations=iterations,
                learning_rate=self.learning_rate or parameters.learning_rate,
                sigma=self.sigma or parameters.sigma,
            )
        else:
            first = parent.last_iteration
        lineage = Lineage(
            parent=parent.id,
            schedule="restarted" if self.schedule == "restart" else "continued",
            first_iteration=first,
            last_iteration=first + iterations,
        )
        return TrainingRequest(
            samples,
            parameters,
            persist=self.persist,
            keep_data=self.keep_data,
            field=field,
            name=self.name,
            start=Start(models.weights(parent), lineage),
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
    max_vectors: int
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
