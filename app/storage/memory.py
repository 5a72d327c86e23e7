"""A store in the memory of the process, for tests and for services that keep no models."""

import datetime
import hashlib
import threading

from app.storage.port import Blob, BlobChanged, BlobNotFound, BlobTooLarge, Store, check_key, check_prefix

__all__ = ["MemoryStore"]


class MemoryStore(Store):
    """Stores blobs in a dictionary, without a limit, until the process ends."""

    description = "memory"

    def __init__(self) -> None:
        self._blobs: dict[str, Blob] = {}
        self._written: dict[str, datetime.datetime] = {}
        self._lock = threading.Lock()

    def read(self, key: str, *, max_bytes: int) -> Blob:
        """Return a blob; see `Store.read`."""
        check_key(key)
        blob = self._blobs.get(key)
        if blob is None:
            raise BlobNotFound(key)
        if len(blob.data) > max_bytes:
            raise BlobTooLarge(key, size=len(blob.data), max_bytes=max_bytes)
        return blob

    def create(self, key: str, data: bytes, *, content_type: str) -> bool:
        """Store a blob under an unused key; see `Store.create`."""
        check_key(key)
        blob = _blob(data)
        with self._lock:
            if key in self._blobs:
                return False
            self._set(key, blob)
        return True

    def replace(self, key: str, data: bytes, *, version: str, content_type: str) -> str:
        """Replace a blob that has not changed; see `Store.replace`."""
        check_key(key)
        blob = _blob(data)
        with self._lock:
            current = self._blobs.get(key)
            if current is None or current.version != version:
                raise BlobChanged(key)
            self._set(key, blob)
        return blob.version

    def delete(self, key: str) -> None:
        """Remove a blob; see `Store.delete`."""
        check_key(key)
        with self._lock:
            self._blobs.pop(key, None)
            self._written.pop(key, None)

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        """List the keys that begin with a prefix; see `Store.keys`."""
        check_prefix(prefix)
        check_prefix(start_after)
        with self._lock:
            found = [key for key in self._blobs if key.startswith(prefix) and key > start_after]
        return sorted(found)[:limit]

    def written(self, key: str) -> datetime.datetime:
        """Return when a blob was written; see `Store.written`."""
        check_key(key)
        with self._lock:
            if key not in self._blobs:
                raise BlobNotFound(key)
            return self._written[key]

    def _set(self, key: str, blob: Blob) -> None:
        self._blobs[key] = blob
        self._written[key] = datetime.datetime.now(datetime.UTC)


def _blob(data: bytes) -> Blob:
    return Blob(data, hashlib.sha256(data).hexdigest())
