"""What the service asks of a store, and what can go wrong with one.

The tree::

    StorageError
    ├── BlobNotFound        nothing is stored under the key
    ├── BlobTooLarge        more is stored under the key than the caller is ready to read
    ├── BlobChanged         what was to be replaced is no longer what it was
    └── StoreUnavailable    it cannot be reached, read or written; ``retry_after`` says whether to try again

A store keeps blobs under keys such as ``models/1f0c/card.json``: segments of letters, digits, ``.``, ``_``
and ``-`` between slashes, none of them opening with a dot. No key may be the folder of another (``a`` and
``a/b``): a file system has no such thing.
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

#: S3 takes 1,024 bytes, the store's prefix included.
MOST_KEY_CHARACTERS = 512
#: File systems take 255 bytes.
MOST_SEGMENT_CHARACTERS = 200

_SEGMENT = rf"[A-Za-z0-9_-][A-Za-z0-9._-]{{0,{MOST_SEGMENT_CHARACTERS - 1}}}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_FILENAME = re.compile(_SEGMENT)


class StorageError(Exception):
    """Base of every error that a store raises on purpose."""


class BlobNotFound(StorageError):  # noqa: N818
    """Nothing is stored under the key.

    Attributes
    ----------
    key : str
        The key.
    """

    def __init__(self, key: str) -> None:
        super().__init__(f"nothing is stored under {key!r}")
        self.key = key


class BlobTooLarge(StorageError):  # noqa: N818
    """More is stored under the key than the caller is ready to read; nothing was read.

    Attributes
    ----------
    key : str
        The key.
    size, max_bytes : int
        Bytes that are there, and that were asked for at most.
    """

    def __init__(self, key: str, *, size: int, max_bytes: int) -> None:
        super().__init__(f"{size} bytes are stored under {key!r}, more than the {max_bytes} expected")
        self.key = key
        self.size = size
        self.max_bytes = max_bytes


class BlobChanged(StorageError):  # noqa: N818
    """What was to be replaced is no longer what it was, or has gone.

    Attributes
    ----------
    key : str
        The key.
    """

    def __init__(self, key: str) -> None:
        super().__init__(f"what is stored under {key!r} has changed")
        self.key = key


class StoreUnavailable(StorageError):  # noqa: N818
    """The store cannot be reached, read or written.

    Attributes
    ----------
    retry_after : int or None
        Seconds after which the same call may well succeed; None where a person has to do something first.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Blob(NamedTuple):
    """What is stored under a key.

    Attributes
    ----------
    data : bytes
        The bytes.
    version : str
        What `Store.replace` asks for. Different bytes have different versions; equal bytes may share one.
    """

    data: bytes
    version: str


class Store(Protocol):
    """Blobs under keys. Every method may be called from any thread, and by any number of processes.

    Keys, prefixes and file names that are not what this module allows raise ``ValueError``; a store that
    cannot do its work raises `StoreUnavailable`.
    """

    @property
    def description(self) -> str:
        """What the store is, for logs and problems; no absolute path."""
        ...

    def read(self, key: str, *, max_bytes: int) -> Blob:
        """Return what is stored under a key.

        Raises
        ------
        BlobNotFound
            When nothing is.
        BlobTooLarge
            When it is more than `max_bytes`; nothing has been read then.
        """
        ...

    def create(self, key: str, data: bytes, *, content_type: str) -> bool:
        """Store a blob under a key that is free.

        It is there as a whole or not at all; of any number of concurrent writers exactly one succeeds.

        Returns
        -------
        bool
            False when something is stored under the key already; it is left as it is.
        """
        ...

    def replace(self, key: str, data: bytes, *, version: str, content_type: str) -> str:
        """Replace a blob, as long as it is still the one that was read.

        Returns
        -------
        str
            The new version.

        Raises
        ------
        BlobChanged
            When what is stored has another version, or has gone; it is left as it is.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove what is stored under a key, if anything is."""
        ...

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        """List the keys that open with a prefix, in the order of their bytes.

        S3 servers that keep a tree, not Amazon's, put ``a/b`` before ``a-b``: rely on the order within one
        folder only. Pages join up there as well.

        Parameters
        ----------
        prefix : str
            What the keys open with; ``""`` for all.
        start_after : str
            List what comes after this: the last key of the page before, or what else a key may open with.
        limit : int
            List so many at most.
        """
        ...

    def written(self, key: str) -> datetime.datetime:
        """Return when what is stored under a key was written, by the store's own clock.

        Raises
        ------
        BlobNotFound
            When nothing is.
        """
        ...

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        """Return a URL from which whoever has it may download a blob for some seconds.

        Parameters
        ----------
        key : str
            The key; whether something is stored there is not checked.
        seconds : int
            How long, at most a week.
        filename : str
            What the downloaded file is called.

        Returns
        -------
        str or None
            None where the store has no such thing.
        """
        ...


def is_key(text: str) -> bool:
    """Say whether a text may be a key."""
    return len(text) <= MOST_KEY_CHARACTERS and _KEY.fullmatch(text) is not None


def check_key(key: str) -> None:
    """Raise ``ValueError`` for what cannot be a key."""
    if not is_key(key):
        raise ValueError(f"{key[:80]!r} cannot be a key: letters, digits, '.', '_', '-', and single slashes")


def check_prefix(prefix: str) -> None:
    """Raise ``ValueError`` for what no key can open with."""
    if prefix and not is_key(prefix.removesuffix("/")):
        raise ValueError(f"{prefix[:80]!r} cannot be the prefix of a key")


def check_filename(filename: str) -> None:
    """Raise ``ValueError`` for a file name that would have to be quoted in a header."""
    if not _FILENAME.fullmatch(filename):
        raise ValueError(f"{filename[:80]!r} cannot be a file name: letters, digits, '.', '_' and '-'")
