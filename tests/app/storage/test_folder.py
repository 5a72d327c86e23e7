import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.storage import folder as folder_module
from app.storage.folder import ATTEMPTS, STALE_SECONDS, FolderStore
from app.storage.port import BlobChanged, BlobNotFound, StoreUnavailable

ROOT = Path(__file__).parents[3]
NOBODY = 65534


def create(store: FolderStore, key: str, data: bytes = b"x") -> bool:
    return store.create(key, data, content_type="text/plain")


def replace(store: FolderStore, key: str, data: bytes, version: str) -> str:
    return store.replace(key, data, version=version, content_type="text/plain")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "maps"


@pytest.fixture
def store(folder: Path) -> FolderStore:
    return FolderStore(folder)


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Run as nobody for a while where the tests run as root, for whom no folder is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that everybody may reach, unlike those below tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def test_reading_makes_nothing(store: FolderStore, folder: Path) -> None:
    assert store.keys("") == store.keys("a/") == []
    store.delete("a")
    with pytest.raises(BlobNotFound):
        store.read("a", max_bytes=1)
    with pytest.raises(BlobChanged):
        replace(store, "a", b"", "0")
    assert not folder.parent.exists()


def test_blobs_are_files_of_their_own_path(store: FolderStore, folder: Path) -> None:
    create(store, "models/1f/card.json", b"{}")
    path = folder / "models/1f/card.json"
    assert path.read_bytes() == b"{}"
    assert path.stat().st_nlink == 1  # the temporary name is gone
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_no_links(store: FolderStore) -> None:
    assert store.link("a", seconds=60, filename="a.npy") is None


def test_deleting_leaves_no_empty_folders(store: FolderStore, folder: Path) -> None:
    create(store, "models/1f/card.json")
    create(store, "models/2f/card.json")
    store.delete("models/1f/card.json")
    assert [path.name for path in (folder / "models").iterdir()] == ["2f"]
    store.delete("models/2f/card.json")
    assert not (folder / "models").exists()
    assert folder.exists()


