"""``python -m app worker``: worker processes without the API, in a container of their own.

``SOM_WORKERS`` processes work on the queue that ``SOM_QUEUE`` names until the command is stopped. Then each
saves its job and gives it back.
"""

import logging
import signal
import threading

from app.deployment import Deployment
from app.observability import WORKER, configure
from app.settings import Settings
from kohonen.engines import describe_engine

__all__ = ["run"]

_LOG = logging.getLogger(__name__)


def run(settings: Settings, stopped: threading.Event | None = None) -> None:
    """Work until told to stop by SIGTERM or SIGINT.

    Parameters
    ----------
    settings : Settings
        Which queue, and how many workers.
    stopped : threading.Event, optional
        Ends the work when it is set; without it, the signals do.

    Raises
    ------
    ValueError
        When there is no queue that other processes can work on.
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
