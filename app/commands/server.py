"""``python -m app serve``: uvicorn, with limits on connections and on their time."""

import asyncio
import os
from typing import Any, cast

import uvicorn
from starlette.datastructures import Headers
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from app.app import app
from app.runtime.telemetry import configure
from app.settings import Settings
from app.web.prefix import under

__all__ = ["serve"]

#: Seconds until the headers of a request have arrived.
HEADER_SECONDS = 15.0
#: Bytes per second with which a caller must read an answer, over CHECK_SECONDS.
LEAST_RATE = 2**13
#: Seconds between two checks of a connection.
CHECK_SECONDS = 5.0
#: Seconds for requests in progress when the server is stopped, beside those of a training.
GRACE_SECONDS = 5


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 that ends connections of callers who send headers, or read answers, too slowly.

    Of more connections than `most` the one that has waited longest for a request is ended. A body that
    arrives slowly is the task of `app.web.deadline`.
    """

    most = 500

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Watch a new connection, and end another one if there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._unsent: int | None = None
        self._check = self.loop.call_later(CHECK_SECONDS, self._watch)
        if len(self.connections) > self.most:
            waiting = (one for one in self.connections if isinstance(one, LimitedProtocol) and one.is_waiting)
            min(waiting, key=lambda one: one._since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch."""
        self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a request begins."""
        if self.timeout_keep_alive_task is not None:
            self._since = self.loop.time()
        super().data_received(data)

    def resume_writing(self) -> None:
        """Note that the caller reads."""
        self._unsent = None
        super().resume_writing()

    @property
    def is_waiting(self) -> bool:
        """Whether no request is in progress."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _watch(self) -> None:
        between = self.timeout_keep_alive_task is not None  # which has its own limit
        late = self.is_waiting and not between and self.loop.time() - self._since > HEADER_SECONDS
        before, unsent = self._unsent, self.transport.get_write_buffer_size()
        stalled = before is not None and before - unsent < LEAST_RATE * CHECK_SECONDS
        self._unsent = unsent if self.flow.write_paused else None
        if late or stalled:
            self.transport.abort()
        else:
            self._check = self.loop.call_later(CHECK_SECONDS, self._watch)


class ForwardedHeaders(ProxyHeadersMiddleware):
    """Takes the scheme, the caller and the prefix of paths from the headers of trusted proxies."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] == "http" and (scope["client"] or [None])[0] in self.trusted_hosts:
            prefix = Headers(scope=scope).get("x-forwarded-prefix", "").partition(",")[0].strip()
            scope = under(scope, prefix)
        await super().__call__(scope, receive, send)


def serve(settings: Settings) -> None:
    """Serve the API until stopped; requests in progress are completed first, for a while."""

    class Protocol(LimitedProtocol):
        most = settings.max_connections

    configure(settings.log_format, settings.log_level)
    uvicorn.run(
        # As uvicorn does it by default: this machine is trusted, or FORWARDED_ALLOW_IPS.
        ForwardedHeaders(cast(Any, app), os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")),
        proxy_headers=False,
        host=settings.host,
        port=settings.port,
        http=Protocol,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=int(settings.max_training_seconds) + GRACE_SECONDS,
        # uvicorn logs in the format of the service.
        log_config=None,
        log_level="info",
    )
