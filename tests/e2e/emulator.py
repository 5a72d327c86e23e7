"""The Lambda image under the emulator that is in it, and API Gateway in front of it."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2

from tests.waiting import PATIENCE

INVOKE = "/2015-03-31/functions/function/invocations"


def invoke(url: str, event: dict[str, Any]) -> dict[str, Any]:
    """Send an event to an emulator, and return the function's answer."""
    text = httpx2.post(url + INVOKE, json=event, timeout=10 * PATIENCE).text
    # A time-out is 200 as well, but no JSON; an exception is a message in the answer.
    answer: dict[str, Any] = json.loads(text) if text.startswith("{") else {"errorMessage": text}
    assert "errorMessage" not in answer, text
    return answer


def body(answer: dict[str, Any]) -> bytes:
    """Return the bytes of an answer's body."""
    if answer["isBase64Encoded"]:
        return base64.b64decode(answer["body"], validate=True)
    return str(answer["body"]).encode()


def rest_event(
    method: str, path: str, headers: dict[str, str], content: bytes, *, stage: str = "", query: str = ""
) -> dict[str, Any]:
    """Return what a REST API with binary media types of */* makes of a request to one of its stages."""
    parameters = parse_qs(query, keep_blank_values=True)
    context = {"stage": stage or "none", "path": f"/{stage}{path}" if stage else path, "httpMethod": method}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "requestContext": {**context, "identity": {"sourceIp": "127.0.0.1"}},
        "body": base64.b64encode(content).decode() if content else None,
        "isBase64Encoded": bool(content),
    }


@contextmanager
def gateway(url: str, *, stage: str) -> Iterator[str]:
    """Serve the function of an emulator over HTTP as a stage of a REST API; yields the stage's URL."""
    turn = threading.Lock()  # an emulator is one instance of the function: one request at a time

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            if not f"{asked.path}/".startswith(f"/{stage}/"):
                self._answer(403, {"content-type": "application/json"}, b'{"message": "Forbidden"}')
                return
            event = rest_event(
                self.command,
                unquote(asked.path).removeprefix(f"/{stage}") or "/",
                dict(self.headers.items()),
                content,
                stage=stage,
                query=asked.query,
            )
            with turn:
                answer = invoke(url, event)
            self._answer(answer["statusCode"], answer["headers"], body(answer))

        do_POST = do_DELETE = do_GET  # noqa: N815

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{stage}"
        finally:
            server.shutdown()
            thread.join()
