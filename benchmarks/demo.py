"""Measures a request for the demo through the whole service, without a network."""

import asyncio
import re
import statistics
import time
from dataclasses import dataclass

from starlette.types import Message

__all__ = ["Demo", "measure_demo"]

#: Measured requests, and warm-up requests before them.
REQUESTS, WARMING_UP = 21, 4


@dataclass(frozen=True)
class Demo:
    """Median milliseconds of a request: in total, of its training, and of the rest."""

    total: float
    training: float
    rest: float


def measure_demo() -> Demo:
    """Request the default demo repeatedly, each time with other colours."""
    from app.app import create_app
    from app.settings import Settings

    service = create_app(Settings(store="memory:", log_level="error"))

    async def ask(seed: int) -> tuple[float, float]:
        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "query_string": f"random_state={seed}".encode(),
            "headers": [],
            "server": ("127.0.0.1", 80),
        }
        headers: dict[bytes, bytes] = {}

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            headers.update(message.get("headers", {}))

        started = time.perf_counter()
        await service(scope, receive, send)
        total = 1000 * (time.perf_counter() - started)
        training = re.search(r"train;dur=([\d.]+)", headers[b"server-timing"].decode())
        return total, float(training[1]) if training else 0.0

    async def ask_all() -> list[tuple[float, float]]:
        return [await ask(seed) for seed in range(WARMING_UP + REQUESTS)][WARMING_UP:]

    answers = asyncio.run(ask_all())
    return Demo(
        statistics.median(total for total, _ in answers),
        statistics.median(training for _, training in answers),
        statistics.median(total - training for total, training in answers),
    )
