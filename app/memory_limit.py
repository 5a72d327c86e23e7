"""The memory that heavy work may take: what the container, the function or the machine leaves."""

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_memory"]

#: Bytes of the process itself, of small requests, and of the workers of jobs.
RESERVED = 256 * 2**20
#: The least that is assumed to be left.
LEAST = 64 * 2**20


def available_memory(root: Path = Path("/")) -> int:
    """Return the bytes that heavy work may take by default.

    That is the limit of the container (control groups) or of the function on AWS Lambda, less what is
    reserved. Without a limit it is half of the machine's memory, since others use it as well. The files of
    the system are read below `root`.
    """
    limits = [*_group_limits(root), int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0)) * 2**20]
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    least = min((limit for limit in limits if 0 < limit < total), default=None)
    return total // 2 if least is None else max(LEAST, least - RESERVED)


def _group_limits(root: Path) -> Iterator[int]:
    """Yield the limits of the process's control groups, of version 1 or 2, and of those that they are in."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers not in ("", "memory"):
            continue
        top = root / "sys/fs/cgroup" / controllers
        # In a container the path may be that of the host, and the files those of the container.
        for folder in (Path(path.lstrip("/")) / "group").parents:
            for name in ("memory.max", "memory.limit_in_bytes"):
                try:
                    yield int((top / folder / name).read_text(encoding="ascii"))
                except (OSError, ValueError):  # "max": no limit
                    continue
