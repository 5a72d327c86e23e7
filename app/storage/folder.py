"""A store in a folder: each key is the path of a file.

Writes are atomic: a blob is written and synced under a temporary name first. `create` adds the final name as
a hard link, which fails when the name exists; `replace` compares and renames under a lock file. Files of
crashed writes are in ``~temporary`` and locks in ``~locks``: these names are not valid in keys, so they are
never listed.

POSIX only (``flock``, syncing of folders).
"""

import contextlib
import datetime
import errno
import fcntl
import hashlib
import heapq
import os
import time
import uuid
import zlib
from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from pathlib import Path

from app.storage.port import (
    Blob,
    BlobChanged,
    BlobNotFound,
    BlobTooLarge,
    Store,
    StoreUnavailable,
    check_key,
    check_prefix,
    is_key,
)
from kohonen.files import sync_folder

__all__ = ["FolderStore"]

#: The number of lock files: large enough that writers of different keys rarely share one.
LOCKS = 64
#: Files in ~temporary older than this are left from a crash: no write takes this long.
STALE_SECONDS = 24 * 3600
#: Attempts to name a file while concurrent deletions remove its folder.
ATTEMPTS = 20

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
#: Seconds after which a call may succeed: when something is scarce, or the disk is full.
_RETRY_AFTER = {
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN), 1),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), 60),
}


