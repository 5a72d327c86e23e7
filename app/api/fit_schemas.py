"""The request to go on training a model."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.api.fields import parameter
from app.api.training_schemas import Data, ModelFields
from app.errors import FieldError, InvalidRequestError
from app.models import Card, Lineage, Models
from app.predictions import vectors_for
from app.training import Start, TrainingRequest
from kohonen import Parameters
from kohonen.data import as_samples

__all__ = ["FitBody", "FitFields"]


class FitFields(ModelFields):
    """The fields of a request to go on: a JSON body has them, and with CSV the query has them."""

    schedule: Literal["continue", "restart"] = Field(
        "continue",
        description="Whether radius and learning rate go on from where the model's training ended, or start "
        "again.",
    )
    iterations: int | None = parameter(
        "iterations", "Passes over the data; as many as the model's own training by default.", default=None
    )
    learning_rate: float | None = parameter(
        "learning_rate", "The learning rate at the start, of a schedule that starts again.", default=None
    )
    sigma: float | None = parameter(
        "sigma", "The radius at the start, in units, of a schedule that starts again."
    )


class FitBody(FitFields, Data):
    """How to go on training a model; without data, on those that it was trained on."""

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.kinds_of_data() > 1:
            message = "give either 'colours' or 'data' or 'columns', and not both"
            raise PydanticCustomError("one_of", message)
        if self.schedule == "continue" and not (self.learning_rate is None and self.sigma is None):
            message = "'learning_rate' and 'sigma' are for a schedule that starts again ('restart')"
            raise PydanticCustomError("schedule", message)
        return self

    def training_request(self, models: Models, parent: Card) -> TrainingRequest:
        """Return the training that is asked for.

        Raises
        ------
        InvalidDataError
            For data that cannot be used, or that do not suit the model.
        DataNotKeptError
            Without data, where the parent's are not kept.
        """
        dimension = parent.weights.shape[2]
        if self.colours is not None and parent.table is not None:
            message = "this model was trained on a table: send 'columns'"
            raise InvalidRequestError([FieldError("/colours", message)])
        given = self.columns if self.columns is not None else self.data
        if given is not None:
            field = "data" if self.columns is None else "columns"
            samples = vectors_for(parent, given)
        else:
            samples, field = self.samples() or (models.samples(parent), "data")
            samples = as_samples(samples, dimension=dimension, missing="mask")
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
            frames=self.moments,
            preparation=parent.table,
        )
