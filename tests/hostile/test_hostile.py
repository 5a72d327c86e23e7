"""Requests made to do harm, one a file, and the problem that each is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

CORPUS = sorted(Path(__file__).parent.glob("*.json"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_harm_is_told_what_is_wrong_with_it(path: Path, hostile: Callable[[], TestClient]) -> None:
    request = json.loads(path.read_text())
    if "body" in request:
        content = json.dumps(request["body"]).encode()
    else:
        content = (request.get("body_text", "") * request.get("repeat", 1)).encode()
    answer = hostile().request(
        request["method"], request["path"], content=content, headers=request.get("headers", {})
    )
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"status": answer.status_code, "type": document["type"]} == request["expected"]
    assert document["status"] == answer.status_code
    assert len(answer.content) < 20_000, "an answer is not made large by the request"
    assert "Traceback" not in answer.text
    assert "<script>" not in answer.text or answer.headers["x-content-type-options"] == "nosniff"


def test_every_file_says_why() -> None:
    assert len(CORPUS) >= 30
    assert all(json.loads(path.read_text())["why"] for path in CORPUS)
