"""Logs trainings and maps to MLflow: parameters, metrics with their history, views, and the map as a model.

The module needs MLflow (``pip install '.[mlflow]'``) and is not imported by the rest of the library. MLflow's
own settings apply, such as ``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME``::

    import mlflow

    from kohonen import SelfOrganizingMap
    from kohonen.mlflow.tracking import Tracking, best_run, load_som_model, log_som_model

    with mlflow.start_run():
        som = SelfOrganizingMap(12, 8, random_state=7).fit(samples, observers=[Tracking()])
        log_som_model(som, samples)

    best = load_som_model(f"runs:/{best_run().info.run_id}/som")

A model is data without pickled objects: see :mod:`kohonen.pyfunc`. ``mlflow.pyfunc`` loads it where this
library is installed. The model's requirements do not name the library: on PyPI that name is another package.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kohonen.analysis.quality import assess
from kohonen.errors import InvalidDataError, InvalidParameterError
from kohonen.identity import fingerprint
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray, as_samples
from kohonen.inputs.preparation import Preparation
from kohonen.observers.standard import at_least, record_of
from kohonen.parameters import Parameters
from kohonen.pictures.draw import VIEWS, draw_view
from kohonen.pyfunc import read_map, write_map
from kohonen.som import SelfOrganizingMap
from kohonen.training import Observer, Training

try:
    import mlflow
    from mlflow.models import Model

    from kohonen.mlflow.inputs import example_of, signature_of
except ImportError as error:
    raise ImportError("kohonen.mlflow.tracking needs MLflow 3.1 or newer: pip install '.[mlflow]'") from error

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.models.model import ModelInfo

__all__ = ["Tracking", "best_run", "load_som_model", "log_som_model"]

#: The model's file, and the module that loads it.
FILE, LOADER = "map.npz", "kohonen.pyfunc"


class Tracking(Observer):
    """Logs a training to the MLflow run that is active when the observer is created.

    It logs the parameters, and as metrics by iteration ``training/quantization_error`` (on at most 1,000
    evenly spaced samples), ``training/radius`` and ``training/learning_rate``. If the server fails, the
    training continues without logging.

    Parameters
    ----------
    points : int, default 50
        The approximate number of iterations logged, evenly spaced.

    Raises
    ------
    InvalidParameterError
        When `points` is not a positive integer, or there is no active run.
    """

    def __init__(self, *, points: int = 50) -> None:
        self._points = at_least("points", points, 1)
        active = mlflow.active_run()
        if active is None:
            raise InvalidParameterError(
                "there is no active run to log to: train within mlflow.start_run()", parameter="observers"
            )
        self._run_id = active.info.run_id

    def start(self, training: Training) -> None:
        """Log the parameters and the initial state."""
        self.every = math.ceil((training.last_iteration - training.iteration) / self._points) or 1
        # With the run's id, here and below: MLflow's active run is local to a thread.
        mlflow.log_params(_run_parameters(training.parameters, training.samples), run_id=self._run_id)
        self._log(training)

    def after_iteration(self, training: Training) -> None:
        """Log the state."""
        self._log(training)

    def end(self, training: Training) -> None:
        """Log the final state, unless it is logged already."""
        if self._logged != training.iteration:
            self._log(training)

    def _log(self, training: Training) -> None:
        record = record_of(training, training.weights)
        metrics = {
            "training/quantization_error": record.quantization_error,
            "training/radius": record.radius,
            "training/learning_rate": record.learning_rate,
        }
        mlflow.log_metrics(metrics, step=training.iteration, run_id=self._run_id)
        self._logged = training.iteration


def log_som_model(
    som: SelfOrganizingMap,
    samples: npt.ArrayLike,
    *,
    name: str = "som",
    feature_names: Sequence[str] | None = None,
    preparation: Preparation | None = None,
    annotations: Annotations | None = None,
    registered_model_name: str | None = None,
) -> "ModelInfo":
    """Log a trained map to the active run, or to a new run if none is active.

    It logs the parameters; the metrics ``quantization_error``, ``topographic_error``, ``explained_variance``
    and ``unused_units`` on the samples; views as ``views/*.png``; and the model with its signature and the
    first samples as the input example. Of all samples it logs only a fingerprint.

    Parameters
    ----------
    som : SelfOrganizingMap
        The map.
    samples : array_like of shape (n, dim)
        The samples that it was trained on.
    name : str, default "som"
        The name of the model within the run.
    feature_names : sequence of str, optional
        The names of the features; the signature is then that of a table with these columns.
    preparation : Preparation, optional
        The preparation of the samples from a table, instead of names: the model then takes rows of such a
        table, in the table's units, and prepares them in the same way.
    annotations : Annotations, optional
        The labels and ids of the rows, with their units: the model then also predicts labels. What is logged
        of them is the majority of each unit.
    registered_model_name : str, optional
        The model of MLflow's registry to add a version to.

    Returns
    -------
    mlflow.models.model.ModelInfo
        Its ``model_uri`` is what `load_som_model` and ``mlflow.pyfunc.load_model`` take.

    Raises
    ------
    NotFittedError
        Before the map is trained.
    InvalidDataError
        When the samples cannot be used.
    InvalidParameterError
        When there are not as many names as features.
    """
    table = as_samples(samples, missing=som.missing)
    quality = _quality(som, table)  # raises before anything is logged
    example = example_of(table, feature_names, preparation)
    with nullcontext() if mlflow.active_run() else mlflow.start_run(), TemporaryDirectory() as folder:
        mlflow.log_params(_run_parameters(replace(som.parameters, random_state=som.random_state_), table))
        mlflow.set_tag("kohonen.inputs.arrays", fingerprint(table))
        mlflow.log_metrics(quality, step=som.n_iter_)
        labels = {} if annotations is None else annotations.labels
        geometry = som.parameters.geometry
        left_out = {"input-output", "plane", *([] if labels else ["labels", "pies"])}
        for view in VIEWS:
            if view not in left_out:
                picture = Path(folder) / f"{view}.png"
                drawn = draw_view(view, som.weights_, table, geometry=geometry, annotations=annotations)
                picture.write_bytes(drawn)
                mlflow.log_artifact(str(picture), "views")
        path = Path(folder) / FILE
        write_map(som, path, preparation, annotations)
        return mlflow.pyfunc.log_model(
            name=name,
            loader_module=LOADER,
            data_path=str(path),
            signature=signature_of(table.shape[1], feature_names, preparation, list(labels)),
            input_example=example,
            registered_model_name=registered_model_name,
            pip_requirements=[f"numpy=={np.__version__}", "pandas", "pillow"],
        )


def load_som_model(model_uri: str) -> SelfOrganizingMap:
    """Return a map that `log_som_model` has logged.

    Parameters
    ----------
    model_uri : str
        A URI of MLflow: ``runs:/RUN_ID/som``, ``models:/NAME/VERSION``, or a folder.

    Raises
    ------
    InvalidDataError
        When the model is not one of this library, or its file is damaged.
    """
    folder = Path(mlflow.artifacts.download_artifacts(model_uri))
    flavour = Model.load(str(folder)).flavors.get("python_function", {})
    if flavour.get("loader_module") != LOADER:
        raise InvalidDataError(f"the model {model_uri!r} was not logged by kohonen.mlflow.tracking")
    return read_map(folder / flavour["data"])


def best_run(
    metric: str = "quantization_error", *, ascending: bool = True, experiment: str | None = None
) -> "Run":
    """Return the best of the finished runs.

    Parameters
    ----------
    metric : str, default "quantization_error"
        The metric to compare.
    ascending : bool, default True
        Whether the smallest value is the best.
    experiment : str, optional
        The name of the experiment; by default the active one, as set by ``MLFLOW_EXPERIMENT_NAME``.

    Raises
    ------
    InvalidParameterError
        When no finished run has such a metric.
    """
    found = mlflow.search_runs(
        experiment_names=None if experiment is None else [experiment],
        filter_string="attributes.status = 'FINISHED'",
        order_by=[f"metrics.`{metric}` {'ASC' if ascending else 'DESC'}"],
        max_results=1,
        output_format="list",
    )
    if not found or metric not in found[0].data.metrics:
        where = "the active experiment" if experiment is None else f"the experiment {experiment!r}"
        raise InvalidParameterError(f"no finished run of {where} has a metric {metric!r}", parameter="metric")
    best: Run = found[0]
    return best


def _quality(som: SelfOrganizingMap, samples: FloatArray) -> dict[str, float]:
    """Return the measures of a map that are defined; raise if it is not fitted."""
    som.predict(samples[:1])
    measures = assess(som.weights_, samples, som.parameters.geometry)._asdict()
    return {name: value for name, value in measures.items() if value is not None}


def _run_parameters(parameters: Parameters, samples: FloatArray) -> dict[str, object]:
    """Return the parameters to log for a run."""
    count, dimension = samples.shape
    return {
        **asdict(parameters),
        "sigma": parameters.initial_radius,
        "samples": count,
        "dimension": dimension,
    }
