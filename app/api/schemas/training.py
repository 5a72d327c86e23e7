"""Schemas of requests to train: the fields, and the data of a JSON body."""

import hashlib
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.api.schemas.dialect import TableDialect
from app.api.schemas.fields import LARGEST_INTEGER, Count, parameter, wanted_parameter
from app.api.schemas.tables import (
    NamedColumns,
    Normalisations,
    Records,
    RoleFields,
    columns_of_records,
    fit_preparation,
)
from app.errors import FieldError, InvalidRequestError
from app.models.references import NAME_RULE, is_name
from app.schema import BodySchema
from app.settings import Settings
from app.training import limits
from app.training.request import TrainingRequest
from kohonen import Parameters
from kohonen.animation.moments import Moments, Spacing
from kohonen.engines.sizes import WANTED, settled, sized
from kohonen.errors import InvalidDataError
from kohonen.geometry import Boundary, Grid
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray, Missing, as_sample_weight, as_samples, unmasked
from kohonen.inputs.colours import parse_colours
from kohonen.inputs.tables import Table, read_columns
from kohonen.inputs.weights import take_weights
from kohonen.parameters import SEEDS, Algorithm, Initialisation, draw_seed

__all__ = ["FRAMES", "SAMPLE_WEIGHT", "Data", "ModelFields", "Name", "TrainingBody", "TrainingFields"]

#: Frames of an animation by default.
FRAMES = 24
#: Frames of an animation at most.
MOST_FRAMES = 100

