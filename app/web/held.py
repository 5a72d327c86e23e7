"""Limits the memory that requests hold from the first byte of their bodies to the last of their answers."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooBusyError
from app.runtime.gate import Gate

__all__ = ["SMALL", "SMALL_BODIES", "HeldMemory"]

#: Bodies of up to this number of bytes have a limit of their own, so that large ones do not keep them out.
SMALL = 2**20
#: Bytes of all small bodies.
SMALL_BODIES = 64 * 2**20
RETRY_AFTER = 5


class HeldMemory:
    """ASGI middleware that refuses a body while others fill the memory reserved for bodies.

    A body is held until its request is answered. Without this limit, callers who send bodies slowly could
    fill the memory, although each body has at most `largest` bytes. What heavy work keeps at the gate for its
    answer (`Gate.keeping`) is given back then as well.
    """

    def __init__(self, app: ASGIApp, gate: Gate, *, largest: int, together: int) -> None:
        self._app = app
        self._gate = gate
        self._largest = largest
        self._most = {False: together, True: SMALL_BODIES}
        self._held = {False: 0, True: 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; reading its body may raise `TooBusyError`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size, held, small = 0, 0, True

        async def received() -> Message:
            nonlocal size, held, small
            message = await receive()
            size += len(message.get("body", b""))
            if size <= self._largest:  # larger ones are refused by their readers
                self._held[small] -= held
                held, small = 0, size <= SMALL
                self._hold(size, small)
                held = size
            return message

        try:
            with self._gate.keeping():
                await self._app(scope, received, send)
        finally:
            self._held[small] -= held

    def _hold(self, size: int, small: bool) -> None:
        if self._held[small] + size > self._most[small]:
            raise TooBusyError(
                "the bodies of the current requests have reached their total limit: try again later",
                retry_after=RETRY_AFTER,
            )
        self._held[small] += size
