"""The memory that heavy work may take by default."""

from pathlib import Path

import pytest

from app.memory_limit import LEAST, RESERVED, available_memory

GIGABYTE = 2**30


def write(root: Path, name: str, content: object) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{content}\n")


@pytest.mark.parametrize(
    ("group", "file"),
    [
        ("0::/", "memory.max"),
        ("0::/system.slice/som.service", "system.slice/som.service/memory.max"),
        ("0::/system.slice/som.service", "system.slice/memory.max"),
        ("0::/docker/1a2b", "memory.max"),  # the path of the host, and the files of the container
        ("3:cpu:/a\n4:memory:/docker/1a2b", "memory/docker/1a2b/memory.limit_in_bytes"),
    ],
)
def test_the_limit_of_the_container_leaves_memory(tmp_path: Path, group: str, file: str) -> None:
    write(tmp_path, "proc/self/cgroup", group)
    write(tmp_path, f"sys/fs/cgroup/{file}", GIGABYTE)
    write(tmp_path, "sys/fs/cgroup/cpu/a/memory.max", 1)
    assert available_memory(tmp_path) == GIGABYTE - RESERVED


def test_the_memory_of_the_function_leaves_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
    assert available_memory(tmp_path) == GIGABYTE - RESERVED


def test_without_a_limit_it_is_half_of_the_machine_s(tmp_path: Path) -> None:
    whole = available_memory(tmp_path)
    for limit in ("max", 2**63 - 4096):
        write(tmp_path, "proc/self/cgroup", "0::/")
        write(tmp_path, "sys/fs/cgroup/memory.max", limit)
        assert available_memory(tmp_path) == whole > LEAST


def test_of_a_small_container_a_little_is_left(tmp_path: Path) -> None:
    write(tmp_path, "proc/self/cgroup", "0::/")
    write(tmp_path, "sys/fs/cgroup/memory.max", RESERVED)
    assert available_memory(tmp_path) == LEAST
