"""The option ``--mlflow``, which logs a complete run to MLflow."""

import contextlib
import sys
from collections.abc import Callable
from typing import TypeAlias

import click

from kohonen.experiments.run import Finished

__all__ = ["to_mlflow", "tracker"]

Log: TypeAlias = Callable[[Finished], None]

to_mlflow = click.option(
    "--mlflow", "tracked", is_flag=True, help="Log the run to MLflow at MLFLOW_TRACKING_URI."
)


def tracker(wanted: bool, *, quiet: bool) -> Log:
    """Return a function that logs a complete run to MLflow, or does nothing unless `wanted`.

    Raises
    ------
    click.ClickException
        When MLflow is not installed.
    RunError
        When the MLflow server does not answer.
    """
    if not wanted:
        return lambda _: None
    try:
        from kohonen.mlflow.runs import check_server, log_run
    except ImportError as error:
        raise click.ClickException("--mlflow needs MLflow: pip install '.[mlflow]'") from error
    check_server()

    def log(finished: Finished) -> None:
        # MLflow prints the run's URL to standard output, which is reserved for results.
        with contextlib.redirect_stdout(sys.stderr):
            identifier = log_run(finished)
        if not quiet:
            click.echo(f"logged to MLflow as run {identifier}", err=True)

    return log
