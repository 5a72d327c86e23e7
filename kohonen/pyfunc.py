"""A map as a file, and as what ``mlflow.pyfunc`` makes of that file; :mod:`kohonen.mlflow` logs it.

The file is data, never code: an ``.npz`` of weights and parameters, without a pickle. MLflow itself is not
needed to read it.
"""

import json
import tokenize
import zipfile
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kohonen.data import Missing, as_samples, as_weights
from kohonen.errors import InvalidDataError
from kohonen.parameters import Parameters
from kohonen.preparation import Preparation
from kohonen.search import match
from kohonen.som import SelfOrganizingMap

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PyfuncMap", "estimator", "read_map", "write_map"]

#: What a file that is damaged, or of something else, leads to.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


class PyfuncMap:
    """A map as ``mlflow.pyfunc`` wants it."""

    def __init__(self, som: SelfOrganizingMap, preparation: Preparation | None = None) -> None:
        self._som, self._preparation = som, preparation

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """Return the unit of each sample, and how far it is: columns ``bmu_x``, ``bmu_y``, ``distance``.

        What a map takes that was trained on a table are rows of such a table.
        """
        import pandas as pd

        som = self._som
        if self._preparation is None:
            values = np.asarray(model_input, dtype=np.float64)
        else:
            columns = {name: model_input[name].tolist() for name in model_input.columns}
            values = self._preparation.transform(columns)
        found = match(som.weights_, as_samples(values, dimension=som.n_features_in_, missing=som.missing))
        x, y = np.divmod(found.units[:, 0], som.parameters.height)
        return pd.DataFrame({"bmu_x": x, "bmu_y": y, "distance": found.distances[:, 0]})


def _load_pyfunc(path: str) -> PyfuncMap:
    """Load a model; ``mlflow.pyfunc`` calls it by this name."""
    return PyfuncMap(read_map(Path(path)), _read_preparation(Path(path)))


def write_map(som: SelfOrganizingMap, path: Path, preparation: Preparation | None = None) -> None:
    """Write a trained map to a file, and how its samples were made from a table, where they were."""
    parameters = replace(som.parameters, random_state=som.random_state_)
    told = json.dumps({**asdict(parameters), "missing": som.missing, "n_iter_": som.n_iter_})
    arrays: dict[str, Any] = {"weights": som.weights_.astype("<f8"), "training": np.array(told)}
    if preparation is not None:
        arrays["preparation"] = np.array(json.dumps(preparation.to_json()))
    np.savez_compressed(path, **arrays)


def _read_preparation(path: Path) -> Preparation | None:
    """Return how the samples of a file's map were made; None where they were made of no table."""
    with np.load(path, allow_pickle=False) as archive:
        if "preparation" not in archive:
            return None
        return Preparation.from_json(json.loads(str(archive["preparation"])))


def read_map(path: Path) -> SelfOrganizingMap:
    """Return the map that a file holds.

    Raises
    ------
    InvalidDataError
        When it holds none.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            told = json.loads(str(archive["training"]))
            weights = archive["weights"]
        iterations = int(told.pop("n_iter_"))
        missing = told.pop("missing")
        return estimator(Parameters(**told), weights, iterations, missing=missing)
    except _DAMAGE as error:
        raise InvalidDataError(f"{path.name} does not hold a map: {error}") from error


def estimator(
    parameters: Parameters, weights: npt.ArrayLike, iterations: int, *, missing: Missing = "error"
) -> SelfOrganizingMap:
    """Return a map that has been trained as an estimator.

    Parameters
    ----------
    parameters : Parameters
        With the seed that was used.
    weights : array_like of shape (width, height, dim)
        What the training ended with.
    iterations : int
        How many were done.
    missing : {"error", "mask"}, default "error"
        Whether samples may miss values.

    Raises
    ------
    InvalidDataError
        When the weights are not finite numbers, or of another shape.
    """
    som = SelfOrganizingMap(**asdict(parameters), missing=missing)
    dimension = np.shape(weights)[-1]
    som.weights_ = as_weights(weights, width=parameters.width, height=parameters.height, dimension=dimension)
    som.n_iter_, som.n_features_in_, som.random_state_ = iterations, dimension, parameters.random_state
    return som
