"""Content codings of request bodies (RFC 9110, section 8.4): gzip is unpacked, others are refused."""

import zlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import BodyTooLargeError, MalformedBodyError, UnsupportedMediaTypeError
from app.problems import document_of
from app.web.errors import ProblemResponse

__all__ = ["ContentEncoding"]

#: Bytes that are unpacked at a time, since the event loop waits for them.
PIECE = 2**18
#: Unpacked bytes of a packed one, beyond which it is taken for a bomb, and bytes that are always unpacked.
MOST_RATIO, ALWAYS = 200, 2**20
#: zlib's number for the format of gzip.
_GZIP = 16 + zlib.MAX_WBITS


class ContentEncoding:
    """ASGI middleware that unpacks bodies with ``Content-Encoding: gzip``, piece by piece.

    What reads the body counts unpacked bytes, so that its limits hold for these.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse its coding; reading its body may raise errors of the service."""
        coding = Headers(scope=scope).get("content-encoding", "").strip().lower() if _is_http(scope) else ""
        if coding in ("", "identity"):
            await self._app(scope, receive, send)
        elif coding in ("gzip", "x-gzip"):
            await self._app(scope, _Unpacked(receive).receive, send)
        else:
            error = UnsupportedMediaTypeError(
                f"the body has the content coding {coding[:40]!r}: use gzip, or send it as it is"
            )
            refused = ProblemResponse(document_of(error), 415, {"Accept-Encoding": "gzip"})
            await refused(scope, receive, send)


class _Unpacked:
    """Receives the messages of a body, unpacked."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._unpacker = zlib.decompressobj(_GZIP)
        self._waiting = b""
        self._more = True
        self._full = False
        self._packed = self._size = 0

    async def receive(self) -> Message:
        """Return the next message; each holds a piece of the body at most."""
        if not self._waiting and not self._full:
            if not self._more:
                return await self._receive()
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._waiting, self._more = message.get("body", b""), message.get("more_body", False)
            self._packed += len(self._waiting)
        body = self._unpack()
        more = bool(self._waiting) or self._full or self._more
        if not more and self._packed and not self._unpacker.eof:
            raise MalformedBodyError("the body ends before its gzip stream does")
        return {"type": "http.request", "body": body, "more_body": more}

    def _unpack(self) -> bytes:
        try:
            body = self._unpacker.decompress(self._waiting, PIECE)
        except zlib.error as error:
            raise MalformedBodyError("the body is not gzip, which its Content-Encoding says") from error
        self._waiting = self._unpacker.unconsumed_tail
        self._full = len(body) == PIECE  # there may be more without further input
        if self._unpacker.eof and self._unpacker.unused_data:
            raise MalformedBodyError("the body goes on after its gzip stream")
        self._size += len(body)
        if self._size > ALWAYS + MOST_RATIO * self._packed:
            raise BodyTooLargeError(
                f"the body unpacks to over {MOST_RATIO} times its size, which is the limit"
            )
        return body


def _is_http(scope: Scope) -> bool:
    return bool(scope["type"] == "http")
