"""Runs in MLflow: what a run's folder holds, where others look for it.

It needs MLflow, and is imported when asked for; see :mod:`kohonen.mlflow`.
"""

import time

from mlflow import MlflowClient, log_artifact, start_run
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from kohonen.errors import RunError
from kohonen.experiments.run import Finished
from kohonen.mlflow import log_som_model
from kohonen.pyfunc import estimator

__all__ = ["check_server", "log_run"]

#: What is logged of the folder, besides what `log_som_model` logs: all but the data and the weights.
FILES = ("experiment.yaml", "card.json", "telemetry.jsonl", "history.csv", "training.gif", "report.html")
#: What the values of colours are called, and the kinds of data that are some.
CHANNELS, COLOURED = ("red", "green", "blue"), ("colours", "image")
#: Of a line of the telemetry: what is a metric.
COURSE = ("quantization_error", "radius", "learning_rate")


def check_server() -> None:
    """Ask the server for something, since it had better be known before a training that it does not answer.

    Raises
    ------
    RunError
        When it does not.
    """
    try:
        MlflowClient().search_experiments(max_results=1)
    except MlflowException as error:
        raise RunError(f"MLflow does not answer (MLFLOW_TRACKING_URI): {error}") from error


def log_run(finished: Finished) -> str:
    """Log a run that is complete: parameters, its course, quality, views, files and the model ``som``.

    Parameters
    ----------
    finished : Finished
        The run.

    Returns
    -------
    str
        The id that it has in MLflow.

    Raises
    ------
    RunError
        When it could not be logged; the run itself stays complete.
    """
    trained = finished.trained
    som = estimator(trained.parameters, trained.weights, trained.iterations, missing="mask")
    names = CHANNELS if finished.experiment.data.kind in COLOURED else None
    try:
        with start_run(run_name=finished.experiment.run_name) as run:
            MlflowClient().log_batch(run.info.run_id, metrics=_course(finished))
            log_som_model(
                som, finished.samples, feature_names=names, preparation=finished.folder.preparation()
            )
            for name in FILES:
                if (path := finished.folder.path / name).is_file():
                    log_artifact(str(path), "run")
    except MlflowException as error:
        raise RunError(
            f"the run in {finished.folder.path} is complete, but could not be logged to MLflow; kohonen "
            f"resume {finished.folder.path} --mlflow tries again: {error}"
        ) from error
    identifier: str = run.info.run_id
    return identifier


def _course(finished: Finished) -> list[Metric]:
    now = int(time.time() * 1000)
    return [
        Metric(f"training/{name}", line[name], now, line["iteration"])
        for line in finished.telemetry
        for name in COURSE
    ]
