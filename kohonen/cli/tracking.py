"""``--mlflow``: a run is logged to MLflow when it is complete."""

import contextlib
import sys
from collections.abc import Callable
from typing import TypeAlias

import click

from kohonen.experiments.run import Finished

__all__ = ["to_mlflow", "tracker"]

Log: TypeAlias = Callable[[Finished], None]

to_mlflow = click.option(
    "--mlflow", "tracked", is_flag=True, help="Log the run to MLflow, at MLFLOW_TRACKING_URI."
)


def tracker(wanted: bool, *, quiet: bool) -> Log:
    """Return what is to be done with a run that is complete; when nothing is wanted, nothing.

    Raises
    ------
    click.ClickException
        When MLflow is not installed.
    RunError
        When its server does not answer.
    """
    if not wanted:
        return lambda _: None
    try:
        from kohonen.experiments.mlflow import check_server, log_run
    except ImportError as error:
        raise click.ClickException("--mlflow needs MLflow: pip install '.[mlflow]'") from error
    check_server()

    def log(finished: Finished) -> None:
        # Standard output is for what a script wants, and MLflow says there where a run is to be seen.
        with contextlib.redirect_stdout(sys.stderr):
            identifier = log_run(finished)
        if not quiet:
            click.echo(f"MLflow has it as run {identifier}", err=True)

    return log
