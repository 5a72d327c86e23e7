"""What S3 and the network may do to a store. Faults are put before moto's answers, or into sockets."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from moto.core.botocore_stubber import BotocoreStubber

from app.storage import s3 as s3_module
from app.storage.deadline import Deadline, until, with_deadline
from app.storage.port import Blob, BlobChanged, BlobNotFound, BlobTooLarge, StoreUnavailable
from app.storage.s3 import CONFLICTS, RETRY_AFTER, S3Store
from tests.waiting import PATIENCE, eventually

Hook = Callable[[AWSPreparedRequest], AWSResponse | None]
URL = "https://s3.eu-west-1.amazonaws.com"

ACTIONS: dict[str, Callable[[S3Store], object]] = {
    "read": lambda store: store.read("a", max_bytes=10),
    "create": lambda store: store.create("b", b"x", content_type="text/plain"),
    "replace": lambda store: store.replace("a", b"y", version='"0"', content_type="text/plain"),
    "delete": lambda store: store.delete("a"),
    "keys": lambda store: store.keys(""),
    "written": lambda store: store.written("a"),
}


class Raw(io.BytesIO):
    """The body of an answer, as urllib3 hands it out."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class Unreadable(Raw):
    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


def answer(status: int, body: io.BytesIO, headers: dict[str, str] | None = None) -> AWSResponse:
    return AWSResponse(URL, status, HTTPHeaders.from_dict(headers or {}), body)


def refusal(code: str, status: int) -> AWSResponse:
    return answer(status, Raw(f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()))


class Faults:
    """Answers in moto's place, as long as there are any, and keeps what was asked."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.hooks: list[Hook] = []
        self.always: Hook | None = None

    def answer(self, request: AWSPreparedRequest) -> AWSResponse | None:
        self.requests.append(str(request.method))
        if self.hooks:
            return self.hooks.pop(0)(request)
        return self.always(request) if self.always else None


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep how long is slept, and do not sleep."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture
def store(s3: S3Store, naps: list[float]) -> S3Store:
    """Make a store with one blob."""
    s3.create("a", b"first", content_type="text/plain")
    return s3


@pytest.fixture
def faults(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Come before moto. (A handler of "before-send" cannot: botocore would call moto's as well.)"""
    faults = Faults()
    moto = BotocoreStubber.__call__

    def call(
        self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **options: Any
    ) -> AWSResponse | None:
        return faults.answer(request) or moto(self, event_name, request, **options)

    monkeypatch.setattr(BotocoreStubber, "__call__", call)
    return faults


def raising(error: Exception) -> Hook:
    def hook(request: AWSPreparedRequest) -> AWSResponse | None:
        raise error

    return hook


PASSING: dict[str, Hook] = {
    "throttled": lambda request: refusal("SlowDown", 503),
    "broken": lambda request: refusal("InternalError", 500),
    "late": lambda request: refusal("RequestTimeout", 400),
    "too many": lambda request: refusal("TooManyRequests", 429),
    "unreachable": raising(EndpointConnectionError(endpoint_url=URL)),
    "connecting too long": raising(ConnectTimeoutError(endpoint_url=URL)),
    "answering too late": raising(ReadTimeoutError(endpoint_url=URL)),
    "lost": raising(ConnectionClosedError(endpoint_url=URL)),
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_to_be_tried_again(fault: str, store: S3Store, faults: Faults) -> None:
    faults.always = PASSING[fault]
    for action in ACTIONS.values():
        with pytest.raises(StoreUnavailable, match=r"s3://maps/dev/som \(SOM_STORE\).*try again") as caught:
            action(store)
        assert caught.value.retry_after == RETRY_AFTER
    faults.always = None
    assert store.keys("") == ["a"]
    assert store.create("b", b"x", content_type="text/plain")


@pytest.mark.parametrize("fault", ["throttled", "broken", "unreachable", "answering too late"])
def test_what_passes_soon_is_not_noticed(fault: str, store: S3Store, faults: Faults) -> None:
    for name in ("read", "create", "delete", "keys"):
        faults.requests.clear()
        faults.hooks = [PASSING[fault]] * 2
        ACTIONS[name](store)
        assert len(faults.requests) == 3


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("InvalidAccessKeyId", 403),
        ("SignatureDoesNotMatch", 403),
        ("ExpiredToken", 400),
        ("NoSuchBucket", 404),
    ],
)
def test_what_somebody_has_to_mend(code: str, status: int, store: S3Store, faults: Faults) -> None:
    faults.always = lambda request: refusal(code, status)
    for action in ACTIONS.values():
        with pytest.raises(StoreUnavailable, match=f"SOM_STORE.*{code}.*check the bucket") as caught:
            action(store)
        assert caught.value.retry_after is None


