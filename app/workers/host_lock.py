"""A lock between the servers of one host that share a store: only one of them runs workers at a time."""

import hashlib
import logging
import os
import tempfile
from pathlib import Path

__all__ = ["HostLock"]

logger = logging.getLogger(__name__)


class HostLock:
    """An empty file in the system's temporary folder, locked by ``flock``.

    The kernel releases the lock when no process has the file open any more, however the processes ended.
    Where files cannot be locked, every attempt to take the lock succeeds. Servers of one user on one host
    that give the same name share the lock.
    """

    def __init__(self, name: str) -> None:
        self._name = hashlib.sha256(name.encode()).hexdigest()[:16]
        self._descriptor: int | None = None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The open file, if any. The lock lasts as long as a process that inherited it."""
        return () if self._descriptor is None else (self._descriptor,)

    def take(self) -> bool:
        """Take the lock and return True, or return False when another server has it."""
        if self._descriptor is not None:
            return True
        try:
            self._descriptor = _lock(self._name)
        except BlockingIOError:
            return False
        except (ImportError, OSError) as error:
            logger.warning("other servers on this host may run workers as well: no lock (%s)", error)
        return True

    def release(self) -> None:
        """Release the lock, if we have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(name: str) -> int:
    """Open and lock the file, which must be our own: other users may write to the folder, too."""
    import fcntl  # not on Windows

    path = Path(tempfile.gettempdir()) / f"kohonen-{os.getuid()}-{name}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(descriptor).st_uid != os.getuid():
            raise PermissionError(f"{path} belongs to another user")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
