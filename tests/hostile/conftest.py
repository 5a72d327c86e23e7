from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.app import create_app
from app.settings import Settings


@pytest.fixture(scope="module")
def hostile() -> Callable[[], TestClient]:
    """Return a client of a service with the limits that it has by default."""
    client = TestClient(create_app(Settings(store="memory:")), raise_server_exceptions=False)
    return lambda: client