def test_a_missing_bucket(s3: S3Store) -> None:
    store = S3Store("no-such-bucket")
    for action in ACTIONS.values():
        with pytest.raises(
            StoreUnavailable, match=r"s3://no-such-bucket \(SOM_STORE\).*NoSuchBucket"
        ) as caught:
            action(store)
        assert caught.value.retry_after is None


def test_absence_behind_a_policy_that_hides_it(store: S3Store, faults: Faults) -> None:
    def hide(request: AWSPreparedRequest) -> AWSResponse | None:
        if request.method == "HEAD":
            return answer(403, Raw(b""), {})  # whose answers have no bodies
        return None if "list-type" in str(request.url) else refusal("AccessDenied", 403)

    faults.always = hide
    with pytest.raises(BlobNotFound):
        store.read("b", max_bytes=10)
    with pytest.raises(StoreUnavailable, match="AccessDenied"):
        store.read("a", max_bytes=10)
    with pytest.raises(BlobNotFound):
        store.written("b")
    with pytest.raises(StoreUnavailable, match="403"):
        store.written("a")


def test_a_size_is_checked_before_the_body_is_read(store: S3Store, faults: Faults) -> None:
    body = Unreadable()
    faults.always = lambda request: answer(200, body, {"Content-Length": "11", "ETag": '"1"'})
    with pytest.raises(BlobTooLarge) as caught:
        store.read("a", max_bytes=10)
    assert caught.value.size == 11
    assert body.closed


def cut_short(request: AWSPreparedRequest) -> AWSResponse:
    return answer(200, Raw(b"fir"), {"Content-Length": "5", "ETag": '"1"'})


def damaged(request: AWSPreparedRequest) -> AWSResponse:
    headers = {"Content-Length": "5", "ETag": '"1"', "x-amz-checksum-crc32": "AAAAAA=="}
    return answer(200, Raw(b"fires"), headers)


@pytest.mark.parametrize("fault", [cut_short, damaged])
def test_a_body_that_is_not_whole(fault: Hook, store: S3Store, faults: Faults) -> None:
    faults.hooks = [fault]
    assert store.read("a", max_bytes=10).data == b"first"
    faults.always = fault
    with pytest.raises(StoreUnavailable, match="is incomplete; try again") as caught:
        store.read("a", max_bytes=10)
    assert caught.value.retry_after == RETRY_AFTER


