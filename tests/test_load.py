"""A short load, for what does not depend on how busy the machine is; and what a report makes of one."""

import sys

import pytest

from benchmarks.load.__main__ import measure
from benchmarks.load.clients import MIX, Answer
from benchmarks.load.report import Measured, growth, memory_by_minutes, percentile, table, wrong

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is looked up in Linux's /proc")

STEADY = [(float(second), 100) for second in range(200)]
GROWING = [(float(second), 1_000 * second) for second in range(200)]
ANSWERS = [Answer("list", 200, 0.01, False)] * 1_000


def measured(
    *answers: Answer, health: float = 0.01, memory: list[tuple[float, int]] = STEADY, seconds: float = 200
) -> Measured:
    return Measured(seconds, [*ANSWERS, *answers], [health], [0.001], memory)


def test_a_short_load_is_answered_without_an_unexpected_error() -> None:
    found = measure(seconds=5, number=3)
    # How long /health takes is for a quiet machine to say.
    assert [each for each in wrong(found) if not each.startswith("/health")] == []
    assert {answer.kind for answer in found.answers} <= {*MIX}
    assert len(found.health) == len(found.empty) == 250
    assert max(bytes_ for _, bytes_ in found.memory) > 2**20


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (measured(), []),
        (measured(Answer("train", 503, 0.01, True)), []),
        (measured(Answer("train", 503, 0.01, False)), ["1 answers of 503 that do not say when to come back"]),
        (measured(Answer("train", 500, 0.01, False)), ["1 answers of 500"]),
        (measured(Answer("train", 422, 0.01, False)), ["1 answers of 422"]),
        (measured(health=0.06), ["/health takes 60 ms at p99, and 50 are allowed"]),
        (measured(memory=GROWING), []),
        (
            measured(memory=[(when, 2 * value) for when, value in GROWING]),
            ["memory grows by 400 bytes an answer"],
        ),
        (measured(memory=GROWING, seconds=60), []),
    ],
)
def test_a_report_says_what_is_wrong(found: Measured, expected: list[str]) -> None:
    assert [each.partition(", and 200")[0] for each in wrong(found)] == expected


def test_growth_is_that_of_the_warm_half_and_no_single_peak() -> None:
    warming = [(when, 10_000 * when if when < 100 else 1_000_000) for when, _ in STEADY]
    peak = [(when, 10**9 if when == 150 else int(value)) for when, value in warming]
    assert growth(measured(memory=peak)) == 0
    assert growth(measured(memory=GROWING)) == pytest.approx(200)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 201)]
    assert [percentile(values, percent) for percent in (50, 95, 99, 100)] == [100, 190, 198, 200]
    assert percentile([3.0], 99) == 3


def test_the_table_has_every_kind() -> None:
    text = "\n".join(table(measured(Answer("train", 201, 0.25, False))))
    assert "1,000 of 200, 1 of 201" in text
    assert "| train | 1 | 250.0 | 250.0 | 250.0 | 250.0 |" in text
    assert "| /health of an empty app | 1 |" in text


def test_memory_is_told_by_whole_minutes() -> None:
    found = measured(memory=[(when, 2**20 * int(when // 60 + 1)) for when, _ in STEADY], seconds=150)
    assert memory_by_minutes(found) == [1, 2]
    assert "Minute by minute: 1.0, 2.0 MiB." in [*table(found)]
    assert not any("Minute" in line for line in table(measured(seconds=30)))
