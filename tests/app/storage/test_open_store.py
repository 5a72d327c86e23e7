import subprocess
import sys
from pathlib import Path

import pytest

from app.storage import open_store
from app.storage.folder import FolderStore
from app.storage.memory import MemoryStore


def test_memory() -> None:
    store = open_store("memory:")
    assert isinstance(store, MemoryStore)
    assert store.description == "memory"


@pytest.mark.parametrize("url", ["file:./models", "file:models", "file:deep/er/models"])
def test_a_relative_folder(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(url)
    assert isinstance(store, FolderStore)
    assert store.description == url
    assert list(tmp_path.iterdir()) == []
    monkeypatch.chdir("/")  # the folder stays where it was when the store was opened
    assert store.create("a", b"1", content_type="text/plain")
    assert (tmp_path / url.removeprefix("file:") / "a").read_bytes() == b"1"


@pytest.mark.parametrize("form", ["file:{}", "file://{}"])
def test_an_absolute_folder(form: str, tmp_path: Path) -> None:
    store = open_store(form.format(tmp_path / "my maps"))
    assert store.description == "file:.../my maps"
    assert store.create("a", b"1", content_type="text/plain")
    assert (tmp_path / "my maps" / "a").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("url", "description"),
    [
        ("s3://maps", "s3://maps"),
        ("s3://maps/", "s3://maps"),
        ("s3://my.maps-1/dev/som", "s3://my.maps-1/dev/som"),
        ("s3://maps/dev/", "s3://maps/dev"),
    ],
)
def test_a_bucket(url: str, description: str) -> None:
    store = open_store(url, endpoint="http://127.0.0.1:1", public_endpoint="https://maps.example.org")
    assert store.description == description


@pytest.mark.parametrize(
    "url",
    [*["", "memory", "memory:x", "file:", "file://", "file://host/models", "file:////models", "file:a\0b"],
     *["models", "./models", "FILE:./models", "gs://maps", "https://maps.s3.amazonaws.com", "s3:maps", "s3://"],
     *["s3:///dev", "s3://Maps/dev", "s3://ab", "s3://maps//dev", "s3://maps/../dev", "s3://maps/a b"],
     "s3://maps/dev?x=1"],
)  # fmt: skip
def test_what_is_no_store(url: str) -> None:
    with pytest.raises(ValueError, match="is not a store: use") as caught:
        open_store(url)
    for form in ("file:", "s3://BUCKET/PREFIX", "memory:"):
        assert form in str(caught.value)


def test_boto3_is_imported_when_a_bucket_is_used_and_not_before() -> None:
    code = (
        "import sys; from app.storage import open_store; store = open_store({!r}); "
        "print('boto3' in sys.modules); store.description; print('boto3' in sys.modules)"
    )
    for url, imported in (("memory:", "False"), ("file:./models", "False"), ("s3://maps/dev", "True")):
        command = [sys.executable, "-c", code.format(url)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        assert result.stdout.split() == ["False", imported]
