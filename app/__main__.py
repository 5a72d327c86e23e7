"""The service from the command line: ``python -m app serve``, ``python -m app models ...``."""

import argparse
import sys

from app import model_commands
from app.settings import Settings

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m app", description="The Kohonen service.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve the API on HOST and PORT (127.0.0.1:5000)")
    model_commands.add_parser(commands)
    parsed = parser.parse_args(arguments)
    if parsed.command == "models":
        sys.exit(model_commands.run(parsed, Settings()))
    serve(Settings())


def serve(settings: Settings) -> None:
    """Serve the API until told to stop; requests under way are finished first."""
    import uvicorn

    uvicorn.run("app.app:app", host=settings.host, port=settings.port, server_header=False)


if __name__ == "__main__":
    main()
