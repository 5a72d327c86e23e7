"""The main function of a worker process, ``python -m app.commands.worker_process``."""

import json
import os
import signal
import threading
import time

from app.deployment import Deployment
from app.runtime.telemetry import WORKER, configure
from app.settings import Settings

__all__ = ["main"]

#: Seconds for the worker to save its job when the server has ended.
STOP_TIMEOUT = 5.0
#: Lowers the priority of workers below that of requests.
NICENESS = 10


def main() -> None:
    """Process jobs until there are none, or until the server that started this process ends."""
    with os.fdopen(0, "rb", buffering=0, closefd=False) as stdin:
        settings = Settings(**json.loads(stdin.readline()))
    configure(settings.log_format, settings.log_level, service=WORKER)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    threading.Thread(target=_end_with_server, args=[stopped], daemon=True).start()
    deployment = Deployment(settings)
    worker = deployment.worker(stopped, abandon=lambda: os._exit(0))
    os.nice(NICENESS)  # after the imports, which would take long on a busy machine
    worker.run(idle=deployment.idle)


def _end_with_server(stopped: threading.Event) -> None:
    """Stop when standard input is closed; exit if that takes too long."""
    while os.read(0, 1):
        pass
    stopped.set()
    time.sleep(STOP_TIMEOUT)
    os._exit(1)


if __name__ == "__main__":
    main()
