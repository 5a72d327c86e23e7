from typing import Any

import pytest
from fastapi.testclient import TestClient

SMALL: dict[str, Any] = {"colours": ["red", "blue"], "width": 3, "height": 2, "iterations": 4, "name": "a"}
PATHS = ["", "/image", "/image?scale=2", "/image?view=input-output", "/download", "/download?format=csv"]
PATHS += ["/download?format=npz", "/weights/0/0", "/weights/1/0"]


@pytest.fixture
def model_id(client: TestClient) -> str:
    return str(client.post("/train", json={**SMALL, "random_state": 1}).headers["Kohonen-Model-Id"])


@pytest.mark.parametrize("path", PATHS)
def test_what_an_id_refers_to_lasts(client: TestClient, model_id: str, path: str) -> None:
    for ref in (model_id, "a@1"):
        headers = client.get(f"/models/{ref}{path}").headers
        assert "immutable" in headers["cache-control"]
        assert headers["vary"] == "Accept"
        assert headers["etag"].startswith('"')


@pytest.mark.parametrize("path", PATHS)
def test_what_moves_is_asked_for_again(client: TestClient, model_id: str, path: str) -> None:
    for ref in ("latest", "best", "a", "a@best"):
        answer = client.get(f"/models/{ref}{path}")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["kohonen-model-id"] == model_id
        assert answer.headers["link"] == f'</models/{model_id}>; rel="canonical"'
        again = client.get(f"/models/{ref}{path}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    before = client.get(f"/models/latest{path}").headers["etag"]
    assert client.post("/train", json={**SMALL, "random_state": 2}).status_code == 201
    answer = client.get(f"/models/latest{path}", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["etag"] != before


@pytest.mark.parametrize("path", PATHS)
def test_not_modified(client: TestClient, model_id: str, path: str) -> None:
    first = client.get(f"/models/{model_id}{path}")
    tag = first.headers["etag"]
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = client.get(f"/models/{model_id}{path}", headers={"If-None-Match": header})
        assert answer.status_code == 304, header
        assert answer.content == b""
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == first.headers["cache-control"]
        assert answer.headers["vary"] == "Accept"
    for header in ('"x"', tag.strip('"'), ""):
        assert client.get(f"/models/{model_id}{path}", headers={"If-None-Match": header}).status_code == 200


def test_representations_have_tags_of_their_own(client: TestClient, model_id: str) -> None:
    client.post("/train", json={**SMALL, "random_state": 2, "name": "b"})
    tags = [client.get(f"/models/{ref}{path}").headers["etag"] for ref in (model_id, "b@1") for path in PATHS]
    assert len(set(tags)) == len(tags)


def test_the_short_forms(client: TestClient, model_id: str) -> None:
    for path in ("/model-info", "/weights/0/0"):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-cache"
        assert client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_problems_are_not_kept(client: TestClient, model_id: str) -> None:
    for path in ("/models/" + "0" * 32, f"/models/{model_id}/weights/9/9"):
        answer = client.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("cache-control", "")
