"""A worker process: ``python -m app.jobs.process``, started by a crew, which see."""

import json
import os
import signal
import threading
import time

from app.jobs.deployment import Deployment
from app.observability import WORKER, configure
from app.settings import Settings

__all__ = ["main"]

#: How long a worker may take to save what it is at, in seconds, when it is to end.
PATIENCE = 5.0
#: Workers that train give way to requests.
NICENESS = 10


def main() -> None:
    """Work until there is nothing to do, or until the one who started us has gone."""
    with os.fdopen(0, "rb", buffering=0, closefd=False) as stdin:
        settings = Settings(**json.loads(stdin.readline()))
    configure(settings.log_format, settings.log_level, service=WORKER)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    threading.Thread(target=_end_with_parent, args=[stopped], daemon=True).start()
    Deployment(settings).work(stopped, abandon=lambda: os._exit(0), ready=_give_way)


def _give_way() -> None:
    """Let requests go first; not before all is ready, or on a busy machine it would take long to begin."""
    os.nice(NICENESS)


def _end_with_parent(stopped: threading.Event) -> None:
    """Wait until nobody holds the other end of our standard input."""
    while os.read(0, 1):
        pass
    stopped.set()
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main()
