import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.s3.responses import S3Response

from app.storage.folder import FolderStore
from app.storage.memory import MemoryStore
from app.storage.port import Store
from app.storage.s3 import S3Store

#: A real S3 server to run the contract against, such as http://127.0.0.1:8333, and its credentials.
ENDPOINT = os.environ.get("SOM_TEST_S3_ENDPOINT")
ACCESS_KEY = os.environ.get("SOM_TEST_S3_KEY", "")
SECRET_KEY = os.environ.get("SOM_TEST_S3_SECRET", "")

BUCKET = "maps"


def _credentials(patch: pytest.MonkeyPatch, key: str, secret: str) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    patch.setenv("AWS_ACCESS_KEY_ID", key)
    patch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.setenv(name, os.devnull)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto3 find credentials of no account, and nothing of the machine's."""
    _credentials(monkeypatch, "testing", "testing")


@pytest.fixture
def moto(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Answer for S3 in this process."""
    lock = threading.Lock()
    answer = S3Response.key_response

    def one_at_a_time(self: S3Response, *args: Any) -> Any:
        # Moto checks a write's condition and writes in two steps; S3 does it in one.
        with lock:
            return answer(self, *args)

    with mock_aws():
        monkeypatch.setattr(S3Response, "key_response", one_at_a_time)
        yield


@pytest.fixture
def s3(moto: None) -> S3Store:
    """Make a store in a bucket of moto's."""
    store = S3Store(BUCKET, "dev/som")
    make_bucket(store, BUCKET)
    return store


@pytest.fixture
def real_s3(monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """Make a store in a new prefix of a real server."""
    if not ENDPOINT:
        pytest.skip("SOM_TEST_S3_ENDPOINT names no S3 server (with SOM_TEST_S3_KEY and SOM_TEST_S3_SECRET)")
    _credentials(monkeypatch, ACCESS_KEY, SECRET_KEY)
    store = S3Store("som-contract", f"run-{uuid.uuid4().hex}", endpoint=ENDPOINT)
    make_bucket(store, "som-contract")
    return store


@pytest.fixture(params=["memory", "folder", "s3", *(["real_s3"] if ENDPOINT else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Make an empty store of each kind."""
    makers: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "folder": lambda: FolderStore(tmp_path / "maps"),
    }
    if maker := makers.get(request.param):
        return maker()
    made: Store = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def exact_store(request: pytest.FixtureRequest, store: Store) -> Store:
    """Make an empty store that orders keys of different folders too as the port says."""
    if request.node.callspec.params["store"] == "real_s3":
        pytest.skip("S3 servers that keep a tree, such as SeaweedFS, order folders by their bare names")
    return store


def make_bucket(store: S3Store, bucket: str) -> None:
    """Make a bucket, unless it is there."""
    client = store._calls()
    if bucket not in [entry["Name"] for entry in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
