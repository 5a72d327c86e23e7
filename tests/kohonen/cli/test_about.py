import json
from pathlib import Path

import pytest

from kohonen import __version__
from kohonen.cli import about
from kohonen.engines import describe_engine
from kohonen.experiments.run import start
from kohonen.experiments.settings import combine
from tests.kohonen.cli.terminal import Terminal

SMALL = ("--width", "5", "--height", "4", "--iterations", "30", "--random-state", "7", "--no-gif", "-q")


def test_it_tells_what_is_here(kohonen: Terminal) -> None:
    code, out, _ = kohonen("info")
    assert code == 0
    assert out.splitlines()[0].split() == ["version", __version__]
    told = json.loads(kohonen("info", "--json")[1])
    assert (told["version"], told["engine"]) == (__version__, describe_engine())


def test_it_tells_of_a_run(kohonen: Terminal) -> None:
    kohonen("train", *SMALL, "--folder", "run")
    told = json.loads(kohonen("info", "run", "--json")[1])
    assert (told["state"], told["parameters"]["width"]) == ("complete", 5)
    out = kohonen("info", "run")[1]
    assert "quality.quantization_error" in out
    assert "points" not in out


def test_it_tells_of_a_run_that_is_not_complete(kohonen: Terminal) -> None:
    start(combine(), "run", should_stop=lambda: True)
    told = json.loads(kohonen("info", "run", "--json")[1])
    assert (told["state"], told["iteration"], told["iterations"]) == ("not complete", 0, 1000)
    assert told["go_on_with"] == "kohonen resume run"
    (Path("run") / "checkpoint" / "last.npz").unlink()
    assert json.loads(kohonen("info", "run", "--json")[1])["iteration"] == 0


def test_without_a_compiled_kernel(kohonen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "kernel", lambda: None)
    assert json.loads(kohonen("info", "--json")[1])["instruction_set"] is None
    measured = json.loads(kohonen("bench", "3x2", "--seconds", "1e-9", "--json")[1])
    assert {one["engine"] for one in measured} == {"numpy"}


def test_engines_are_measured(kohonen: Terminal) -> None:
    code, out, _ = kohonen("bench", "3x2", "4x3", "--samples", "5", "--input-dim", "2", "--seconds", "1e-9")
    rows = [line.split() for line in out.splitlines()[1:]]
    assert code == 0
    assert {row[0] for row in rows} == {"3x2", "4x3"}
    assert {row[1] for row in rows} == {"online", "batch"}
    measured = json.loads(kohonen("bench", "1x1", "--seconds", "1e6", "--samples", "1", "--json")[1])
    assert {one["iterations"] for one in measured} == {about.ITERATIONS}
    assert all(one["iteration_seconds"] > 0 for one in measured)


@pytest.mark.parametrize("size", ["3", "3x", "axb", "0x3", "3x2x1"])
def test_what_is_no_size(kohonen: Terminal, size: str) -> None:
    code, _, err = kohonen("bench", size)
    assert code == 2
    assert f"a size must be WIDTHxHEIGHT, as in 100x60, but is {size!r}" in err
