"""The main function of a worker process (``python -m app.jobs.process``), which `ProcessWorker` starts."""

import json
import os
import signal
import threading
import time

from app.deployment import Deployment
from app.observability import WORKER, configure
from app.settings import Settings

__all__ = ["main"]

#: Seconds that a worker has to save its job when it is to end.
PATIENCE = 5.0
#: Workers give way to requests.
NICENESS = 10


def main() -> None:
    """Work on jobs until there are none, or until the server that started us ends."""
    with os.fdopen(0, "rb", buffering=0, closefd=False) as stdin:
        settings = Settings(**json.loads(stdin.readline()))
    configure(settings.log_format, settings.log_level, service=WORKER)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    threading.Thread(target=_end_with_server, args=[stopped], daemon=True).start()
    deployment = Deployment(settings)
    worker = deployment.worker(stopped, abandon=lambda: os._exit(0))
    os.nice(NICENESS)  # not earlier: on a busy machine it would take long to start
    worker.run(idle=deployment.idle)


def _end_with_server(stopped: threading.Event) -> None:
    """Wait until nobody holds the other end of our standard input."""
    while os.read(0, 1):
        pass
    stopped.set()
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main()
