import os
import threading
from pathlib import Path

import pytest

from kohonen.engines import cores as module
from kohonen.engines.cores import ahead, cores, for_each


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setattr(module, "cores", lambda: workers)
    for length in (0, 1, 2, 7, 40):
        assert list(for_each(lambda part: part * part, range(length))) == [i * i for i in range(length)]


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_results_come_in_order_one_ahead(length: int) -> None:
    assert list(ahead(lambda part: part * part, range(length))) == [i * i for i in range(length)]


def test_the_next_part_is_worked_on_meanwhile() -> None:
    second = threading.Event()
    results = ahead(lambda part: second.set() if part == 1 else None, [0, 1, 2])
    next(results)
    assert second.wait(timeout=120)
    assert len(list(results)) == 2


def test_parts_are_worked_on_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    both = threading.Barrier(2, timeout=120)
    assert sorted(for_each(lambda _: both.wait(), [0, 1])) == [0, 1]


def test_an_error_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    with pytest.raises(ZeroDivisionError):
        list(for_each(lambda part: 1 // part, [1, 0, 1]))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000\n", 8),
        ("50000 100000\n", 1),
        ("150000 100000\n", 2),
        ("1600000 100000\n", 8),
        ("", 8),
        (None, 8),
    ],
)
def test_a_container_has_as_many_as_its_quota(
    quota: str | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(module, "QUOTA", tmp_path / "cpu.max")
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)
    module._quota.cache_clear()
    assert cores() == expected
    module._quota.cache_clear()


def test_cores_are_those_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
