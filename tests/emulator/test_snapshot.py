"""The API through a snapshot (SnapStart), by the runtime client that Lambda itself uses.

AWS's emulator takes no snapshots, so a server of the test's own plays Lambda's runtime API, and beside it the
endpoint of the credentials and a bucket.
"""

import base64
import datetime
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Lambda's runtime client needs Linux")

TRAINING = {
    "resource": "/",
    "path": "/train",
    "httpMethod": "POST",
    "requestContext": {},
    "headers": {"content-type": "application/json"},
    "body": json.dumps({"colours": ["red", "gold", "navy"], "width": 20, "height": 20, "iterations": 10}),
}


class Lambda(ThreadingHTTPServer):
    """Lambda as a function sees it, and the bucket."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.address = f"127.0.0.1:{self.server_port}"
        self.prepared, self.restored = threading.Event(), threading.Event()
        self.events: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.answers: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.blobs: dict[str, bytes] = {}
        #: Who signed each request to the bucket.
        self.signers: list[str] = []

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        self.events.put(event)
        return self.answers.get(timeout=PATIENCE)


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Lambda

    def do_GET(self) -> None:
        match self.path.split("/")[-2:]:
            case ["restore", "next"]:
                self.server.prepared.set()
                self.server.restored.wait(PATIENCE)
                self.answer(200, b"{}")
            case ["invocation", "next"]:
                event = json.dumps(self.server.events.get()).encode()
                deadline = f"{datetime.datetime.now().timestamp() * 1000 + 28_000:.0f}"
                names = {"Aws-Request-Id": "1", "Deadline-Ms": deadline, "Invoked-Function-Arn": "arn"}
                headers = {f"Lambda-Runtime-{name}": value for name, value in names.items()}
                self.answer(200, event, {**headers, "Content-Type": "application/json"})
            case [_, "credentials"]:
                self.answer(200, json.dumps(self.credentials()).encode())
            case _:
                self.signed()
                blob = self.server.blobs.get(self.path)
                if "list-type=2" in self.path:
                    self.answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
                elif blob is None:
                    self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
                else:
                    self.answer(200, blob, {"ETag": hashlib.md5(blob).hexdigest()})

    def do_PUT(self) -> None:
        self.signed()
        blob = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.blobs[self.path] = blob
        self.answer(200, b"", {"ETag": hashlib.md5(blob).hexdigest()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(202, b"{}")
        self.server.answers.put(json.loads(body))

    def credentials(self) -> dict[str, str]:
        """Return credentials that last for seconds while the snapshot is taken, and for an hour after it."""
        fresh = self.server.restored.is_set()
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3600 if fresh else 60)
        key = "fresh" if fresh else "stale"
        return {"AccessKeyId": key, "SecretAccessKey": key, "Token": key, "Expiration": end.isoformat()}

    def signed(self) -> None:
        self.server.signers.append(
            self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        )

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Lambda]:
    with Lambda() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def log(server: Lambda, tmp_path: Path) -> Iterator[Path]:
    """Start the function, as for a snapshot; its output."""
    path = tmp_path / "log"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_LAMBDA_RUNTIME_API": server.address,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{server.address}/a/credentials",
        "AWS_ENDPOINT_URL_S3": f"http://{server.address}",
        "SOM_STORE": "s3://bucket/models",
        "SOM_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
        "SOM_LOG_FORMAT": "json",
    }
    with path.open("wb") as output:
        function = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "app.aws.api.handler"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield path
        finally:
            function.kill()
            function.wait()


def test_a_function_is_prepared_before_its_snapshot_and_renewed_after_it(server: Lambda, log: Path) -> None:
    assert server.prepared.wait(PATIENCE), log.read_text(errors="replace")
    assert server.signers == [], "nothing that is read before a snapshot is up to date after it"
    assert log.read_text() == "", "the requests before it are nobody's, and nothing has failed"

    server.restored.set()
    answer = server.invoke(TRAINING)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (201, "image/png")
    assert base64.b64decode(answer["body"]).startswith(b"\x89PNG")
    assert set(server.signers) == {"fresh"}
    assert any(path.endswith("/card.json") for path in server.blobs)

    again = server.invoke({**TRAINING, "path": "/health", "httpMethod": "GET", "body": None})
    assert again["statusCode"] == 200
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    first, *others = (line for line in lines if line.get("request_id"))
    assert (first["path"], first["ColdStarts"]) == ("/train", [1])
    assert not any("ColdStarts" in line for line in others)
