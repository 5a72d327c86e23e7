"""Logs complete runs to MLflow: parameters, telemetry, quality, views, files and the model.

The module needs MLflow; see :mod:`kohonen.mlflow.tracking`.
"""

import time

from mlflow import MlflowClient, log_artifact, start_run
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from kohonen.errors import RunError
from kohonen.experiments.run import Finished
from kohonen.mlflow.tracking import log_som_model
from kohonen.pyfunc import estimator

__all__ = ["check_server", "log_run"]

#: The files of the folder to log besides what `log_som_model` logs: all but data and weights.
FILES = ("experiment.yaml", "card.json", "telemetry.jsonl", "history.csv", "training.gif", "report.html")
#: The feature names of colours, and the kinds of data that are colours.
CHANNELS, COLOURED = ("red", "green", "blue"), ("colours", "image")
#: The values of a line of telemetry that are logged as metrics.
METRICS = ("quantization_error", "radius", "learning_rate")


def check_server() -> None:
    """Check that the MLflow server answers, so that a failure is reported before the training.

    `RunError` is raised when it does not answer.
    """
    try:
        MlflowClient().search_experiments(max_results=1)
    except MlflowException as error:
        raise RunError(f"MLflow does not answer; check MLFLOW_TRACKING_URI: {error}") from error


def log_run(finished: Finished) -> str:
    """Log a complete run: parameters, telemetry, quality, views, files and the model ``som``.

    Returns
    -------
    str
        The id of the run in MLflow.

    Raises
    ------
    RunError
        When the run cannot be logged; it stays complete.
    """
    trained = finished.trained
    som = estimator(trained.parameters, trained.weights, trained.iterations, missing="mask")
    names = CHANNELS if finished.experiment.data.kind in COLOURED else None
    try:
        with start_run(run_name=finished.experiment.run_name) as run:
            MlflowClient().log_batch(run.info.run_id, metrics=_metrics(finished))
            log_som_model(
                som,
                finished.samples,
                feature_names=names,
                preparation=finished.folder.preparation(),
                annotations=finished.folder.annotations(),
            )
            for name in FILES:
                if (path := finished.folder.path / name).is_file():
                    log_artifact(str(path), "run")
    except MlflowException as error:
        raise RunError(
            f"the run in {finished.folder.path} is complete, but could not be logged to MLflow; to try "
            f"again, use kohonen resume {finished.folder.path} --mlflow: {error}"
        ) from error
    identifier: str = run.info.run_id
    return identifier


def _metrics(finished: Finished) -> list[Metric]:
    now = int(time.time() * 1000)
    return [
        Metric(f"training/{name}", line[name], now, line["iteration"])
        for line in finished.telemetry
        for name in METRICS
    ]
