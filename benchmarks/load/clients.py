"""The clients: each asks one thing after the other, in a thread of a process of their own."""

import http.client
import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

__all__ = ["MIX", "Answer", "load", "train_first"]

COLOURS = ["red", "gold", "#2a9d8f", "navy", "orchid", "#e76f51"]
#: Clients give way to the service: they would be on other machines.
NICENESS = 5
PATIENCE = 60.0

#: The kinds of requests, and how often each is asked, relative to the others.
MIX = {
    "demo": 2.0,
    "train": 4.0,
    "train again": 2.0,
    "train 10,000 samples": 0.2,
    "predict": 4.0,
    "predict 10,000 vectors": 0.5,
    "heavy clusters": 0.2,
    "heavy download": 0.2,
    "list": 2.0,
    "job": 0.2,
    "jobs": 1.0,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    Attributes
    ----------
    kind : str
        One of `MIX`.
    status : int
        The answer's status.
    seconds : float
        How long it took, its body included.
    retry_after : bool
        Whether it says when to come back.
    """

    kind: str
    status: int
    seconds: float
    retry_after: bool


def _request_of(kind: str, seed: int) -> Request:
    """Return a request of a kind; those of one seed are alike."""
    training = {"colours": COLOURS, "width": 40, "height": 30, "iterations": 200, "name": "load"}
    match kind:
        case "demo":
            return Request("GET", f"/?width=50&height=50&iterations=100&random_state={seed}")
        case "train":
            return _post("/train", {**training, "random_state": seed})
        case "train again":
            return _post("/train", {**training, "random_state": 0})
        case "train 10,000 samples":
            body = _large(width=12, height=9, iterations=1, persist=False)
            return Request("POST", "/train", body)
        case "predict":
            return _post("/models/load/predict", {"data": [[0.1, 0.2, 0.3]] * 100})
        case "predict 10,000 vectors":
            return Request("POST", "/models/load/predict", _large())
        case "train large":
            return _post(
                "/train", {**training, "width": 300, "height": 300, "iterations": 1, "name": "large"}
            )
        case "heavy clusters":
            return Request("GET", f"/models/large/clusters?k={2 + seed % 100}")
        case "heavy download":
            return Request("GET", "/models/large/download?format=json")
        case "list":
            return Request("GET", "/models?max_results=20")
        case "job":
            return _post("/atrain", {**training, "iterations": 2000, "random_state": seed})
        case "jobs":
            return Request("GET", "/jobs")
    raise ValueError(f"there is no kind of request {kind!r}")


def _post(path: str, document: dict[str, object]) -> Request:
    return Request("POST", path, json.dumps(document).encode())


@cache
def _large(**training: object) -> bytes:
    """Return a body of 10,000 vectors; always the same, as it is not the clients that are measured."""
    chosen = random.Random(7)
    data = [[chosen.random() for _ in range(3)] for _ in range(10_000)]
    return json.dumps({"data": data, **training}).encode()


def train_first(port: int) -> None:
    """Train the models that are asked for later on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for kind in ("train again", "train large"):
        answer = _ask(connection, kind, 0)
        if answer.status not in {200, 201}:
            raise RuntimeError(f"the first training was answered with {answer.status}")
    connection.close()


def load(port: int, *, clients: int, seconds: float) -> list[Answer]:
    """Run so many clients for so many seconds, and return what they were answered."""
    os.nice(NICENESS)
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(clients) as threads:
        running = [threads.submit(_client, number, port, until) for number in range(clients)]
        return [answer for client in running for answer in client.result()]


def _client(number: int, port: int, until: float) -> list[Answer]:
    chosen = random.Random(number)
    kinds, weights = [*MIX], [*MIX.values()]
    answers: list[Answer] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    while time.monotonic() < until:
        (kind,) = chosen.choices(kinds, weights)
        answers.append(_ask(connection, kind, chosen.randrange(1, 2**32)))
    connection.close()
    return answers


def _ask(connection: http.client.HTTPConnection, kind: str, seed: int) -> Answer:
    """Send a request, and read all of its answer."""
    request = _request_of(kind, seed)
    headers = {} if request.body is None else {"Content-Type": "application/json"}
    started = time.perf_counter()
    connection.request(request.method, request.path, request.body, headers)
    answer = connection.getresponse()
    answer.read()
    seconds = time.perf_counter() - started
    return Answer(kind, answer.status, seconds, answer.getheader("Retry-After") is not None)