class FolderStore(Store):
    """Stores blobs as files of a folder, which is created on the first write."""

    def __init__(self, folder: str | Path) -> None:
        path = Path(folder)
        self.description = f"file:.../{path.name}" if path.is_absolute() else f"file:{folder}"
        self._root = path.absolute()
        self._temporary = self._root / "~temporary"
        self._prepared = False

    def read(self, key: str, *, max_bytes: int) -> Blob:
        """Return a blob; see `Store.read`."""
        with self._translated_errors("read"), self._open(key) as file:
            size = os.fstat(file.fileno()).st_size
            if size > max_bytes:
                raise BlobTooLarge(key, size=size, max_bytes=max_bytes)
            data = file.read()
        return Blob(data, hashlib.sha256(data).hexdigest())

    def create(self, key: str, data: bytes, *, content_type: str) -> bool:
        """Store a blob under an unused key; see `Store.create`."""
        path = self._path(key)
        with self._translated_errors("written"):
            if path.is_file():  # saves the write, and works in a read-only store
                return False
            with self._written(data) as temporary:
                return self._link(temporary, path)

    def replace(self, key: str, data: bytes, *, version: str, content_type: str) -> str:
        """Replace a blob that has not changed; see `Store.replace`."""
        path = self._path(key)
        with self._translated_errors("written"):
            if not path.is_file():
                raise BlobChanged(key)
            with self._written(data) as temporary, self._locked(key):
                try:
                    with self._open(key) as file:
                        current = hashlib.file_digest(file, "sha256").hexdigest()
                except BlobNotFound:
                    raise BlobChanged(key) from None
                if current != version:
                    raise BlobChanged(key)
                temporary.replace(path)
                _sync(path.parent)
        return hashlib.sha256(data).hexdigest()

    def delete(self, key: str) -> None:
        """Remove a blob; see `Store.delete`."""
        path = self._path(key)
        with self._translated_errors("written"):
            if not path.is_file():
                return
            with self._locked(key):  # a concurrent replace must not restore the file
                path.unlink(missing_ok=True)
                _sync(path.parent)
                self._prune(path.parent)

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        """List the keys that begin with a prefix; see `Store.keys`."""
        check_prefix(prefix)
        check_prefix(start_after)
        parent = prefix[: prefix.rfind("/") + 1]
        with self._translated_errors("read"):
            return list(islice(self._walk(parent, prefix, start_after, limit), limit))

    def written(self, key: str) -> datetime.datetime:
        """Return when a blob was written; see `Store.written`."""
        with self._translated_errors("read"), self._open(key) as file:
            return datetime.datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, datetime.UTC)

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._root / key

    def _open(self, key: str) -> BufferedReader:
        path = self._path(key)
        try:
            return path.open("rb")
        except _ABSENT as error:
            raise BlobNotFound(key) from error

    @contextlib.contextmanager
    def _translated_errors(self, action: str) -> Iterator[None]:
        """Raise OS errors as `StoreUnavailable`, with a remedy and without a path."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreUnavailable(
                f"the store {self.description} cannot be {action}: {reason}. Set SOM_STORE to a folder that "
                "the service may write to, such as file:./models, to s3://BUCKET/PREFIX, or to memory:",
                retry_after=_RETRY_AFTER.get(error.errno or 0),
            ) from error

    @contextlib.contextmanager
    def _written(self, data: bytes) -> Iterator[Path]:
        """Write and sync a temporary file; remove it at the end unless it was renamed."""
        _make_folder(self._temporary)
        self._prepare()
        path = self._temporary / uuid.uuid4().hex
        try:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _link(self, temporary: Path, path: Path) -> bool:
        """Link a written file to its final name; return False when the name is in use."""
        for _ in range(ATTEMPTS):
            try:
                _make_folder(path.parent)
            except FileNotFoundError:
                continue
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "the key is the folder of other keys") from None
                return False
            except FileNotFoundError:
                continue
            _sync(path.parent)
            return True
        raise BlockingIOError(errno.EAGAIN, "its folder is repeatedly removed by others")

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Hold the lock of a key, which works between threads and processes; some keys share a lock."""
        path = self._lock_file(zlib.crc32(key.encode()) % LOCKS)
        if not path.is_file():
            self._make_locks()
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
            yield

    def _lock_file(self, number: int) -> Path:
        return self._root / "~locks" / f"{number:02d}"

    def _make_locks(self) -> None:
        """Make all lock files, so that deleting needs no new file when the disk is full."""
        _make_folder(self._root / "~locks")
        for number in range(LOCKS):
            self._lock_file(number).touch()

    def _prune(self, folder: Path) -> None:
        """Remove the folders that a deletion has left empty."""
        while folder != self._root:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:  # not empty
                return
            folder = folder.parent

    def _prepare(self) -> None:
        """Make the locks, and remove files left by crashes, once per process."""
        if self._prepared:
            return
        self._make_locks()
        self._prepared = True
        for path in self._temporary.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - STALE_SECONDS:
                    path.unlink()

    def _walk(self, parent: str, prefix: str, start_after: str, page: int) -> Iterator[str]:
        """Yield the keys below a folder (``""`` or a path with a final slash) in byte order."""
        least = prefix[len(parent) :]
        if start_after.startswith(parent):
            name, slash, _ = start_after[len(parent) :].partition("/")
            least = max(least, name + slash)
        elif start_after > parent:
            return
        names = self._names(parent, least, page)
        while names:
            for path in (parent + name for name in names):
                if not path.startswith(prefix):  # nor do the following ones
                    return
                if not is_key(path.removesuffix("/")):
                    continue
                if path.endswith("/"):
                    yield from self._walk(path, prefix, start_after, page)
                elif path > start_after:
                    yield path
            names = self._names(parent, names[-1] + "\0", page) if len(names) == page else []

    def _names(self, parent: str, least: str, most: int) -> list[str]:
        """Return the first names in a folder that are not less than `least`; folders have a final slash.

        No more than `most` names are in memory.
        """
        try:
            with os.scandir(self._root / parent) as entries:
                # Folders are sorted with their slash, as in keys: "a-b" < "a.b" < "a/b".
                names = (entry.name + "/" if entry.is_dir() else entry.name for entry in entries)
                return heapq.nsmallest(most, (name for name in names if name >= least))
        except _ABSENT:
            return []


def _make_folder(path: Path) -> None:
    """Make a folder and its parents, synced so that a power cut does not lose them."""
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(exist_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # removed by a concurrent deletion
        sync_folder(folder)