def test_foreign_files_are_not_listed(store: FolderStore, folder: Path) -> None:
    create(store, "a/b")
    for name in (".DS_Store", "a/.nfs0001", "~temporary/1", "notes (old).txt", "é"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    assert store.keys("") == ["a/b"]


def test_a_key_cannot_be_the_folder_of_others(store: FolderStore) -> None:
    create(store, "a/b")
    with pytest.raises(StoreUnavailable, match="folder of other keys"):
        create(store, "a")
    with pytest.raises(StoreUnavailable):
        create(store, "a/b/c")
    with pytest.raises(BlobChanged):
        replace(store, "a", b"", "0")
    store.delete("a")
    assert store.keys("") == ["a/b"]


def refused(caught: pytest.ExceptionInfo[StoreUnavailable], folder: Path) -> str:
    message = str(caught.value)
    assert "SOM_STORE" in message
    assert str(folder) not in message
    assert str(folder.parent) not in message
    return message


def test_a_folder_that_cannot_be_written(open_folder: Path) -> None:
    writer = FolderStore(open_folder / "maps")
    create(writer, "a", b"kept")
    for path in (open_folder, open_folder / "maps"):
        path.chmod(0o555)
    for path in (open_folder / "maps").glob("~*"):
        path.chmod(0o555)
    store = FolderStore(open_folder / "maps")
    with without_privileges():
        assert store.read("a", max_bytes=10).data == b"kept"
        assert store.keys("") == ["a"]
        assert not create(store, "a", b"again")
        for action in (
            lambda: create(store, "b"),
            lambda: replace(store, "a", b"", store.read("a", max_bytes=10).version),
            lambda: store.delete("a"),
        ):
            with pytest.raises(StoreUnavailable, match="cannot be written: Permission denied") as caught:
                action()
            assert caught.value.retry_after is None
            refused(caught, open_folder)
        with pytest.raises(StoreUnavailable, match="cannot be written: Permission denied"):
            create(FolderStore(open_folder / "none-yet"), "a")
    (open_folder / "maps").chmod(0o755)
    open_folder.chmod(0o755)


def test_a_folder_that_cannot_be_read(open_folder: Path) -> None:
    store = FolderStore(open_folder / "maps")
    create(store, "a/b")
    (open_folder / "maps").chmod(0o000)
    with without_privileges():
        with pytest.raises(StoreUnavailable, match="cannot be read: Permission denied") as caught:
            store.read("a/b", max_bytes=10)
        refused(caught, open_folder)
        with pytest.raises(StoreUnavailable):
            store.keys("")
    (open_folder / "maps").chmod(0o755)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text("x")
    store = FolderStore(tmp_path / "maps")
    assert store.keys("") == []
    with pytest.raises(StoreUnavailable) as caught:
        create(store, "a")
    refused(caught, tmp_path)


@pytest.mark.parametrize(
    ("number", "retry_after"),
    [(errno.ENOSPC, 60), (errno.EROFS, None), (errno.EMFILE, 1), (errno.EIO, None)],
)
def test_when_a_write_fails(
    number: int, retry_after: int | None, store: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(store, "a", b"first")
    version = store.read("a", max_bytes=10).version

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreUnavailable, match=os.strerror(number)) as caught:
        create(store, "b")
    assert caught.value.retry_after == retry_after
    refused(caught, folder)
    with pytest.raises(StoreUnavailable):
        replace(store, "a", b"second", version)
    monkeypatch.undo()
    assert store.keys("") == ["a"]
    assert store.read("a", max_bytes=10).data == b"first"
    assert list((folder / "~temporary").iterdir()) == []
    assert create(store, "b")


def test_a_file_system_without_hard_links(
    store: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(folder))

    monkeypatch.setattr(Path, "hardlink_to", fail)
    with pytest.raises(StoreUnavailable, match="Operation not permitted"):
        create(store, "a")
    assert store.keys("") == []


def test_a_blob_deleted_while_it_is_replaced(
    store: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(store, "a/b")
    version = store.read("a/b", max_bytes=10).version
    sync = os.fsync

    def delete_first(descriptor: int) -> None:
        (folder / "a/b").unlink(missing_ok=True)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", delete_first)
    with pytest.raises(BlobChanged):
        replace(store, "a/b", b"new", version)
    assert store.keys("") == []


def test_folders_that_vanish_while_a_blob_is_created(
    store: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Path.hardlink_to
    calls: list[Path] = []

    def after_a_delete(self: Path, target: Path) -> None:
        calls.append(self)
        if len(calls) == 1:
            self.parent.rmdir()
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", after_a_delete)
    assert create(store, "a/b/c")
    assert len(calls) == 2


def test_folders_that_vanish_while_they_are_made(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create(store, "first")
    mkdir = Path.mkdir
    calls: list[Path] = []

    def after_a_delete(self: Path, *args: Any, **options: Any) -> None:
        calls.append(self)
        if len(calls) == 2:
            self.parent.rmdir()
        mkdir(self, *args, **options)

    monkeypatch.setattr(Path, "mkdir", after_a_delete)
    assert create(store, "a/b/c")
    assert len(calls) == 4


def test_folders_that_always_vanish(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def fail(self: Path, target: Path) -> None:
        calls.append(self)
        raise FileNotFoundError

    monkeypatch.setattr(Path, "hardlink_to", fail)
    with pytest.raises(StoreUnavailable) as caught:
        create(store, "a/b")
    assert caught.value.retry_after == 1
    assert len(calls) == ATTEMPTS


def test_a_folder_that_vanishes_before_it_is_synced(tmp_path: Path) -> None:
    folder_module._sync(tmp_path / "gone")


def test_pruning_where_another_has_pruned(store: FolderStore, folder: Path) -> None:
    create(store, "a/b/c")
    (folder / "a/b/c").unlink()
    (folder / "a/b").rmdir()
    store._prune(folder / "a/b")
    assert not (folder / "a").exists()


def test_what_crashes_leave_is_removed_in_time(store: FolderStore, folder: Path) -> None:
    create(store, "a")
    old, new = folder / "~temporary" / "old", folder / "~temporary" / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    stale = time.time() - STALE_SECONDS - 60
    os.utime(old, (stale, stale))
    create(store, "b")
    assert old.exists()  # once a process
    create(FolderStore(folder), "c")
    assert not old.exists()
    assert new.exists()  # perhaps somebody's write under way
    assert store.keys("") == ["a", "b", "c"]


WRITER = """
import sys
from app.storage.port import BlobChanged
from app.storage.folder import FolderStore

store, action, number = FolderStore(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if action == "create":
    print(sum(store.create(f"names/{n}", b"%d" % number, content_type="text/plain") for n in range(50)))
elif action == "count":
    counted = 0
    while counted < 25:
        blob = store.read("counter", max_bytes=10)
        try:
            following = b"%d" % (int(blob.data) + 1)
            store.replace("counter", following, version=blob.version, content_type="text/plain")
            counted += 1
        except BlobChanged:
            pass
else:
    n = 0
    while True:
        n += 1
        store.create(f"models/{number}-{n}", b"%d" % (n % 10) * 3_000_000, content_type="text/plain")
        print(n, flush=True)
"""


def start(folder: Path, action: str, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), action, str(number)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_of_many_processes_one_creates(store: FolderStore, folder: Path) -> None:
    processes = [start(folder, "create", number) for number in range(4)]
    created = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(created) == len(store.keys("names/")) == 50


def test_processes_lose_no_replacement(store: FolderStore, folder: Path) -> None:
    create(store, "counter", b"0")
    processes = [start(folder, "count", number) for number in range(4)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert store.read("counter", max_bytes=10).data == b"100"


def test_killed_while_writing(store: FolderStore, folder: Path) -> None:
    for number in range(6):
        process = start(folder, "write", number)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.007 * number)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    keys = store.keys("")
    assert len(keys) >= 6
    for key in keys:
        data = store.read(key, max_bytes=3_000_000).data
        assert len(data) == 3_000_000
        assert len(set(data)) == 1
    # Nothing that was left, locks included, is in anybody's way.
    for number in range(6):
        assert create(store, f"models/{number}-x")


def test_a_list_takes_no_more_memory_for_what_it_leaves_out(store: FolderStore, folder: Path) -> None:
    (folder / "index").mkdir(parents=True)
    names = [f"{number:0100}" for number in range(3_000)]
    for name in names:
        (folder / "index" / name).touch()
    tracemalloc.start()
    try:
        assert store.keys("index/", limit=2) == [f"index/{name}" for name in names[:2]]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000  # the names alone are 450,000


def test_pages_join_up_whatever_lies_between(store: FolderStore, folder: Path) -> None:
    keys = ["a-b", "a.b", "a/b", "a/b-c", "a0/b", "a0/c/d", "b"]
    for key in keys:
        create(store, key)
    for foreign in ("a/.hidden", "a/notes (old)", "a0/é"):
        (folder / foreign).touch()
    for limit in (1, 2, 3):
        found: list[str] = []
        while page := store.keys("a", start_after=found[-1] if found else "", limit=limit):
            found += page
        assert found == keys[:-1]
    assert store.keys("a/", start_after="a0", limit=1) == []
    assert store.keys("a0/", start_after="a", limit=1) == ["a0/b"]


def test_a_store_without_free_inodes_lets_blobs_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(FolderStore(tmp_path), "a/b")
    store = FolderStore(tmp_path)  # of another process

    def unless_new(name: str) -> None:
        really = getattr(Path, name)

        def call(path: Path, *arguments: Any, **options: Any) -> Any:
            if not path.exists() and arguments[:1] != ("rb",):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return really(path, *arguments, **options)

        monkeypatch.setattr(Path, name, call)

    for name in ("open", "touch", "mkdir"):
        unless_new(name)
    with pytest.raises(StoreUnavailable) as refused:
        create(store, "a/c")
    assert refused.value.retry_after == 60
    store.delete("a/b")
    assert store.keys("") == []
