"""The lock between the servers of one host."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.workers.host_lock import HostLock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no file locks")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def file_of(lock: HostLock, folder: Path) -> Path:
    return folder / f"kohonen-{os.getuid()}-{lock._name}.lock"


def test_one_at_a_time(folder: Path) -> None:
    first, second, other = HostLock("a"), HostLock("a"), HostLock("b")
    assert first.take()
    assert first.take(), "we have it already"
    assert not second.take()
    assert other.take()
    first.release()
    first.release()
    assert second.take()
    assert not first.take()
    assert file_of(first, folder).read_bytes() == b""
    assert file_of(first, folder).stat().st_mode & 0o777 == 0o600


def test_it_lasts_as_long_as_a_process_that_inherited_it_and_ends_with_a_kill() -> None:
    first, second = HostLock("a"), HostLock("a")
    assert first.take()
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=first.descriptors
    ) as process:
        first.release()
        assert not second.take()
        process.kill()
    assert second.take()


def test_a_file_that_cannot_be_locked_keeps_nobody_from_working(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lock = HostLock("a")
    target = folder / "target"
    file_of(lock, folder).symlink_to(target)
    assert lock.take()
    assert lock.descriptors == ()
    assert not target.exists(), "links are not followed"
    assert "no lock" in caplog.text
    lock.release()
    file_of(lock, folder).unlink()
    monkeypatch.setattr("os.getuid", lambda: 12345)
    caplog.clear()
    assert lock.take()
    assert lock.descriptors == ()
    assert "another user" in caplog.text
