"""The one who asks for /health while the clients are at work, in a process of its own."""

import http.client
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["PERIOD", "Memory", "resident", "watch"]

#: Seconds from one question to the next.
PERIOD = 0.02
#: Seconds from one look at the memory to the next.
LOOK = 0.25
PATIENCE = 60.0

#: Seconds since the start, and bytes then.
Memory = list[tuple[float, int]]


def watch(ports: list[int], pid: int, *, seconds: float) -> tuple[list[list[float]], Memory]:
    """Ask each of several servers for /health at a steady pace; look at the memory of one process.

    Returns
    -------
    list of list of float
        For each server how many seconds its answers took, from when each was to be asked for: a server that
        is stuck makes the following ones late as well, and is not let off by asking it less.
    list of (float, int)
        When the memory was looked at, and how many bytes of it were resident.

    Raises
    ------
    RuntimeError
        When a server does not answer with 200.
    """
    started = time.perf_counter()
    with ThreadPoolExecutor(len(ports) + 1) as threads:
        memory = threads.submit(_look, pid, started, seconds)
        asked = [threads.submit(_ask, port, started, seconds) for port in ports]
        return [each.result() for each in asked], memory.result()


def _ask(port: int, started: float, seconds: float) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    took = []
    for count in range(int(seconds / PERIOD)):
        due = started + count * PERIOD
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - due)
        if answer.status != 200:
            raise RuntimeError(f"/health answered with {answer.status}")
    connection.close()
    return took


def _look(pid: int, started: float, seconds: float) -> Memory:
    memory = []
    while (elapsed := time.perf_counter() - started) < seconds:
        memory.append((elapsed, resident(pid)))
        time.sleep(LOOK)
    return memory


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
