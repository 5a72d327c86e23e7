"""The same request makes the same model, through a server on a folder and through the handler on S3."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.app import create_app
from app.aws.api import create_handler
from app.settings import Settings
from app.storage.s3 import S3Store
from tests.app.storage.conftest import ENDPOINT, credentials, moto, real_s3, s3

__all__ = ["credentials", "moto", "real_s3", "s3"]

BODY: dict[str, Any] = {
    "colours": ["#264653", "gold", [0.1, 0.7, 0.2]],
    "width": 30,
    "height": 20,
    "iterations": 50,
    "random_state": 7,
}


@pytest.mark.parametrize("server", ["s3", *(["real_s3"] if ENDPOINT else [])])
def test_the_same_id_and_the_same_weights(
    server: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: S3Store = request.getfixturevalue(server)
    endpoint = ENDPOINT if server == "real_s3" else None
    settings = Settings(store=store.description, s3_endpoint=endpoint, max_answer_bytes=4_000_000)
    handler = create_handler(create_app(settings))

    def invoke(method: str, path: str, body: Any = None) -> bytes:
        event = {
            "resource": "/{proxy+}", "path": path, "httpMethod": method, "isBase64Encoded": True,
            "headers": {"content-type": "application/json", "accept": "*/*"}, "multiValueHeaders": None,
            "queryStringParameters": None, "multiValueQueryStringParameters": None,
            "requestContext": {"stage": "Prod", "path": f"/Prod{path}"},
            "body": body and base64.b64encode(json.dumps(body).encode()).decode(),
        }  # fmt: skip
        answer = handler(event, None)
        assert answer["statusCode"] in (200, 201), answer
        content: str = answer["body"]
        return base64.b64decode(content) if answer["isBase64Encoded"] else content.encode()

    client = TestClient(create_app(Settings(store=f"file:{tmp_path}")))
    picture = client.post("/train", json=BODY).content
    assert invoke("POST", "/train", BODY) == picture
    there, here = json.loads(invoke("GET", "/models/latest")), client.get("/models/latest").json()
    assert there["id"] == here["id"]
    assert there["weights"] == here["weights"]
    assert there["environment"] != here["environment"] == "local"
    weights = np.load(io.BytesIO(invoke("GET", f"/models/{there['id']}/download")))
    expected = np.load(io.BytesIO(client.get(f"/models/{here['id']}/download").content))
    np.testing.assert_array_equal(weights, expected)
