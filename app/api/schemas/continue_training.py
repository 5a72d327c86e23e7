"""Schemas of requests to continue the training of a model."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.api.schemas.fields import parameter
from app.api.schemas.training import SAMPLE_WEIGHT, Data, ModelFields
from app.errors import FieldError, InvalidRequestError
from app.models import Lineage, Models, StoredCard
from app.predictions import vectors_for
from app.training.request import Start, TrainingRequest
from kohonen.inputs.annotations import Annotations, annotations_in
from kohonen.inputs.arrays import FloatArray, as_samples
from kohonen.inputs.colours import parse_colours

__all__ = ["FitBody", "FitFields"]


class FitFields(ModelFields):
    """The fields of a request to continue a training, in a JSON body or, with CSV, in the query."""

    schedule: Literal["continue", "restart"] = Field(
        "continue",
        description="Whether radius and learning rate continue from the end of the model's training "
        "(`continue`), or start again (`restart`).",
    )
    iterations: int | None = parameter(
        "iterations", "Passes over the data; by default the number of the model's own training.", default=None
    )
    learning_rate: float | None = parameter(
        "learning_rate", "The learning rate at the start, if the schedule restarts.", default=None
    )
    sigma: float | None = parameter("sigma", "The radius at the start, in units, if the schedule restarts.")
    final_sigma: float | None = parameter(
        "final_sigma", "The radius at the end, in units, if the schedule restarts.", default=None
    )
    sample_weight: str | list[float] | None = SAMPLE_WEIGHT


class FitBody(FitFields, Data):
    """A request to continue a training; by default on the data of the model."""

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.kinds_of_data() > 1:
            message = "give either 'colours' or 'data' or 'columns' or 'records', and not both"
            raise PydanticCustomError("one_of", message)
        restarting = (self.learning_rate, self.sigma, self.final_sigma)
        if self.schedule == "continue" and any(value is not None for value in restarting):
            message = "'learning_rate', 'sigma' and 'final_sigma' need the schedule 'restart'"
            raise PydanticCustomError("schedule", message)
        return self

    def training_request(self, models: Models, parent: StoredCard) -> TrainingRequest:
        """Return the requested training.

        `InvalidDataError` is raised for data that do not fit the model, and `DataNotKeptError` without data,
        when those of the parent are not stored.
        """
        dimension = parent.weights.shape[2]
        if self.colours is not None and parent.table is not None:
            message = "this model was trained on a table: send 'columns'"
            raise InvalidRequestError([FieldError("/colours", message)])
        given = self.columns if self.columns is not None else self.data
        weight: FloatArray | None = None
        annotations: Annotations | None = None
        if given is not None:
            field = "data" if self.columns is None else "columns"
            samples = vectors_for(parent, given)
            if self.columns is not None and parent.table is not None:
                annotations = annotations_in(self.columns, parent.table.roles)
        elif self.colours is not None:
            samples, field = parse_colours(self.colours, colour_range=self.colour_range), "colours"
        else:
            field, annotations = "data", models.annotations(parent)
            samples, weight, _ = models.data(parent)
        if self.sample_weight is not None:
            weight = self.weigh(self.sample_weight, count=len(samples))
        samples = as_samples(samples, dimension=dimension, missing="mask")
        parameters = parent.parameters.to_parameters()
        iterations = self.iterations or parameters.iterations
        first = 0
        if self.schedule == "restart":
            parameters = replace(
                parameters,
                iterations=iterations,
                learning_rate=self.learning_rate or parameters.learning_rate,
                sigma=self.sigma or parameters.sigma,
                final_sigma=self.final_sigma or parameters.final_sigma,
            )
        else:
            first = parent.last_iteration
        lineage = Lineage(
            parent=parent.id,
            schedule="restarted" if self.schedule == "restart" else "continued",
            first_iteration=first,
            last_iteration=first + iterations,
        )
        start = Start(models.weights(parent), lineage)
        return self.request(
            samples,
            parameters,
            field=field,
            start=start,
            preparation=parent.table,
            sample_weight=weight,
            annotations=annotations,
        )
