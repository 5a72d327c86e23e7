"""``python -m app worker``: worker processes without the API, such as in a separate container.

``SOM_WORKERS`` processes read the queue ``SOM_QUEUE`` until the command is stopped. Then each saves and
releases its job.
"""

import logging
import signal
import threading

from app.deployment import Deployment
from app.runtime.telemetry import WORKER, configure
from app.settings import Settings
from kohonen.engines import describe_engine

__all__ = ["run"]

_LOG = logging.getLogger(__name__)


def run(settings: Settings, stopped: threading.Event | None = None) -> None:
    """Run workers until SIGTERM or SIGINT, or until `stopped` is set.

    `ValueError` is raised when there is no queue that other processes can use.
    """
    configure(settings.log_format, settings.log_level, service=WORKER)
    supervisor = Deployment(settings).supervisor()
    if stopped is None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
    _LOG.info("maps are trained by the engine %s", describe_engine())
    supervisor.wake()
    stopped.wait()
    supervisor.stop()
