"""The interface of a store, and its exceptions.

The tree::

    StorageError
    ├── BlobNotFound        nothing is stored under the key
    ├── BlobTooLarge        the blob is larger than the caller allows
    ├── BlobChanged         the blob to replace has changed or was deleted
    └── StoreUnavailable    it cannot be reached, read or written; ``retry_after`` is set if a retry may help

A store keeps blobs under keys such as ``models/1f0c/card.json``: segments of letters, digits, ``.``, ``_``
and ``-`` between slashes, none of which begins with a dot. No key may be the folder of another (``a`` and
``a/b``), as in a file system.
"""

import datetime
import re
from typing import NamedTuple, Protocol

__all__ = [
    "Blob",
    "BlobChanged",
    "BlobNotFound",
    "BlobTooLarge",
    "StorageError",
    "Store",
    "StoreUnavailable",
    "check_filename",
    "check_key",
    "check_prefix",
    "is_key",
]

#: S3 allows 1,024 bytes, including the prefix of the store.
MOST_KEY_CHARACTERS = 512
#: File systems allow 255 bytes.
MOST_SEGMENT_CHARACTERS = 200

_SEGMENT = rf"[A-Za-z0-9_-][A-Za-z0-9._-]{{0,{MOST_SEGMENT_CHARACTERS - 1}}}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_FILENAME = re.compile(_SEGMENT)


class StorageError(Exception):
    """Base class of the exceptions of stores."""


class BlobNotFound(StorageError):  # noqa: N818
    """Nothing is stored under the key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"nothing is stored under {key!r}")
        self.key = key


class BlobTooLarge(StorageError):  # noqa: N818
    """The blob is larger than the caller allows; it was not read."""

    def __init__(self, key: str, *, size: int, max_bytes: int) -> None:
        super().__init__(f"{size} bytes are stored under {key!r}, more than the {max_bytes} expected")
        self.key = key
        self.size = size
        self.max_bytes = max_bytes


class BlobChanged(StorageError):  # noqa: N818
    """The blob to replace has changed or was deleted."""

    def __init__(self, key: str) -> None:
        super().__init__(f"what is stored under {key!r} has changed")
        self.key = key


class StoreUnavailable(StorageError):  # noqa: N818
    """The store cannot be reached, read or written.

    `retry_after` is the number of seconds after which the call may succeed; None when the cause must be fixed
    first.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Blob(NamedTuple):
    """The bytes of a blob, with the version for `Store.replace`.

    Different bytes have different versions; equal bytes may share one.
    """

    data: bytes
    version: str


class Store(Protocol):
    """Blobs under keys. Every method may be called from any thread, and by any number of processes.

    Invalid keys, prefixes and file names raise ``ValueError``. A store that cannot be used raises
    `StoreUnavailable`.
    """

    #: For logs and problems, without an absolute path.
    description: str

    def read(self, key: str, *, max_bytes: int) -> Blob:
        """Return the blob under a key.

        Raises
        ------
        BlobNotFound
            When nothing is stored under the key.
        BlobTooLarge
            When the blob is larger than `max_bytes`; it is not read.
        """
        ...

    def create(self, key: str, data: bytes, *, content_type: str) -> bool:
        """Store a blob under an unused key.

        The write is atomic; exactly one of several concurrent writers succeeds.

        Returns
        -------
        bool
            False when the key is in use; its blob is not changed.
        """
        ...

    def replace(self, key: str, data: bytes, *, version: str, content_type: str) -> str:
        """Replace a blob, unless it has changed since it was read.

        Returns
        -------
        str
            The new version.

        Raises
        ------
        BlobChanged
            When the blob has another version or was deleted; nothing is written.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the blob under a key, if there is one."""
        ...

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        """List the keys that begin with a prefix, in byte order.

        Some S3 servers other than Amazon's store a tree and list ``a/b`` before ``a-b``: rely on the order
        within one folder only. Paging works there, too.

        Parameters
        ----------
        prefix : str
            The prefix; ``""`` for all keys.
        start_after : str
            List the keys after this one: the last key of the previous page, or any prefix of a key.
        limit : int
            The maximum number of keys.
        """
        ...

    def written(self, key: str) -> datetime.datetime:
        """Return when the blob under a key was written, by the store's clock.

        Raises
        ------
        BlobNotFound
            When nothing is stored under the key.
        """
        ...

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        """Return a URL from which a blob can be downloaded for some time without credentials, or None.

        Parameters
        ----------
        key : str
            The key; its existence is not checked.
        seconds : int
            Validity of the URL, at most a week.
        filename : str
            The name of the downloaded file.
        """
        check_key(key)
        check_filename(filename)
        return None


def is_key(text: str) -> bool:
    """Return whether a text is a valid key."""
    return len(text) <= MOST_KEY_CHARACTERS and _KEY.fullmatch(text) is not None


def check_key(key: str) -> None:
    """Raise ``ValueError`` for an invalid key."""
    if not is_key(key):
        raise ValueError(f"{key[:80]!r} cannot be a key: letters, digits, '.', '_', '-', and single slashes")


def check_prefix(prefix: str) -> None:
    """Raise ``ValueError`` for an invalid prefix of keys."""
    if prefix and not is_key(prefix.removesuffix("/")):
        raise ValueError(f"{prefix[:80]!r} cannot be the prefix of a key")


def check_filename(filename: str) -> None:
    """Raise ``ValueError`` for a file name that needs quoting in a header."""
    if not _FILENAME.fullmatch(filename):
        raise ValueError(f"{filename[:80]!r} cannot be a file name: letters, digits, '.', '_' and '-'")
