from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kohonen import Parameters, RunError
from kohonen.experiments.experiment import Data, Experiment
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.run import start

EXPERIMENT = Experiment(
    run_name="a",
    data=Data("random", {"samples": 4, "dimension": 3}),
    parameters=Parameters(width=3, height=2, iterations=5, random_state=1),
)
OTHER = replace(EXPERIMENT, run_name="other")


def test_a_complete_run_is_overwritten_when_told(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    start(EXPERIMENT, folder)
    with pytest.raises(RunError, match="holds a run, which is complete; use --overwrite to replace it"):
        start(OTHER, folder)
    assert RunFolder.open(folder).experiment().run_name == "a"
    start(OTHER, folder, overwrite=True)
    assert RunFolder.open(folder).experiment().run_name == "other"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_run_that_is_not_complete_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    start(EXPERIMENT, folder, should_stop=lambda: True)
    with pytest.raises(RunError, match="is not complete: kohonen resume continues it"):
        start(OTHER, folder)
    assert start(OTHER, folder, overwrite=True) is not None


def test_nothing_but_a_run_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("dear")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(RunError, match="exists and is not the folder of a run: use another folder"):
            start(EXPERIMENT, place, overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "dear"


def test_an_empty_folder_is_free(tmp_path: Path) -> None:
    assert start(EXPERIMENT, tmp_path / "a" / "b") is not None
    (tmp_path / "c").mkdir()
    assert start(EXPERIMENT, tmp_path / "c") is not None


def test_a_folder_that_cannot_be_made_whole_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Experiment, "document", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        start(EXPERIMENT, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_two_processes_do_not_work_on_one_run(tmp_path: Path) -> None:
    start(EXPERIMENT, tmp_path / "a", should_stop=lambda: True)
    run, same = RunFolder.open(tmp_path / "a"), RunFolder.open(tmp_path / "a")
    with run.locked():
        with pytest.raises(RunError, match="another process works on"), same.locked():
            pass
        with pytest.raises(RunError, match="another process works on"):
            start(EXPERIMENT, tmp_path / "a", overwrite=True)
    with same.locked():
        pass


@pytest.mark.parametrize(("name", "says"), [("none", "it does not exist"), ("", "no experiment.yaml")])
def test_what_is_no_run(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(RunError, match=says):
        RunFolder.open(tmp_path / name)


def test_a_run_that_is_not_complete_has_no_card(tmp_path: Path) -> None:
    start(EXPERIMENT, tmp_path / "a", should_stop=lambda: True)
    for wanted in (RunFolder.card, RunFolder.weights, RunFolder.geometry):
        with pytest.raises(RunError, match="continue it with kohonen resume"):
            wanted(RunFolder.open(tmp_path / "a"))


@pytest.mark.parametrize(("name", "read"), [("card", "card"), ("weights", "weights"), ("samples", "samples")])
@pytest.mark.parametrize("content", [b"", b"text"])
def test_damage_is_told(tmp_path: Path, name: str, read: str, content: bytes) -> None:
    finished = start(EXPERIMENT, tmp_path / "a")
    assert finished is not None
    path: Any = getattr(finished.folder, f"{name}_file")
    path.write_bytes(content)
    with pytest.raises(RunError, match="is damaged"):
        getattr(RunFolder.open(tmp_path / "a"), read)()


def test_a_damaged_preparation_is_told(tmp_path: Path) -> None:
    start(EXPERIMENT, tmp_path / "a")
    run = RunFolder.open(tmp_path / "a")
    assert run.preparation() is None
    for content in ("text", "{}"):
        run.preparation_file.write_text(content)
        with pytest.raises(RunError, match="is damaged"):
            run.preparation()


def test_what_a_run_made_can_be_read(tmp_path: Path) -> None:
    finished = start(EXPERIMENT, tmp_path / "a")
    assert finished is not None
    run = RunFolder.open(tmp_path / "a")
    assert run.card() == finished.card
    np.testing.assert_array_equal(run.weights(), finished.trained.weights)
    np.testing.assert_array_equal(run.samples(), finished.samples)
    assert not run.geometry().hexagonal
