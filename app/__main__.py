"""The service from the command line: ``python -m app serve``."""

import argparse

from app.settings import Settings

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m app", description="The Kohonen service.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve the API on HOST and PORT (127.0.0.1:5000)")
    parser.parse_args(arguments)
    serve(Settings())


def serve(settings: Settings) -> None:
    """Serve the API until told to stop; requests under way are finished first."""
    import uvicorn

    uvicorn.run("app.app:app", host=settings.host, port=settings.port, server_header=False)


if __name__ == "__main__":
    main()
