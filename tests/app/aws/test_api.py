"""The Lambda adapter, in front of an application that answers with what it was asked."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from app.app import create_app
from app.aws.api import ANSWER_SECONDS, create_handler
from app.settings import Settings

HTTP_DOMAIN = "abc.execute-api.eu-west-1.amazonaws.com"
LAMBDA_URL = "abc.lambda-url.eu-west-1.on.aws"
PIXEL = b"\x89PNG\r\n\x1a\n\x00\xff"

Event = dict[str, Any]


class Context:
    """A Lambda context with the one method that the adapter reads."""

    def __init__(self, seconds: float = 28.0) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return round(self.seconds * 1000)


class App:
    """Answers with a fixed response and remembers the scope and the body."""

    def __init__(self, content_type: str = "text/plain", body: bytes = b"hello") -> None:
        self.content_type = content_type
        self.body = body
        self.scope: Scope = {}
        self.received = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "no lifespan on Lambda"
        self.scope = scope
        self.received = (await receive())["body"]
        headers = [(b"content-type", self.content_type.encode()), (b"x-it", b"is")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture(autouse=True)
def _no_current_loop() -> Iterator[None]:
    """Start without an event loop, as a fresh Lambda process does."""
    asyncio.set_event_loop(None)
    yield
    asyncio.set_event_loop(None)


def rest_v1(path: str, asked: str | None = None, stage: str = "Prod", **more: Any) -> Event:
    """Return a REST API's event: `path` goes without the stage, `requestContext.path` as the caller asked."""
    context = {"stage": stage, "path": asked or path, "identity": {"sourceIp": "203.0.113.7"}}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": {"Host": "x"},
        "requestContext": context,
        **more,
    }


def mapped(path: str, resource: str, **parameters: str) -> Event:
    """Return a REST API's event of a custom domain, whose base path starts the path."""
    return rest_v1(path) | {"resource": resource, "pathParameters": parameters or None}


def http_v2(
    path: str, stage: str = "$default", domain: str = "abc.execute-api.eu-west-1.amazonaws.com"
) -> Event:
    """Return an HTTP API's event, format 2.0: the stage, unless it is the default one, starts the path."""
    http = {"method": "GET", "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "a=1&a=2",
        "headers": {"host": domain},
        "requestContext": {"stage": stage, "domainName": domain, "http": http},
        "isBase64Encoded": False,
    }


def routed(path: str, stage: str = "$default") -> Event:
    """Return an HTTP API's event of a custom domain for the route ``ANY /{proxy+}``."""
    route = {"routeKey": "ANY /{proxy+}", "pathParameters": {"proxy": "docs"}}
    return http_v2(path, stage, "som.example.org") | route


ALB: Event = {
    "path": "/docs",
    "httpMethod": "GET",
    "headers": {"host": "x"},
    "queryStringParameters": {},
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}},
    "body": "",
    "isBase64Encoded": False,
}
BARE: Event = {
    "resource": "/",
    "path": "/",
    "httpMethod": "GET",
    "requestContext": {},
    "multiValueQueryStringParameters": None,
}


@pytest.mark.parametrize(
    ("event", "root_path", "path"),
    [
        pytest.param(BARE, "", "/", id="bare"),
        pytest.param(rest_v1("/docs", "/Prod/docs"), "/Prod", "/Prod/docs", id="REST, stage"),
        pytest.param(rest_v1("/", "/Prod/"), "/Prod", "/Prod/", id="REST, stage, root"),
        pytest.param(rest_v1("/", "/Prod"), "/Prod", "/Prod/", id="REST, stage, root without slash"),
        pytest.param(rest_v1("/docs"), "", "/docs", id="REST, custom domain or sam local"),
        pytest.param(rest_v1("/"), "", "/", id="REST, custom domain, root"),
        pytest.param(rest_v1("/models/x", stage="models"), "", "/models/x", id="REST, path like the stage"),
        pytest.param(
            rest_v1("/models/x", "/models/models/x", stage="models"),
            "/models",
            "/models/models/x",
            id="REST, stage and path alike",
        ),
        pytest.param(
            rest_v1("/models/a%20b", "/Prod/models/a%20b"),
            "/Prod",
            "/Prod/models/a b",
            id="REST, escaped",
        ),
        pytest.param(
            rest_v1("/models/a b", "/Prod/models/a%20b"), "/Prod", "/Prod/models/a b", id="REST, one escaped"
        ),
        pytest.param(mapped("/som/docs", "/docs"), "/som", "/som/docs", id="REST, base path"),
        pytest.param(mapped("/som", "/"), "/som", "/som", id="REST, base path, root"),
        pytest.param(mapped("/som/", "/"), "/som", "/som/", id="REST, base path, root with slash"),
        pytest.param(
            mapped("/som/models/a%20b", "/{proxy+}", proxy="models/a b"),
            "/som",
            "/som/models/a b",
            id="REST, base path, proxy",
        ),
        pytest.param(
            mapped("/som/assets/favicon.png", "/assets/{asset}", asset="favicon.png"),
            "/som",
            "/som/assets/favicon.png",
            id="REST, base path, parameter",
        ),
        pytest.param(
            mapped("/models/models/x", "/{proxy+}", proxy="models/x"),
            "/models",
            "/models/models/x",
            id="REST, base path like the path",
        ),
        pytest.param(mapped("/docs", "/docs"), "", "/docs", id="REST, own domain without base path"),
        pytest.param(
            rest_v1("/dev/docs", "/dev/docs", "dev", version="1.0"), "/dev", "/dev/docs", id="HTTP, v1"
        ),
        pytest.param(http_v2("/docs"), "", "/docs", id="HTTP, $default"),
        pytest.param(http_v2("/dev/docs", "dev"), "/dev", "/dev/docs", id="HTTP, stage"),
        pytest.param(http_v2("/dev", "dev"), "/dev", "/dev", id="HTTP, stage, root"),
        pytest.param(http_v2("/devices", "dev"), "", "/devices", id="HTTP, path begins like the stage"),
        pytest.param(http_v2("/dev/docs", "dev", "som.example.org"), "", "/docs", id="HTTP, own domain"),
        pytest.param(http_v2("/dev", "dev", "som.example.org"), "", "/", id="HTTP, own domain, root"),
        pytest.param(http_v2("/docs", domain=LAMBDA_URL), "", "/docs", id="Function URL"),
        pytest.param(routed("/som/docs"), "/som", "/som/docs", id="HTTP, base path"),
        pytest.param(routed("/docs"), "", "/docs", id="HTTP, route without a base path"),
        pytest.param(routed("/dev/som/docs", "dev"), "/som", "/som/docs", id="HTTP, stage and base path"),
        pytest.param(ALB, "", "/docs", id="load balancer"),
    ],
)
def test_stage_is_the_root_path_where_the_caller_sees_it(
    app: App, event: Event, root_path: str, path: str
) -> None:
    answer = create_handler(app)(event, Context())
    assert answer["statusCode"] == 200
    assert (app.scope["root_path"], app.scope["path"]) == (root_path, path)


