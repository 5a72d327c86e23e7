"""What is started: the service, its largest imports alone, and nothing at all."""

import re

__all__ = ["EVENT", "MODULES", "NAMES", "initialisation"]

_ANSWER = (
    "def handler(event, context):\n    return {'statusCode': 200, 'isBase64Encoded': False, 'body': ''}\n"
)
#: Modules to be put beside the service, and their text.
MODULES = {"empty": _ANSWER, "imports": f"import fastapi, numpy, PIL\n\n\n{_ANSWER}"}
#: What each is called, and its handler.
NAMES = {
    "the service": "app.app.handler",
    "import fastapi, numpy, PIL": "imports.handler",
    "an empty handler": "empty.handler",
}
#: An event that all of them answer.
EVENT = {"resource": "/", "path": "/health", "httpMethod": "GET", "requestContext": {}}


def initialisation(log: str) -> float | None:
    """Return the milliseconds that an emulator's log says a start has taken, if it says so yet."""
    found = re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", log)
    return float(found[1]) if found else None