def test_more_than_was_announced(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def get_object(**_: str) -> dict[str, object]:
        return {"ContentLength": 5, "ETag": '"1"', "Body": io.BytesIO(b"longer than said")}

    monkeypatch.setattr(store._calls(), "get_object", get_object)
    with pytest.raises(StoreUnavailable, match="is incomplete"):
        store.read("a", max_bytes=10)


def test_a_listing_cut_short(store: S3Store, faults: Faults) -> None:
    faults.always = lambda request: answer(200, Raw(b"<ListBucketResult><Contents><Key>a"))
    with pytest.raises(StoreUnavailable, match="try again") as caught:
        store.keys("")
    assert caught.value.retry_after == RETRY_AFTER


def conflict(request: AWSPreparedRequest) -> AWSResponse:
    return refusal("ConditionalRequestConflict", 409)


def test_conflicting_writes_are_sent_again(store: S3Store, faults: Faults, naps: list[float]) -> None:
    faults.hooks = [conflict] * 3
    assert store.create("b", b"1", content_type="text/plain")
    version = store.read("b", max_bytes=1).version
    faults.hooks = [conflict]
    version = store.replace("b", b"2", version=version, content_type="text/plain")
    assert store.read("b", max_bytes=1) == Blob(b"2", version)
    faults.hooks = [conflict]
    assert not store.create("b", b"3", content_type="text/plain")
    assert len(naps) == 5


def test_conflicts_without_end(store: S3Store, faults: Faults, naps: list[float]) -> None:
    faults.always = conflict
    with pytest.raises(StoreUnavailable, match="too many concurrent writes") as caught:
        store.create("b", b"1", content_type="text/plain")
    assert caught.value.retry_after == RETRY_AFTER
    assert len(faults.requests) == CONFLICTS
    assert sum(naps) < 5


def losing_the_answer(store: S3Store) -> Hook:
    """Carry out a write of ``mine``, and lose the answer to it."""

    def hook(request: AWSPreparedRequest) -> AWSResponse | None:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        condition = {"IfNoneMatch": headers.get("if-none-match"), "IfMatch": headers.get("if-match")}
        store._calls().put_object(
            Bucket="maps",
            Key="dev/som/" + str(request.url).rsplit("/", 1)[1],
            Body=b"mine",
            Metadata={"write": headers["x-amz-meta-write"]},
            **{name: value for name, value in condition.items() if value},  # type: ignore[arg-type]
        )
        raise ReadTimeoutError(endpoint_url=URL)

    return hook


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_a_creation_whose_answer_is_lost(store: S3Store, faults: Faults) -> None:
    faults.hooks = [losing_the_answer(store)]
    assert store.create("b", b"mine", content_type="text/plain")
    assert faults.requests == ["PUT", "PUT", "PUT", "HEAD"]  # the second is the one carried out
    assert store.read("b", max_bytes=10).data == b"mine"


def test_a_replacement_whose_answer_is_lost(store: S3Store, faults: Faults) -> None:
    version = store.read("a", max_bytes=10).version
    faults.hooks = [losing_the_answer(store)]
    new = store.replace("a", b"mine", version=version, content_type="text/plain")
    blob = store.read("a", max_bytes=10)
    assert (blob.data, blob.version) == (b"mine", new)


def test_a_creation_that_was_tried_again_and_lost(store: S3Store, faults: Faults) -> None:
    faults.hooks = [PASSING["throttled"]]
    assert not store.create("a", b"mine", content_type="text/plain")
    assert store.read("a", max_bytes=10).data == b"first"


def test_a_replacement_that_was_tried_again_and_lost(store: S3Store, faults: Faults) -> None:
    faults.hooks = [PASSING["throttled"]]
    with pytest.raises(BlobChanged):
        store.replace("a", b"mine", version='"0"', content_type="text/plain")


@pytest.mark.parametrize(
    ("status", "key", "expected"), [(404, "b", False), (403, "b", False), (403, "a", None)]
)
def test_what_won_is_gone_or_hidden(
    status: int, key: str, expected: bool | None, store: S3Store, faults: Faults
) -> None:
    faults.hooks = [
        PASSING["throttled"],
        lambda request: refusal("PreconditionFailed", 412),
        lambda request: answer(status, Raw()),
    ]
    if expected is None:
        with pytest.raises(StoreUnavailable, match="403"):
            store.create(key, b"mine", content_type="text/plain")
    else:
        assert store.create(key, b"mine", content_type="text/plain") is expected


class Server:
    """A socket that answers each request in one way."""

    def __init__(self, reply: bytes | None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.reply = reply
        self.accepted: list[socket.socket] = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted.append(connection)
            connection.recv(65536)
            if self.reply is not None:
                connection.sendall(self.reply)
                connection.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for connection in self.accepted:
            connection.close()


@pytest.fixture
def serve(
    credentials: None, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[bytes | None], Server]]:
    """Start servers, for stores that give up soon."""
    soon = s3_module._CONFIG.merge(Config(connect_timeout=0.5, read_timeout=0.2))
    monkeypatch.setattr(s3_module, "_CONFIG", soon)
    servers: list[Server] = []

    def start(reply: bytes | None) -> Server:
        servers.append(Server(reply))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_a_server_that_is_not_there(serve: Callable[[bytes | None], Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    store = S3Store("maps", endpoint=f"http://127.0.0.1:{port}")
    for action in ACTIONS.values():
        with pytest.raises(StoreUnavailable, match="EndpointConnectionError; try again") as caught:
            action(store)
        assert caught.value.retry_after == RETRY_AFTER


def test_a_server_that_does_not_answer(serve: Callable[[bytes | None], Server]) -> None:
    server = serve(None)
    with pytest.raises(StoreUnavailable, match="ReadTimeoutError; try again"):
        S3Store("maps", endpoint=server.url).keys("")
    eventually(lambda: len(server.accepted) == 3)


def test_what_was_left_behind_is_not_sent_again(
    serve: Callable[[bytes | None], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(None)
    store, over = S3Store("maps", endpoint=server.url), threading.Event()

    def delete(key: str) -> None:
        try:
            S3Store.delete(store, key)
        finally:
            over.set()

    monkeypatch.setattr(store, "delete", delete)
    with until(Deadline(time.monotonic() + 0.1)), pytest.raises(StoreUnavailable, match="too long"):
        with_deadline(store).delete("a")
    assert over.wait(PATIENCE)
    assert len(server.accepted) <= 1


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\nfir",
        b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "x"\r\nConnection: close\r\n\r\n',
    ],
)
def test_a_connection_that_is_lost(reply: bytes, serve: Callable[[bytes | None], Server]) -> None:
    server = serve(reply)
    with pytest.raises(StoreUnavailable, match="try again") as caught:
        S3Store("maps", endpoint=server.url).read("a", max_bytes=10)
    assert caught.value.retry_after == RETRY_AFTER
