import io
import re
import sys

import pytest

from kohonen import Parameters, train
from kohonen.cli import progress
from kohonen.cli.progress import Bar, duration
from kohonen.observers.time_left import TimeLeft


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def watch(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **options: bool) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "BAR", 0.0)
    monkeypatch.setattr(progress, "LINE", 0.0)
    parameters = Parameters(width=6, height=4, iterations=50, random_state=0)
    train([[0.1, 0.2], [0.3, 0.4]], parameters, observers=[Bar("mine", **options)])
    return stream.getvalue()


def test_at_a_terminal_there_is_a_bar_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watch(monkeypatch, Tty())
    assert "mine  [" in shown
    assert re.search(r"25/50  radius 1\.7, \S+ s left", shown)
    assert "50/50" in shown


@pytest.mark.parametrize("stream", [io.StringIO(), Tty()])
def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    assert watch(monkeypatch, stream, quiet=True, verbose=True) == ""


def test_elsewhere_there_are_lines_for_those_who_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(monkeypatch, io.StringIO()) == ""
    lines = watch(monkeypatch, io.StringIO(), verbose=True).splitlines()
    assert re.fullmatch(r"mine: iteration 25 of 50, radius 1\.7, \S+ s left", lines[24])


def test_states_are_not_shown_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Tty()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "BAR", 1e9)
    train([[0.1]], Parameters(width=2, height=2, iterations=9, random_state=0), observers=[Bar("mine")])
    assert "4/9" not in stream.getvalue()
    assert "9/9" in stream.getvalue()


def test_no_time_left_is_shown_without_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimeLeft, "seconds_left", lambda *_: None)
    assert "radius 1.7\n" in watch(monkeypatch, io.StringIO(), verbose=True)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (12.4, "12 s"), (61, "1 min 01 s"), (7322, "2 h 02 min")]
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text
