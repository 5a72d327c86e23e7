import inspect

import pytest

from app import storage
from app.storage import port
from app.storage.port import BlobChanged, BlobNotFound, BlobTooLarge, StorageError, StoreUnavailable


def test_the_tree_is_what_the_module_says() -> None:
    drawn = inspect.getdoc(port) or ""
    for error in (BlobNotFound, BlobTooLarge, BlobChanged, StoreUnavailable):
        assert issubclass(error, StorageError)
        assert f"── {error.__name__} " in drawn


@pytest.mark.parametrize("module", [port, storage])
def test_all_names_exist(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert names == sorted(names)
    assert all(hasattr(module, name) for name in names)


def test_whether_to_try_again() -> None:
    assert StoreUnavailable("gone").retry_after is None
    assert StoreUnavailable("slow", retry_after=5).retry_after == 5


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BlobNotFound("a/b"), "nothing is stored under 'a/b'"),
        (BlobChanged("a/b"), "what is stored under 'a/b' has changed"),
        (
            BlobTooLarge("a", size=9, max_bytes=8),
            "9 bytes are stored under 'a', more than the 8 expected",
        ),
    ],
)
def test_messages(error: StorageError, message: str) -> None:
    assert str(error) == message
