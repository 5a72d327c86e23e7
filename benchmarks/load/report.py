"""Reports the figures of a load test, and the limits that they exceed."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.load.clients import Answer
from benchmarks.load.watch import Memory

__all__ = ["Measured", "growth", "memory_by_minutes", "percentile", "table", "wrong"]

#: What /health may take at p99, in seconds.
HEALTH_SECONDS = 0.05
#: Memory is judged in runs of at least so many seconds, after the first half: until then it warms up. In less
#: time the megabyte or two that come and go with large bodies are some hundred bytes an answer.
JUDGED_SECONDS = 180.0
#: Bytes that memory may grow by with each answer.
MOST_GROWTH = 200.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen.

    Attributes
    ----------
    seconds : float
        How long the load was on.
    answers : list of Answer
        What the clients were answered.
    health, empty : list of float
        Seconds that /health took, of the service and of an app that does nothing, beside it.
    memory : list of (float, int)
        When the service's memory was looked at, and its bytes.
    """

    seconds: float
    answers: list[Answer]
    health: list[float]
    empty: list[float]
    memory: Memory


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest of the values that so many per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def growth(measured: Measured) -> float:
    """Return how many bytes the memory grows by with each answer, once the service is warm.

    That is the slope by Theil and Sen, the median of the slopes between all points of the run's second half,
    which single peaks do not move; divided by the answers in a second.
    """
    warm = [(when, value) for when, value in measured.memory if when >= measured.seconds / 2]
    warm = warm[:: max(1, len(warm) // 200)]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(warm)
        for later in warm[index + 1 :]
    ]
    return statistics.median(slopes) * measured.seconds / len(measured.answers) if slopes else 0.0


def memory_by_minutes(measured: Measured) -> list[float]:
    """Return the median of the memory in each whole minute, in MiB: whether it levels off, or goes on."""
    minutes: dict[int, list[int]] = {}
    for when, value in measured.memory:
        if when < measured.seconds // 60 * 60:
            minutes.setdefault(int(when // 60), []).append(value)
    return [statistics.median(values) / 2**20 for values in minutes.values()]


def wrong(measured: Measured) -> Iterator[str]:
    """Say what should not be."""
    for status, count in sorted(Counter(answer.status for answer in measured.answers).items()):
        if not 200 <= status < 300 and status != 503:
            yield f"{count} answers of {status}"
    lost = sum(answer.status == 503 and not answer.retry_after for answer in measured.answers)
    if lost:
        yield f"{lost} answers of 503 that do not say when to come back"
    slow = percentile(measured.health, 99)
    if slow > HEALTH_SECONDS:
        yield f"/health takes {1000 * slow:.0f} ms at p99, and {1000 * HEALTH_SECONDS:.0f} are allowed"
    grows = growth(measured)
    if measured.seconds >= JUDGED_SECONDS and grows > MOST_GROWTH:
        yield f"memory grows by {grows:.0f} bytes an answer, and {MOST_GROWTH:.0f} are allowed"


def table(measured: Measured) -> Iterator[str]:
    """Give the figures as lines of Markdown."""
    count = Counter(answer.status for answer in measured.answers)
    statuses = ", ".join(f"{number:,} of {status}" for status, number in sorted(count.items()))
    peak = max(value for _, value in measured.memory)
    rate = len(measured.answers) / measured.seconds
    yield f"Answers: {len(measured.answers):,} in {measured.seconds:.0f} s, {rate:.0f} a second; {statuses}."
    yield f"Memory of the server: {peak / 2**20:.0f} MiB at most, {growth(measured):+.0f} bytes an answer."
    if minutes := memory_by_minutes(measured):
        yield f"Minute by minute: {', '.join(f'{value:.1f}' for value in minutes)} MiB."
    yield ""
    yield "| milliseconds | answers | p50 | p95 | p99 | most |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    kinds: dict[str, list[float]] = {}
    for answer in sorted(measured.answers, key=lambda answer: answer.kind):
        kinds.setdefault(answer.kind, []).append(answer.seconds)
    kinds |= {"/health": measured.health, "/health of an empty app": measured.empty}
    for kind, seconds in kinds.items():
        figures = " | ".join(f"{1000 * percentile(seconds, percent):.1f}" for percent in (50, 95, 99, 100))
        yield f"| {kind} | {len(seconds):,} | {figures} |"
