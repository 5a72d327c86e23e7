"""Saves a map as a file and loads it as an ``mlflow.pyfunc`` model; :mod:`kohonen.mlflow.tracking` logs it.

The file is an ``.npz`` of weights and parameters, without pickles: data, never code. Reading it does not need
MLflow.
"""

import json
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kohonen.analysis.labels import labels_of
from kohonen.engines.search import match
from kohonen.errors import InvalidDataError
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Missing, as_samples, as_weights
from kohonen.inputs.frames import samples_in
from kohonen.inputs.preparation import Preparation
from kohonen.parameters import Parameters
from kohonen.som import SelfOrganizingMap

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PyfuncMap", "estimator", "read_map", "write_map"]

#: Errors raised while reading a file that is damaged or of another kind.
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
    """A map with the interface of ``mlflow.pyfunc``."""

    def __init__(
        self,
        som: SelfOrganizingMap,
        preparation: Preparation | None = None,
        labels: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    ) -> None:
        self._som, self._preparation, self._labels = som, preparation, labels or {}

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """Return the best matching unit of each sample: columns ``bmu_x``, ``bmu_y`` and ``distance``.

        A map that was trained on a table takes rows with the table's columns. For each column of its labels
        there are two more: the majority of the unit's rows, and its share.
        """
        import pandas as pd

        som = self._som
        if self._preparation is None:
            values: npt.ArrayLike = samples_in(model_input)
        else:
            values = self._preparation.transform(model_input)
        found = match(som.weights_, as_samples(values, dimension=som.n_features_in_, missing=som.missing))
        units = found.units[:, 0]
        x, y = np.divmod(units, som.parameters.height)
        answers = {"bmu_x": x, "bmu_y": y, "distance": found.distances[:, 0]}
        for name, each in self._labels.items():
            answers[f"{name}_majority"] = np.array(each["majority"], dtype=object)[units]
            answers[f"{name}_share"] = np.array(each["share"], dtype=np.float64)[units]
        return pd.DataFrame(answers)


def _load_pyfunc(path: str) -> PyfuncMap:
    """Load a model; ``mlflow.pyfunc`` calls it by this name."""
    return PyfuncMap(read_map(Path(path)), *_read_table(Path(path)))


def write_map(
    som: SelfOrganizingMap,
    path: Path,
    preparation: Preparation | None = None,
    annotations: Annotations | None = None,
) -> None:
    """Write a trained map to a file, with its preparation and the labels of its units, if there are any."""
    parameters = replace(som.parameters, random_state=som.random_state_)
    training = json.dumps({**asdict(parameters), "missing": som.missing, "n_iter_": som.n_iter_})
    arrays: dict[str, Any] = {"weights": som.weights_.astype("<f8"), "training": np.array(training)}
    if preparation is not None:
        arrays["preparation"] = np.array(json.dumps(preparation.to_json()))
    arrays["labels"] = np.array(json.dumps(_labels(som, annotations)))
    np.savez_compressed(path, **arrays)


def _labels(som: SelfOrganizingMap, annotations: Annotations | None) -> dict[str, Any]:
    """Return the majority of each unit and its share, by column of labels."""
    labels = {}
    for name, found in labels_of(som.weights_, annotations).items():
        majority, share = found.about(np.arange(som.parameters.units))
        labels[name] = {"majority": majority, "share": share}
    return labels


def _read_table(path: Path) -> tuple[Preparation | None, dict[str, Any]]:
    """Return the preparation in a file, None if the map was not trained on a table; and its labels."""
    with np.load(path, allow_pickle=False) as archive:
        labels = json.loads(str(archive["labels"]))
        if "preparation" not in archive:
            return None, labels
        return Preparation.from_json(json.loads(str(archive["preparation"]))), labels


def read_map(path: Path) -> SelfOrganizingMap:
    """Read a map from a file of `write_map`.

    Raises
    ------
    InvalidDataError
        If the file does not hold a map.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            training = json.loads(str(archive["training"]))
            weights = archive["weights"]
        iterations = int(training.pop("n_iter_"))
        missing = training.pop("missing")
        return estimator(Parameters(**training), weights, iterations, missing=missing)
    except _DAMAGE as error:
        raise InvalidDataError(f"{path.name} does not hold a map: {error}") from error


def estimator(
    parameters: Parameters, weights: npt.ArrayLike, iterations: int, *, missing: Missing = "error"
) -> SelfOrganizingMap:
    """Return a trained map as an estimator.

    Parameters
    ----------
    parameters : Parameters
        With the seed that was used.
    weights : array_like of shape (width, height, dim)
        The trained weights.
    iterations : int
        The number of iterations done.
    missing : {"error", "mask"}, default "error"
        Whether samples may have missing values.

    Raises
    ------
    InvalidDataError
        If the weights are not finite numbers or have another shape.
    """
    som = SelfOrganizingMap(**asdict(parameters), missing=missing)
    dimension = np.shape(weights)[-1]
    som.weights_ = as_weights(weights, width=parameters.width, height=parameters.height, dimension=dimension)
    som.n_iter_, som.n_features_in_, som.random_state_ = iterations, dimension, parameters.random_state
    return som
