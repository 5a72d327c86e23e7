"""The memory that heavy work may take: what the container, the function or the machine leaves."""

import os
from pathlib import Path

__all__ = ["available_memory"]

#: Bytes of the process itself, of small requests, and of the workers of jobs.
RESERVED = 256 * 2**20
#: The least that is assumed to be left.
LEAST = 64 * 2**20

_FILES = Path("/sys/fs/cgroup")


def available_memory(files: Path = _FILES) -> int:
    """Return the bytes that heavy work may take by default.

    That is the limit of the container (control groups, version 2 or 1) or of the function on AWS Lambda, less
    what is reserved. Without a limit it is half of the machine's memory, since others use it as well.
    """
    limits = [_number(files / name) for name in ("memory.max", "memory/memory.limit_in_bytes")]
    limits.append(int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0)) * 2**20)
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    least = min((limit for limit in limits if 0 < limit < total), default=None)
    return total // 2 if least is None else max(LEAST, least - RESERVED)


def _number(file: Path) -> int:
    """Return the number in a file, or 0 if there is none."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max": no limit
        return 0
