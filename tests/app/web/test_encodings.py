"""Packed bodies."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.web.encodings import ALWAYS, PIECE

BODY = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 2, "random_state": 1}
PLAIN = json.dumps(BODY).encode()
GZIP = {"content-type": "application/json", "content-encoding": "gzip", "accept": "application/json"}


def post(client: TestClient, content: bytes, **headers: str) -> Any:
    return client.post("/train", content=content, headers={**GZIP, **headers})


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_body_is_that_which_was_packed(client: TestClient, coding: str) -> None:
    made = client.post("/train", json=BODY, headers={"accept": "application/json"}).json()
    answer = post(client, gzip.compress(PLAIN), **{"content-encoding": coding})
    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])


@pytest.mark.parametrize("size", [0, 1, PIECE - len(PLAIN), PIECE, 3 * PIECE + 5])
def test_of_any_size(client: TestClient, size: int) -> None:
    answer = post(client, gzip.compress(b" " * size + PLAIN, compresslevel=0))
    assert answer.status_code == 201
    if size < ALWAYS:
        assert post(client, gzip.compress(b" " * size + PLAIN)).status_code == 200


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_other_codings_are_refused(client: TestClient, coding: str) -> None:
    answer = post(client, PLAIN, **{"content-encoding": coding})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")
    assert answer.json()["type"] == "urn:kohonen:problem:unsupported-media-type"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        gzip.compress(PLAIN)[:-3],
        gzip.compress(PLAIN) + b"x",
        zlib.compress(PLAIN),
        gzip.compress(PLAIN)[:-8] + bytes(8),
    ],
    ids=["plain", "short", "long", "zlib", "checksum"],
)
def test_what_is_not_gzip_is_refused(client: TestClient, content: bytes) -> None:
    answer = post(client, content)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:kohonen:problem:malformed-json")


def test_bombs_are_refused(client: TestClient, make_client: Callable[..., TestClient]) -> None:
    answer = post(client, gzip.compress(b" " * 50 * 2**20 + PLAIN))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:kohonen:problem:body-too-large")
    # The limit of a body is that of the unpacked one.
    small = make_client(max_body_bytes=1000)
    assert post(small, gzip.compress(b" " * 1000 + PLAIN)).status_code == 413
