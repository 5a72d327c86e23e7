"""The command line of the service: ``python -m app serve``, ``worker``, ``models``, ``jobs``, ``openapi``."""

import contextlib
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.runtime.startup import starting

if TYPE_CHECKING:
    from argparse import ArgumentParser

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run a command with its options; those of the process by default."""
    given = sys.argv[1:] if arguments is None else arguments
    # The server sets up its process before it imports the rest.
    with starting() if given[:1] == ["serve"] else contextlib.nullcontext():
        run = _command(given)
    if (status := run()) is not None:
        sys.exit(status)


def _command(arguments: list[str]) -> Callable[[], int | None]:
    """Return the command to run, with the modules that it needs imported."""
    from pydantic import ValidationError

    from app.commands import jobs, models, worker
    from app.environment import described
    from app.settings import Settings

    parsed = (parser := _parser()).parse_args(arguments)
    if parsed.command == "serve":
        os.environ.update(_served(parsed.model, parsed.best))
    try:
        settings = Settings()
    except ValidationError as error:
        parser.error("; ".join(described(one["loc"], one["msg"]) for one in error.errors()))
    match parsed.command:
        case "models":
            return partial(models.run, parsed, settings)
        case "jobs":
            return partial(jobs.run, parsed, settings)
        case "worker":
            return partial(worker.run, settings)
        case "openapi":
            return _openapi
        case _:
            from app.commands.server import serve  # imports the service while the process starts

            return partial(serve, settings)


def _parser() -> "ArgumentParser":
    import argparse

    from app.commands import jobs, models
    from app.models.references import FORMS
    from kohonen.analysis.metrics import METRICS

    parser = argparse.ArgumentParser(prog="python -m app", description="The Kohonen service.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve the API on HOST and PORT (127.0.0.1:5000)")
    served = serving.add_mutually_exclusive_group()
    served.add_argument("--model", metavar="REF", help=f"the model behind /predict-bmu: {FORMS}")
    served.add_argument(
        "--best", metavar="METRIC", choices=list(METRICS), help="serve the best model by a metric"
    )
    commands.add_parser("worker", help="run jobs from the local queue or from SQS (SOM_QUEUE)")
    models.add_parser(commands)
    jobs.add_parser(commands)
    commands.add_parser("openapi", help="write the API's OpenAPI document to standard output")
    return parser


def _openapi() -> None:
    """Write the OpenAPI document of a service with default settings and no API key."""
    import json

    from app.app import create_app
    from app.settings import Settings

    json.dump(create_app(Settings(store="memory:", api_key=None)).openapi(), sys.stdout, indent=2)
    sys.stdout.write("\n")


def _served(model: str | None, metric: str | None) -> dict[str, str]:
    """Return the environment variables that select the served model; the application reads them."""
    from kohonen.analysis.metrics import METRICS

    if metric is not None:
        ascending = str(METRICS[metric].ascending).lower()
        return {"SOM_SERVED_MODEL": "best", "METRIC_KEY": metric, "METRIC_ASCENDING": ascending}
    return {} if model is None else {"SOM_SERVED_MODEL": model}


if __name__ == "__main__":
    main()
