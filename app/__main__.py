"""The service from the command line: ``python -m app serve``, ``worker``, ``models ...`` and ``jobs ...``."""

import argparse
import sys

from app import job_commands, model_commands, worker
from app.settings import Settings

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m app", description="The Kohonen service.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve the API on HOST and PORT (127.0.0.1:5000)")
    commands.add_parser("worker", help="work on jobs, of the embedded queue or of SQS (SOM_QUEUE)")
    model_commands.add_parser(commands)
    job_commands.add_parser(commands)
    parsed = parser.parse_args(arguments)
    settings = Settings()
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


if __name__ == "__main__":
    main()