_COLOURS_SCHEMA: dict[str, Any] = {
    "items": {
        "anyOf": [
            {"type": "string", "description": "A CSS colour: a name, #rgb or #rrggbb."},
            {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
        ]
    }
}


#: The field of the sample weights.
SAMPLE_WEIGHT = Field(
    None,
    description="Batch training: the weight of each sample, at least 0; or, of a table, the column that has "
    "them, which is not trained on.",
)


def _name(text: str) -> str:
    if not is_name(text):
        raise PydanticCustomError("name", NAME_RULE)
    return text


Name = Annotated[
    str,
    AfterValidator(_name),
    Field(json_schema_extra={"pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}, examples=["sunset"]),
]


class ModelFields(BodySchema):
    """Fields about storing the model, and about the animation of its training."""

    name: Name | None = Field(None, description="A name; the model becomes its newest revision.")
    persist: bool = Field(True, description="Whether to store the model.")
    keep_data: bool = Field(True, description="Whether to store the training data with the model.")
    frames: int | None = Field(
        None,
        ge=2,
        le=MOST_FRAMES,
        description=f"Number of frames of an animation of the training, {FRAMES} by default. Use Accept: "
        "image/gif, image/apng or image/webp; for a job, GET /jobs/{id}/animation.",
    )
    spacing: Spacing | None = Field(
        None, description="Whether frames are evenly spaced (default), or dense at the beginning."
    )
    every: int | None = Field(
        None,
        ge=1,
        le=LARGEST_INTEGER,
        description="Iterations between two frames, instead of `spacing`. `frames` is the maximum, "
        f"{MOST_FRAMES} by default; if there would be more, frames are left out evenly.",
    )

    @model_validator(mode="after")
    def _fields_go_together(self) -> Self:
        if self.name is not None and not self.persist:
            raise PydanticCustomError("name", "a model that is not stored cannot have a name")
        if self.every is not None and self.spacing is not None:
            raise PydanticCustomError("every", "give either 'spacing' or 'every', and not both")
        return self

    @property
    def moments(self) -> Moments | None:
        """The iterations at which to capture frames, if an animation is requested."""
        if self.every is not None:
            return Moments(self.frames or MOST_FRAMES, every=self.every)
        if self.frames is None and self.spacing is None:
            return None
        return Moments(self.frames or FRAMES, self.spacing or "even")

    def request(self, samples: FloatArray, parameters: Parameters, **options: Any) -> TrainingRequest:
        """Return a training request with these fields."""
        options |= {"persist": self.persist, "keep_data": self.keep_data}
        return TrainingRequest(samples, parameters, name=self.name, frames=self.moments, **options)


class TrainingFields(ModelFields, RoleFields):
    """The fields of a training, in a JSON body or, with CSV, in the query."""

    width: Count = wanted_parameter("width")
    height: Count = wanted_parameter("height")
    iterations: Count = wanted_parameter("iterations")
    learning_rate: float = parameter("learning_rate")
    sigma: float | None = parameter("sigma")
    final_sigma: float = parameter("final_sigma")
    random_state: int | None = parameter("random_state")
    algorithm: Literal[Algorithm, "auto"] = wanted_parameter("algorithm")
    initialisation: Initialisation = parameter("initialisation")
    grid: Grid = parameter("grid")
    boundary: Boundary = parameter("boundary")
    sample_weight: str | list[float] | None = SAMPLE_WEIGHT
    missing: Missing | None = Field(
        None, description="Table or vectors: whether missing values are masked (default), or refused."
    )
    normalisation: Normalisations | None = Field(
        None,
        description="Table: the normalisation of numeric columns, one for all or by name; `z-score` by "
        "default.",
    )


class Data(BodySchema):
    """The data of a JSON body: colours, vectors of any dimension, or a table."""

    colours: list[Any] | None = Field(
        None,
        description="CSS colours, or triples of red, green and blue.",
        json_schema_extra=_COLOURS_SCHEMA,
    )
    colour_range: Literal[1, 255] = Field(1, description="The value of full red, green or blue in triples.")
    data: list[list[float | None]] | None = Field(
        None,
        fail_fast=True,
        description="Vectors of the same dimension, instead of colours; null means a missing value.",
    )
    columns: NamedColumns | None = Field(
        None,
        description="A table, instead of colours: columns of numbers or of texts by name; null means a "
        "missing value.",
    )

    records: Records | None = Field(
        None, description="A table as rows of values by name; null or absent values are missing."
    )

    dialect: TableDialect | None = Field(None, description="Table: how its values are written.")

    @model_validator(mode="after")
    def _records_become_columns(self) -> Self:
        if self.records is not None:
            if self.columns is not None:
                raise PydanticCustomError("one_of", "give either 'columns' or 'records', and not both")
            self.columns, self.records = columns_of_records(self.records), None
        return self

    def kinds_of_data(self) -> int:
        """Return the number of kinds of data in the body."""
        return sum(given is not None for given in (self.colours, self.data, self.columns))

    def weigh(
        self, given: str | list[float] | None, *, count: int, table: Table | None = None
    ) -> FloatArray | None:
        """Return the weights of `count` samples, or of those that are rows of a table.

        A column that has them is removed from the columns.

        Raises
        ------
        InvalidDataError, InvalidTableError, InvalidRequestError
            When they are not valid.
        """
        if isinstance(given, str):
            if self.columns is None:
                message = "the name of a column is for a table ('columns'): give one weight for each sample"
                raise InvalidRequestError([FieldError("/sample_weight", message)])
            return take_weights(self.columns, given) if table is None else table.sample_weight
        try:
            weight = as_sample_weight(given, count=count)
            if weight is None or table is None:
                return weight
            return as_sample_weight(weight[table.rows], count=len(table.rows))
        except InvalidDataError as error:
            raise InvalidRequestError([FieldError("/sample_weight", str(error))]) from error

    def samples(self, missing: Missing) -> tuple[FloatArray, str] | None:
        """Return the colours or vectors as samples, and the name of their field; None without either."""
        if self.colours is not None:
            if not self.colours:
                raise InvalidRequestError([FieldError("/colours", "there must be at least one colour")])
            return parse_colours(self.colours, colour_range=self.colour_range), "colours"
        return None if self.data is None else (as_samples(unmasked(self.data), missing=missing), "data")


class TrainingBody(TrainingFields, Data):
    """A request to train: colours, vectors of any dimension or a table, and the map."""

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.kinds_of_data() != 1:
            message = "give either 'colours' or 'data' or 'columns' or 'records', and not both"
            raise PydanticCustomError("one_of", message)
        if self.columns is None:
            given = self.model_fields_set & {"normalisation", *RoleFields.model_fields}
            if self.data is None:
                given |= self.model_fields_set & {"missing"}
            if any(getattr(self, name) for name in given):
                message = f"{' and '.join(map(repr, sorted(given)))} are for a table ('columns')"
                raise PydanticCustomError("table", message)
        return self

    def training_request(
        self,
        settings: Settings,
        *,
        idempotency_key: str | None = None,
        table: Table | None = None,
    ) -> TrainingRequest:
        """Return the requested training.

        Parameters
        ----------
        settings : Settings
            The limits of a table.
        idempotency_key : str, optional
            Determines the seed if the body has none, so that the request can be repeated.
        table : Table, optional
            The columns, if they have been read from CSV.

        Raises
        ------
        InvalidDataError, InvalidParameterError
            For invalid colours, data, table or parameters.
        OverLimitError
            For a table that is over a limit.
        """
        seed = self.random_state
        if seed is None:
            seed = draw_seed() if idempotency_key is None else _seed_of(idempotency_key)
        preparation = None
        if self.columns is not None:
            rows = max((len(values) for values in self.columns.values()), default=0)
            limits.check_table(rows, len(self.columns), limits=settings)
            if table is None:
                column = self.sample_weight if isinstance(self.sample_weight, str) else None
                dialect = {} if self.dialect is None else self.dialect.model_dump()
                table = read_columns(self.columns, **self.roles(), sample_weight=column, **dialect)
            samples, preparation = fit_preparation(table, self.normalisation, self.missing, settings)
            field = "columns"
        else:
            given = self.samples(self.missing or "mask")
            assert given is not None
            samples, field = given
            rows = len(samples)
        weight = self.weigh(self.sample_weight, count=rows, table=table)
        parameters, auto = settled({name: getattr(self, name) for name in WANTED} | {"random_state": seed})
        if self.colours is None:
            parameters = sized(parameters, auto, samples, weight)
        return self.request(
            samples,
            parameters,
            field=field,
            preparation=preparation,
            sample_weight=weight,
            annotations=None if table is None else Annotations.of(table.labels, table.ids),
            look=None if table is None else table.look,
        )


def _seed_of(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little") % SEEDS
