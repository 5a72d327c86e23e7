"""What moto does not check: signatures, expiry, credentials. Needs the server of SOM_TEST_S3_ENDPOINT."""

import urllib.error
import urllib.request
import uuid

import pytest

from app.storage.port import StoreUnavailable
from app.storage.s3 import S3Store
from tests.waiting import PATIENCE, eventually


def fetch(url: str) -> tuple[int, bytes, str | None]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            return response.status, response.read(), response.headers["Content-Disposition"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", None


def test_links(real_s3: S3Store) -> None:
    real_s3.create("a/b", b"some bytes", content_type="application/octet-stream")
    url = real_s3.link("a/b", seconds=600, filename="kohonen-1f.npy")
    assert url is not None
    assert fetch(url) == (200, b"some bytes", 'attachment; filename="kohonen-1f.npy"')
    assert fetch(url.replace("kohonen-1f", "kohonen-2f"))[0] == 403
    assert fetch(url.replace("/a/b?", "/a/c?"))[0] == 403


def test_links_that_have_expired(real_s3: S3Store) -> None:
    real_s3.create("a", b"some bytes", content_type="application/octet-stream")
    url = real_s3.link("a", seconds=1, filename="a.npy")
    assert url is not None
    eventually(lambda: fetch(url)[0] == 403)


def test_wrong_credentials(real_s3: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = S3Store(real_s3._bucket, "x", endpoint=real_s3._endpoint)
    with pytest.raises(StoreUnavailable, match="SignatureDoesNotMatch") as caught:
        store.create("a", b"x", content_type="text/plain")
    assert caught.value.retry_after is None


def test_a_missing_bucket(real_s3: S3Store) -> None:
    store = S3Store(f"missing-{uuid.uuid4().hex}", endpoint=real_s3._endpoint)
    # Not create: SeaweedFS makes a bucket on the first write.
    for action in (lambda: store.read("a", max_bytes=10), lambda: store.keys("")):
        with pytest.raises(StoreUnavailable, match="NoSuchBucket") as caught:
            action()
        assert caught.value.retry_after is None
