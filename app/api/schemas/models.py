"""Schemas of requests and answers about stored models."""

import datetime
from typing import Annotated, Self

from fastapi import Request
from pydantic import FailFast, Field, model_validator
from pydantic_core import PydanticCustomError

from app.api.schemas.tables import NamedColumns, Records
from app.models.listing import Listed, Page
from app.schema import BodySchema, Schema
from app.web.responses import root_path

__all__ = [
    "Coordinates",
    "Majority",
    "ModelList",
    "Prediction",
    "Predictions",
    "UnitWeights",
    "Vector",
    "Vectors",
]


class ListedQuality(Schema):
    """The quality of a map on its samples."""

    quantization_error: float | None
    topographic_error: float | None
    explained_variance: float | None
    unused_units: float | None


class ListedModel(Schema):
    """A model in a list: an excerpt of its card."""

    id: str
    revision: str | None = Field(None, description="The revision, in a list of the models of a name.")
    created_at: datetime.datetime
    width: int
    height: int
    dimension: int
    quality: ListedQuality
    links: dict[str, str]


class ModelList(Schema):
    """A page of models."""

    models: list[ListedModel]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last one.")

    @classmethod
    def of(cls, page: Page, request: Request, name: str | None) -> "ModelList":
        """Return the answer for a page."""
        models = [_listed(one, root_path(request), name) for one in page.models]
        return cls(models=models, next_cursor=page.cursor)


def _listed(listed: Listed, root: str, name: str | None) -> ListedModel:
    entry = listed.entry
    width, height, dimension = entry.shape
    place = f"{root}/models/{entry.id}"
    return ListedModel(
        id=entry.id,
        revision=None if listed.number is None else f"{name}@{listed.number}",
        created_at=entry.created_at,
        width=width,
        height=height,
        dimension=dimension,
        quality=ListedQuality(**entry.quality),
        links={"self": place, "image": f"{place}/image", "download": f"{place}/download"},
    )


class Coordinates(Schema):
    """The position of a unit."""

    x: int
    y: int


class UnitWeights(Schema):
    """A unit of a map, with its weights."""

    coordinates: Coordinates
    weights: list[float]


class Vector(BodySchema):
    """One vector."""

    data: Annotated[list[float | None], FailFast()] = Field(
        description="A vector of the map's dimension.", min_length=1, examples=[[0.2, 0.5, 0.8]]
    )


class Vectors(BodySchema):
    """Vectors or, for a model that was trained on a table, rows of a table."""

    data: list[list[float | None]] | None = Field(
        None,
        fail_fast=True,
        description="Vectors of the map's dimension, or rows of numbers in the order of the table's columns; "
        "a single vector needs no outer brackets. Null means a missing value.",
        min_length=1,
        examples=[[[0.2, 0.5, 0.8], [1.0, 0.0, 0.0]]],
    )
    columns: NamedColumns | None = Field(
        None, description="A table, as columns by name; unknown columns are ignored."
    )
    records: Records | None = Field(
        None, description="A table, as rows of values by name; null or absent values are missing."
    )

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if sum(given is not None for given in (self.data, self.columns, self.records)) != 1:
            raise PydanticCustomError("one_of", "give either 'data' or 'columns' or 'records'")
        return self


class Majority(Schema):
    """The most frequent label of some rows."""

    majority: str | None = Field(description="The label; null where no row has one.")
    share: float | None = Field(description="The share of the labelled rows that have it.")


class Prediction(Schema):
    """The best matching unit of a vector."""

    id: str | None = Field(None, description="The id of the row, if its table has the model's column of ids.")
    bmu_x: int
    bmu_y: int
    distance: float = Field(description="Euclidean distance of its weights to the vector.")
    cluster: int | None = Field(None, description="The cluster of the unit, if requested.")
    labels: dict[str, Majority] | None = Field(
        None,
        description="For each column of labels of the model's data, the majority of the unit's rows, or of "
        "the nearest unit with labelled rows.",
    )


class Predictions(Schema):
    """The best matching units of vectors, in their order."""

    results: list[Prediction]
    notes: list[str] | None = Field(
        None, description="Categories that the model does not know and that count as missing, if any."
    )