@pytest.mark.parametrize("event", [BARE, rest_v1("/"), http_v2("/"), http_v2("/", domain=LAMBDA_URL)])
def test_pictures_are_base64(event: Event) -> None:
    answer = create_handler(App("image/png", PIXEL))(event, Context())
    assert answer["isBase64Encoded"] is True
    assert base64.b64decode(answer["body"]) == PIXEL
    assert answer["headers"]["content-type"] == "image/png"
    assert answer["headers"]["x-it"] == "is"
    json.dumps(answer)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/problem+json",
        "application/json",
        "text/html; charset=utf-8",
        "text/css",
        "text/javascript",
    ],
)
def test_text_is_text(content_type: str) -> None:
    answer = create_handler(App(content_type, '{"détail": 1}'.encode()))(BARE, Context())
    assert answer["isBase64Encoded"] is False
    assert answer["body"] == '{"détail": 1}'


def test_bodies_arrive_decoded(app: App) -> None:
    # With binary media types of */*, a REST API sends JSON as base64 too.
    body = '{"colours": ["gold"]}'
    encoded = base64.b64encode(body.encode()).decode()
    create_handler(app)(rest_v1("/train", body=encoded, isBase64Encoded=True), Context())
    assert app.received == body.encode()
    create_handler(app)(rest_v1("/train", body=body, isBase64Encoded=False), Context())
    assert app.received == body.encode()


def test_query_strings_keep_repeated_values(app: App) -> None:
    create_handler(app)(rest_v1("/", multiValueQueryStringParameters={"a": ["1", "2"]}), Context())
    assert app.scope["query_string"] == b"a=1&a=2"
    create_handler(app)(http_v2("/"), Context())
    assert app.scope["query_string"] == b"a=1&a=2"


def test_pages_and_links_work_behind_a_base_path() -> None:
    handler = create_handler(create_app(Settings(store="memory:")))

    def ask(path: str, resource: str, **parameters: str) -> Event:
        return handler(mapped(path, resource, **parameters), Context())

    assert ask("/som/health", "/health")["statusCode"] == 200
    assert '"/som/openapi.json"' in ask("/som/docs", "/docs")["body"].replace("'", '"')
    moved = ask("/som/models/", "/{proxy+}", proxy="models/")
    assert moved["statusCode"] == 200 or moved["headers"]["location"].startswith("/som/")
    assert ask("/som/nothing", "/{proxy+}", proxy="nothing")["statusCode"] == 404


def test_deadline_is_what_the_context_leaves(app: App) -> None:
    before = time.monotonic()
    create_handler(app)(BARE, Context(28))
    after = time.monotonic()
    assert before + 28 - ANSWER_SECONDS <= app.scope["state"]["deadline"] <= after + 28 - ANSWER_SECONDS


def test_without_a_context_there_is_no_deadline(app: App) -> None:
    create_handler(app)(BARE, None)
    assert "deadline" not in app.scope.get("state", {})


def test_invocations_share_one_event_loop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loops.append(asyncio.get_running_loop())
        await App()(scope, receive, send)

    handler = create_handler(app)
    for _ in range(2):
        assert handler(BARE, Context())["statusCode"] == 200
    asyncio.run(asyncio.sleep(0))  # leaves the thread without a current loop
    assert handler(BARE, Context())["statusCode"] == 200
    thread = threading.Thread(target=handler, args=(BARE, Context()))
    thread.start()
    thread.join()
    assert len(loops) == 4
    assert len(set(loops)) == 1


def test_an_application_that_fails_answers_500() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("secret")

    answer = create_handler(app)(BARE, Context())
    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]
