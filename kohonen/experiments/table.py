"""The fields of a table in an experiment: roles of its columns, dialect of its file, preparation."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from kohonen.delimited.dialects import DECIMALS, DELIMITERS, THOUSANDS
from kohonen.inputs.arrays import Missing
from kohonen.parameters import Definition

__all__ = ["DIALECT", "ROLES", "TABLE"]

#: How the file of a table is written; see :class:`kohonen.delimited.dialects.Dialect`.
DIALECT: Mapping[str, Definition] = MappingProxyType(
    {
        "absent": Definition("A text that means a missing value, in addition to NA and the like.", object),
        "decimal": Definition("Decimal sign of numbers.", str, choices=tuple(DECIMALS)),
        "thousands": Definition("Sign between thousands.", str, choices=tuple(THOUSANDS)),
        "delimiter": Definition("Delimiter of values.", str, choices=tuple(DELIMITERS)),
        "header": Definition("Whether the first line names the columns.", object),
        "encoding": Definition("Encoding of the file, such as windows-1250.", str),
    }
)
#: The roles of columns; see :class:`kohonen.inputs.choices.Choices`.
ROLES: Mapping[str, Definition] = MappingProxyType(
    {
        "label": Definition("A column of labels, which takes no part in the training.", object),
        "id": Definition("A column that names the rows, and takes no part in the training.", object),
        "only": Definition("A column to train on; the others take no part.", object),
        "ignore": Definition("A column to leave out.", object),
        "categorical": Definition("A column to read as texts even if it looks like numbers.", object),
        "date": Definition("A column of dates to train on, as days since the first.", object),
        "sample_weight": Definition("A column with the weights of the rows in batch training.", str),
    }
)
#: The fields of a table.
TABLE: Mapping[str, Definition] = MappingProxyType(
    {
        **ROLES,
        "dialect": Definition(f"How the file is written: {', '.join(DIALECT)}.", dict),
        "normalisation": Definition(
            "Normalisation of all numeric columns, or by column; z-score by default.", object
        ),
        "missing": Definition(
            "Whether missing values are masked in the training, or are an error.",
            str,
            default="mask",
            choices=get_args(Missing),
        ),
    }
)
