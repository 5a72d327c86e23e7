"""A map as a file, and as what ``mlflow.pyfunc`` makes of that file; :mod:`kohonen.mlflow` logs it.

The file is data, never code: an ``.npz`` of weights and parameters, without a pickle. MLflow itself is not
needed to read it.
"""

import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kohonen.data import as_samples, as_weights
from kohonen.errors import InvalidDataError
from kohonen.search import match
from kohonen.som import SelfOrganizingMap

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PyfuncMap", "read_map", "write_map"]


class PyfuncMap:
    """A map as ``mlflow.pyfunc`` wants it."""

    def __init__(self, som: SelfOrganizingMap) -> None:
        self._som = som

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """Return the unit of each sample, and how far it is: columns ``bmu_x``, ``bmu_y``, ``distance``."""
        import pandas as pd

        som = self._som
        values = np.asarray(model_input, dtype=np.float64)
        found = match(som.weights_, as_samples(values, dimension=som.n_features_in_, missing=som.missing))
        x, y = np.divmod(found.units[:, 0], som.parameters.height)
        return pd.DataFrame({"bmu_x": x, "bmu_y": y, "distance": found.distances[:, 0]})


def _load_pyfunc(path: str) -> PyfuncMap:
    """Load a model; ``mlflow.pyfunc`` calls it by this name."""
    return PyfuncMap(read_map(Path(path)))


def write_map(som: SelfOrganizingMap, path: Path) -> None:
    """Write a trained map to a file."""
    parameters = replace(som.parameters, random_state=som.random_state_)
    told = json.dumps({**asdict(parameters), "missing": som.missing, "n_iter_": som.n_iter_})
    np.savez_compressed(path, weights=som.weights_.astype("<f8"), training=np.array(told))


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
        som = SelfOrganizingMap(**told)
        width, height, dimension = som.parameters.width, som.parameters.height, weights.shape[-1]
        som.weights_ = as_weights(weights, width=width, height=height, dimension=dimension)
        som.n_iter_, som.n_features_in_ = iterations, dimension
        som.random_state_ = som.parameters.random_state
    except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile) as error:
        raise InvalidDataError(f"{path.name} does not hold a map: {error}") from error
    return som
