"""The service from the command line: ``python -m app serve``, ``worker``, ``models ...`` and ``jobs ...``."""

import argparse
import os
import sys

from pydantic import ValidationError

from app import job_commands, model_commands, worker
from app.models.references import FORMS
from app.settings import Settings
from kohonen.metrics import METRICS

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m app", description="The Kohonen service.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve the API on HOST and PORT (127.0.0.1:5000)")
    served = serving.add_mutually_exclusive_group()
    served.add_argument("--model", metavar="REF", help=f"what /predict-bmu serves: {FORMS}")
    served.add_argument("--best", metavar="METRIC", choices=list(METRICS), help="serve the best by a metric")
    commands.add_parser("worker", help="work on jobs, of the embedded queue or of SQS (SOM_QUEUE)")
    model_commands.add_parser(commands)
    job_commands.add_parser(commands)
    parsed = parser.parse_args(arguments)
    if parsed.command == "serve":
        os.environ.update(_served(parsed.model, parsed.best))
    try:
        settings = Settings()
    except ValidationError as error:
        parser.error("; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors()))
    match parsed.command:
        case "models":
            sys.exit(model_commands.run(parsed, settings))
        case "jobs":
            sys.exit(job_commands.run(parsed, settings))
        case "worker":
            worker.run(settings)
        case _:
            serve(settings)


def serve(settings: Settings) -> None:
    """Serve the API until told to stop; requests under way are finished first."""
    import uvicorn

    uvicorn.run("app.app:app", host=settings.host, port=settings.port, server_header=False)


def _served(model: str | None, metric: str | None) -> dict[str, str]:
    """Return the settings that say which model is served; the application reads them for itself."""
    if metric is not None:
        ascending = str(METRICS[metric].ascending).lower()
        return {"SOM_SERVED_MODEL": "best", "METRIC_KEY": metric, "METRIC_ASCENDING": ascending}
    return {} if model is None else {"SOM_SERVED_MODEL": model}


if __name__ == "__main__":
    main()
