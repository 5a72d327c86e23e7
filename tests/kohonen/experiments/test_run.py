import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kohonen import (
    InvalidDataError,
    InvalidExperimentError,
    Observer,
    RunError,
    assess,
    train,
)
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.reading import read_experiment
from kohonen.experiments.run import Finished, carry_on, finished_run, start
from kohonen.identity import fingerprint, model_id
from tests.kohonen.experiments.runs import EXPERIMENT, told


class Ticks(Observer):
    """Observes every iteration, so that the training can be stopped after each."""


def whole(folder: Path, text: str = EXPERIMENT, name: str = "whole") -> Finished:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    finished = start(read_experiment(path), folder / "runs" / name)
    assert finished is not None
    return finished


def after(iterations: int) -> Callable[[], bool]:
    """Return a `should_stop` that stops after a number of iterations."""
    left = itertools.count()
    return lambda: next(left) >= iterations


def test_a_run_s_folder_holds_all_that_came_of_it(tmp_path: Path) -> None:
    finished = whole(tmp_path)
    folder, samples = finished.folder.path, finished.samples
    expected = train(samples, finished.experiment.parameters)
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json",
        "experiment.yaml",
        "frames",
        "history.csv",
        "report.html",
        "samples.npy",
        "telemetry.jsonl",
        "training.gif",
        "views",
        "weights.npy",
    ]
    np.testing.assert_array_equal(np.load(folder / "weights.npy"), expected.weights)
    np.testing.assert_array_equal(np.load(folder / "samples.npy"), samples)
    card = json.loads((folder / "card.json").read_text())
    assert card == finished.card
    assert card["id"] == model_id(fingerprint(samples), expected.parameters)
    assert card["quality"]["quantization_error"] == assess(expected.weights, samples).quantization_error
    with Image.open(folder / "training.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 6
    assert [path.name for path in sorted((folder / "frames").iterdir())] == [
        f"{iteration:09d}.png" for iteration in (0, 12, 24, 36, 48, 60)
    ]
    assert {path.stem for path in (folder / "views").iterdir()} == {
        "map", "input-output", "u-matrix", "planes", "hits", "errors", "clusters",
    }  # fmt: skip
    with Image.open(io.BytesIO((folder / "views" / "map.png").read_bytes())) as picture:
        assert picture.size == (9 * 44, 7 * 44)
    header, *rows = (folder / "history.csv").read_text().splitlines()
    assert header == "iteration,quantization_error"
    assert rows[-1] == f"60,{card['quality']['history']['points'][-1]['quantization_error']!r}"


def test_telemetry_tells_the_course(tmp_path: Path) -> None:
    finished = whole(tmp_path)
    lines = [json.loads(line) for line in finished.folder.telemetry_file.read_text().splitlines()]
    assert list(finished.telemetry) == lines
    assert [line["iteration"] for line in lines] == list(range(0, 61, 3))
    first, last = lines[0], lines[-1]
    assert first["radius"] == 4.5
    assert (last["iterations"], last["map"], last["data"]) == (60, [9, 7], [12, 3])
    assert last["quantization_error"] == finished.card["quality"]["quantization_error"]
    schedule = finished.experiment.parameters.schedule
    assert (last["radius"], last["learning_rate"]) == (schedule.radius(60), schedule.rate(60))


def test_what_has_been_resolved_makes_the_same_map(tmp_path: Path) -> None:
    first = whole(tmp_path, "parameters: {width: 4, height: 3, iterations: 5}")
    assert first.experiment.parameters.random_state is not None
    again = start(read_experiment(first.folder.experiment_file), tmp_path / "again")
    assert again is not None
    assert again.card["id"] == first.card["id"]
    assert again.folder.weights_file.read_bytes() == first.folder.weights_file.read_bytes()


def test_a_run_that_is_complete_does_not_go_on(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is already complete"):
        carry_on(whole(tmp_path).folder)


def test_a_crash_as_the_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = told(whole(tmp_path).folder.path)
    path = tmp_path / "parts.yaml"
    path.write_text(EXPERIMENT)
    folder = tmp_path / "runs" / "parts"
    write = RunFolder.write

    def fail(self: RunFolder, name: str, content: bytes) -> None:
        if name == "views/hits.png":
            raise OSError("no space left on device")
        write(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write", fail)
        with pytest.raises(OSError, match="no space"):
            start(read_experiment(path), folder)
    assert not RunFolder.open(folder).complete
    assert carry_on(RunFolder.open(folder), should_stop=lambda: True) is not None  # nothing is left to train
    assert told(folder) == expected


MODULE = """\
from kohonen import Observer

class Stopper(Observer):
    def after_iteration(self, training):
        if training.iteration == 11:
            training.stop()

def no_observer():
    return 7
"""


def test_an_observer_may_end_it_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stopper_of_test.py").write_text(MODULE)
    text = EXPERIMENT + "observers: ['stopper_of_test:Stopper']\n"
    finished = whole(tmp_path, text)
    assert (finished.card["id"], finished.card["stopped_at"]) == (None, 11)
    assert finished.telemetry[-1]["iteration"] == 11
    expected = told(finished.folder.path)
    # The same holds after a crash while the results are written.
    write = RunFolder.write
    path, folder = tmp_path / "parts.yaml", tmp_path / "runs" / "parts"
    path.write_text(text)
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            start(read_experiment(path), folder)
    assert RunFolder.write is write
    assert carry_on(RunFolder.open(folder)) is not None
    assert told(folder) == expected


def test_what_is_no_observer(tmp_path: Path) -> None:
    (tmp_path / "stopper_of_test_2.py").write_text(MODULE)
    with pytest.raises(InvalidExperimentError, match="must return an Observer, but returns 7"):
        whole(tmp_path, EXPERIMENT + "observers: ['stopper_of_test_2:no_observer']\n")
    assert not (tmp_path / "runs").exists()


TABLE = """\
run_name: table
data: {csv: {path: a.csv, id: [id], dialect: {absent: NA}}}
parameters: {width: 4, height: 3, iterations: 30, random_state: 3}
output: {frames: 3, checkpoint_seconds: 1e-9}
"""


def test_a_table_that_is_interrupted_ends_alike(tmp_path: Path) -> None:
    rows = "id,price,colour\n1,2.5,red\n2,NA,blue\n3,4.5,red\n4,9.5,\n"
    (tmp_path / "a.csv").write_text(rows)
    finished = whole(tmp_path, TABLE)
    card, preparation = finished.card, finished.folder.preparation()
    assert preparation is not None
    assert card["preparation"] == preparation.to_json()
    assert card["data"]["missing"] == 2
    annotations = finished.folder.annotations()
    assert annotations is not None
    assert annotations.ids["id"].cells() == ["1", "2", "3", "4"]
    assert card["id"] == model_id(
        fingerprint(finished.samples),
        finished.experiment.parameters,
        preparation=preparation.transformation,
        annotations=annotations.fingerprint,
    )
    assert "colour: blue" in (finished.folder.path / "report.html").read_text()
    (tmp_path / "parts.yaml").write_text(TABLE)
    folder = tmp_path / "runs" / "parts"
    experiment = read_experiment(tmp_path / "parts.yaml")
    assert start(experiment, folder, observers=[Ticks()], should_stop=after(13)) is None
    (tmp_path / "a.csv").unlink()  # a run has its own samples
    assert carry_on(RunFolder.open(folder)) is not None
    assert told(folder) == told(finished.folder.path)


def test_another_table_than_before_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,price\n1,2.5\n2,3\n")
    finished = whole(tmp_path, TABLE)
    again = read_experiment(finished.folder.experiment_file)
    (tmp_path / "a.csv").write_text("id,price\n1,2.5\n2,4\n3,7\n")
    with pytest.raises(InvalidDataError, match=r"the data \(.*a\.csv\) are not those"):
        start(again, tmp_path / "again")
    (tmp_path / "a.csv").write_text("id,price\n1,2.5\n7,3\n")
    with pytest.raises(InvalidDataError, match="are not those"):
        start(again, tmp_path / "again")


def test_a_map_that_is_no_colours(tmp_path: Path) -> None:
    text = "data: {values: [[1, 2, 3, 4], [5, 6, 7, 9]]}\nparameters: {width: 3, height: 2, iterations: 4}\n"
    folder = whole(tmp_path, text).folder.path
    assert {path.stem for path in (folder / "views").iterdir()} == {
        "u-matrix", "planes", "hits", "errors", "clusters",
    }  # fmt: skip


def test_a_map_of_many_components_has_no_planes(tmp_path: Path) -> None:
    text = "data: {random: {samples: 4, dimension: 65}}\nparameters: {width: 3, height: 2, iterations: 4}\n"
    folder = whole(tmp_path, text).folder.path
    assert not (folder / "views" / "planes.png").exists()


def test_only_what_is_wanted(tmp_path: Path) -> None:
    text = (
        "data: {random: 5}\nkeep_data: false\nparameters: {width: 3, height: 2, iterations: 4}\n"
        "output: {gif: false, report: false, views: [map]}\n"
    )
    finished = whole(tmp_path, text)
    folder = finished.folder
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "card.json", "experiment.yaml", "history.csv", "telemetry.jsonl", "views", "weights.npy",
    ]  # fmt: skip
    assert [path.name for path in (folder.path / "views").iterdir()] == ["map.png"]
    assert folder.samples() is None
    assert finished.card["data"]["kept"] is False
    no_views = whole(tmp_path, text.replace("views: [map]", "views: []"), "none").folder.path
    assert not (no_views / "views").exists()


def test_without_its_samples_a_run_cannot_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(EXPERIMENT)
    start(read_experiment(tmp_path / "a.yaml"), tmp_path / "a", should_stop=lambda: True)
    folder = RunFolder.open(tmp_path / "a")
    folder.samples_file.unlink()
    with pytest.raises(RunError, match="is missing: the run cannot be continued"):
        carry_on(folder)


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_damaged_frames_are_told(tmp_path: Path, damage: str) -> None:
    (tmp_path / "a.yaml").write_text(EXPERIMENT)
    start(read_experiment(tmp_path / "a.yaml"), tmp_path / "a", observers=[Ticks()], should_stop=after(20))
    frames: list[Any] = sorted((tmp_path / "a" / "checkpoint").glob("frames-*.npz"))
    assert len(frames) == 2
    if damage == "gone":
        frames[0].unlink()
    else:
        frames[0].write_bytes(frames[1].read_bytes())
    with pytest.raises(RunError, match=r"the frames in .* are damaged"):
        carry_on(RunFolder.open(tmp_path / "a"))


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(EXPERIMENT)
    start(read_experiment(tmp_path / "a.yaml"), tmp_path / "a", should_stop=lambda: True)
    (tmp_path / "a" / "checkpoint" / "last.npz").write_bytes(b"")
    with pytest.raises(InvalidDataError, match="is not a checkpoint"):
        carry_on(RunFolder.open(tmp_path / "a"))


def test_what_a_killed_process_has_half_written_goes_with_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(EXPERIMENT)
    assert start(read_experiment(path), tmp_path / "parts", observers=[Ticks()], should_stop=after(9)) is None
    (tmp_path / "parts" / "frames").mkdir()
    for name in (".weights.npy-0.part", "frames/.000000000.png-0.part"):
        (tmp_path / "parts" / name).write_bytes(b"half")
    assert carry_on(RunFolder(tmp_path / "parts")) is not None
    assert told(tmp_path / "parts") == told(whole(tmp_path).folder.path)


def test_a_run_that_is_complete_is_read_from_its_folder(tmp_path: Path) -> None:
    finished = whole(tmp_path)
    again = finished_run(RunFolder(finished.folder.path))
    np.testing.assert_array_equal(again.trained.weights, finished.trained.weights)
    np.testing.assert_array_equal(again.samples, finished.samples)
    assert again.trained.parameters == finished.trained.parameters
    assert (again.trained.iterations, again.trained.engine) == (60, finished.trained.engine)
    assert (again.card, again.telemetry) == (finished.card, finished.telemetry)
    finished.folder.samples_file.unlink()
    with pytest.raises(RunError, match="the samples are not kept"):
        finished_run(finished.folder)
    finished.folder.card_file.unlink()
    with pytest.raises(RunError, match="not complete"):
        finished_run(finished.folder)


def test_a_run_with_sample_weights_is_resumed_and_read_again(tmp_path: Path) -> None:
    text = EXPERIMENT.replace(
        "random: {samples: 12, dimension: 3}", "values: {rows: ROWS, sample_weight: WEIGHTS}"
    )
    rows = np.random.default_rng(0).random((12, 3)).tolist()
    weights = [0.0, 1.5, *[1.0] * 10]
    text = text.replace("ROWS", str(rows)).replace("WEIGHTS", str(weights))
    text = text.replace("random_state: 3", "random_state: 3, algorithm: batch, final_sigma: 0.4")
    finished = whole(tmp_path, text)
    expected = train(rows, finished.experiment.parameters, sample_weight=weights)
    np.testing.assert_array_equal(finished.trained.weights, expected.weights)
    assert finished.card["data"]["sample_weight"] == fingerprint(np.array(weights))
    assert finished.folder.weight_file.exists()
    (tmp_path / "other.yaml").write_text(text)
    assert start(read_experiment(tmp_path / "other.yaml"), tmp_path / "other", should_stop=after(20)) is None
    other = carry_on(RunFolder(tmp_path / "other"))
    assert other is not None
    np.testing.assert_array_equal(other.trained.weights, expected.weights)
    assert other.card["id"] == finished.card["id"]
    data = RunFolder(tmp_path / "other").data()
    assert data is not None
    np.testing.assert_array_equal(data.sample_weight, weights)


def test_a_run_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = whole(tmp_path).folder
    card = folder.card()
    folder.write("card.json", json.dumps({**card, "schema_version": 1}).encode())
    with pytest.raises(RunError, match="of another version of the contract"):
        folder.weights()
