import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.app import create_app
from app.settings import Settings
from tests.app.bench import Bench

MakeClient = Callable[..., TestClient]

# The test client's own lines are none of the service's, whatever another test has set up.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    """Make clients of services with settings of their own."""
    clients: list[TestClient] = []

    def make(**settings: Any) -> TestClient:
        app = create_app(Settings(**{"store": "memory:", **settings}))
        client = TestClient(app, raise_server_exceptions=False)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    return make_client()


@pytest.fixture
def decode() -> Callable[[bytes], npt.NDArray[np.uint8]]:
    """Decode a PNG to pixels of shape (rows, columns, 3)."""

    def pixels(content: bytes) -> npt.NDArray[np.uint8]:
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == "PNG"
            return np.asarray(picture.convert("RGB"))

    return pixels


@pytest.fixture
def bench() -> Bench:
    return Bench()
