"""The signature and the input example of a map in MLflow.

The module needs MLflow; see :mod:`kohonen.mlflow.tracking`.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from kohonen.errors import InvalidParameterError
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.preparation import Preparation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["example_of", "signature_of"]

#: The columns of a prediction by `mlflow.pyfunc`, before those of labels.
PREDICTION = (
    ColSpec(DataType.long, "bmu_x"),
    ColSpec(DataType.long, "bmu_y"),
    ColSpec(DataType.double, "distance"),
)
#: The number of samples in the input example.
EXAMPLES = 3


def signature_of(
    dimension: int,
    feature_names: Sequence[str] | None,
    preparation: Preparation | None,
    labels: Collection[str] = (),
) -> ModelSignature:
    """Return a model's signature: it takes rows of a table, named columns or an array.

    The prediction has two columns for each of the columns of `labels`.
    """
    if preparation is not None:
        inputs = Schema(
            [
                ColSpec(DataType.double if column.categories is None else DataType.string, column.name)
                for column in preparation.columns
            ]
        )
    elif feature_names is None:
        inputs = Schema([TensorSpec(np.dtype(np.float64), (-1, dimension))])
    else:
        inputs = Schema([ColSpec(DataType.double, name) for name in feature_names])
    answers = [
        spec
        for name in labels
        for spec in (
            ColSpec(DataType.string, f"{name}_majority"),
            ColSpec(DataType.double, f"{name}_share"),
        )
    ]
    return ModelSignature(inputs, Schema([*PREDICTION, *answers]))


def example_of(
    samples: FloatArray, feature_names: Sequence[str] | None, preparation: Preparation | None
) -> "FloatArray | pd.DataFrame":
    """Return the first samples (n, dim) in the form of a model's input.

    `InvalidParameterError` is raised when there are not as many names as features.
    """
    example = samples[:EXAMPLES]
    if preparation is not None:
        return _frame(preparation.restore(example))
    if feature_names is None:
        return example
    names = list(feature_names)
    if len(names) != samples.shape[1]:
        raise InvalidParameterError(
            f"there must be {samples.shape[1]} names, one for each value of a sample, but are {len(names)}",
            parameter="feature_names",
        )
    return _frame(dict(zip(names, example.T, strict=True)))


def _frame(columns: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(columns)
