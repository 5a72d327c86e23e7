"""The dialect of a table in a JSON body."""

from typing import Literal

from pydantic import Field

from app.schema import BodySchema

__all__ = ["TableDialect"]


class TableDialect(BodySchema):
    """The notation of the values of a table."""

    absent: list[str | float] | str | float = Field(
        [], description="Texts or numbers that mean a missing value, such as `-9999`."
    )
    decimal: Literal["point", "comma"] | None = Field(
        None, description="The decimal sign of numbers in texts, which are read as numbers if it is given."
    )
    thousands: Literal["comma", "point", "space", "apostrophe"] | None = Field(
        None, description="The sign between thousands of numbers in texts."
    )
    delimiter: str | None = Field(None, description="Of a CSV body: give it in the query.")
    header: bool | None = Field(None, description="Of a CSV body: give it in the query.")
    encoding: str | None = Field(None, description="Of a CSV body: give it in the query.")
