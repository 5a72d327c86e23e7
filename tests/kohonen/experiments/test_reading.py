from pathlib import Path
from typing import Any

import pytest

from kohonen import InvalidExperimentError
from kohonen.experiments.experiment import OUTPUT, SOURCES
from kohonen.experiments.reading import read_experiment, write_yaml

WHOLE = """\
run_name: sunset
data:
  colours: {values: [red, [0, 0, 255]], range: 255}
parameters:
  width: 6
  height: 5
  iterations: 40
  learning_rate: 5e-2
  sigma: 2
  random_state: 7
  algorithm: batch
  initialisation: pca
  grid: hexagonal
  boundary: planar
  batch_size: 100
keep_data: false
output:
  views: [map, u-matrix]
  report: false
  gif: false
  frames: 5
  spacing: logarithmic
  single_frames: true
  telemetry: 9
  checkpoint_seconds: 0.5
observers: [mine:Watcher]
code: modules
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_all_there_is(tmp_path: Path) -> None:
    experiment = read_experiment(written(tmp_path, WHOLE))
    assert (experiment.run_name, experiment.batch_size, experiment.keep_data) == ("sunset", 100, False)
    assert experiment.data.options == {"values": ["red", [0, 0, 255]], "range": 255}
    assert experiment.parameters.learning_rate == 0.05
    assert experiment.parameters.sigma == 2.0
    assert experiment.parameters.geometry.hexagonal
    assert experiment.output.views == ("map", "u-matrix")
    assert {getattr(experiment.output, name) != one.default for name, one in OUTPUT.items()} == {True}
    assert experiment.observers == ("mine:Watcher",)
    assert experiment.code == tmp_path / "modules"


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    experiment = read_experiment(written(tmp_path, ""))
    assert experiment.run_name == "mine"
    assert experiment.data.options == {"samples": 20, "dimension": 3}
    assert (experiment.parameters.width, experiment.parameters.iterations) == (100, 1000)
    assert experiment.code == tmp_path


@pytest.mark.parametrize("folder", ["", "runs/mine"])
def test_what_is_written_is_what_was_read(tmp_path: Path, folder: str) -> None:
    experiment = read_experiment(written(tmp_path, WHOLE)).resolved("f" * 64)
    assert experiment.data.fingerprint == "f" * 64
    place = tmp_path / folder
    place.mkdir(parents=True, exist_ok=True)
    assert read_experiment(written(place, write_yaml(experiment.document(place)))) == _at(experiment, place)


def test_a_text_that_looks_like_a_number_stays_a_text(tmp_path: Path) -> None:
    for text in ("4555e12", "1e3", "1.5", "7", "yes", "4555e12d"):
        path = written(tmp_path, write_yaml({"run_name": text}))
        assert read_experiment(path).run_name == text


def _at(experiment: Any, folder: Path) -> Any:
    """Return an experiment whose folder of code is relative to another folder."""
    from dataclasses import replace

    return replace(
        experiment,
        code=folder / Path(*[".."] * (len(folder.parts) - len(experiment.code.parent.parts))) / "modules",
    )


@pytest.mark.parametrize(
    ("data", "kind", "options"),
    [
        ("csv: a.csv", "csv", {"path": "{}/a.csv", "missing": "mask"}),
        (
            "csv: {path: a.csv, ignore: [b], normalisation: {c: robust}, missing: error}",
            "csv",
            {"path": "{}/a.csv", "ignore": ["b"], "normalisation": {"c": "robust"}, "missing": "error"},
        ),
        ("npy: {path: /b/a.npy}", "npy", {"path": "/b/a.npy"}),
        ("image: a.png", "image", {"path": "{}/a.png", "colours": 40}),
        ("values: [[1, 2], [3, 4]]", "values", {"rows": [[1, 2], [3, 4]]}),
        ("random: 7", "random", {"samples": 7, "dimension": 3}),
        (
            "random: {dimension: 2, random_state: 1}",
            "random",
            {"samples": 20, "dimension": 2, "random_state": 1},
        ),
        ("call: mine:load", "call", {"target": "mine:load"}),
        (
            "call: {target: mine:load, arguments: {n: 3}}",
            "call",
            {"target": "mine:load", "arguments": {"n": 3}},
        ),
    ],
)
def test_data_of_every_kind(tmp_path: Path, data: str, kind: str, options: dict[str, Any]) -> None:
    read = read_experiment(written(tmp_path, f"data:\n  {data}\n")).data
    expected = {
        name: value.format(tmp_path) if isinstance(value, str) else value for name, value in options.items()
    }
    assert (read.kind, read.options) == (kind, expected)
    assert kind in SOURCES


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("parameters:\n  widht: 3", 2, "parameters.widht: unknown field; did you mean 'width'?"),
        ("paramters: {}", 1, "did you mean 'parameters'?"),
        ("xyz: 1", 1, "use one of run_name, data, parameters, keep_data, output, observers, code"),
        ("1: 1", 1, "1: unknown field"),
        ("parameters:\n  width: 0", 2, "width must be at least 1, but is 0"),
        ("parameters:\n  width: ten", 2, "width must be an integer, but is 'ten'"),
        ("parameters:\n  width: 1.0", 2, "must be an integer"),
        ("parameters:\n  algorithm: onlin", 2, "must be one of 'online', 'batch'"),
        ("parameters: 7", 1, "parameters: must have fields: width, height"),
        ("\n\nparameters:\n  width: 3\n  width: 4", 5, "parameters.width is given in line 4 already"),
        ("output:\n  frames: 1", 2, "frames must be at least 2"),
        ("output:\n  views: map", 2, "views must be a list"),
        ("output:\n  gif: 1", 2, "gif must be true or false"),
        ("run_name: a/b", 1, "run_name must be 1 to 100 letters"),
        ("run_name: 7", 1, "run_name must be a text"),
        ("keep_data: 1", 1, "keep_data must be true or false"),
        ("observers: mine", 1, "observers must be a list"),
        ("observers:\n- 1", 2, "observers.0: 0 must be a text"),
        ("data: red", 1, "must have one of the fields random, colours"),
        (
            "data: {}",
            1,
            "data: must be one of random, colours, values, csv, npy, image, call, but is none of them",
        ),
        ("data:\n  csv: a\n  npy: b", 1, "but is csv and npy"),
        ("data:\n  cvs: a.csv", 2, "did you mean 'csv'?"),
        ("data:\n  csv: 7", 2, "data.csv: csv must be a text"),
        ("data:\n  csv: {}", 2, "data.csv: 'path' is missing"),
        ("data:\n  image: {path: a, colours: 300}", 2, "colours must be at most 256"),
        ("data:\n  csv: a.csv\n  fingerprint: 7", 3, "fingerprint must be a text"),
        ("output:\n  views:\n  - map\n  - heat", 4, "a view must be one of map, input-output"),
        ("data:\n  colours:\n  - red\n  - rad", 4, 'data.colours.1: colours[1]: "rad" is not a CSS colour'),
        ("data:\n  colours:\n    values:\n    - [255, 0, 0]", 4, "the range has to be 255"),
        ("data:\n  colours: {values: [red],\n    range: 7}", 2, "colour_range must be 1 or 255"),
        ("data:\n  colours: []", 2, "at least one colour is needed"),
        ("[1, 2]", 1, "an experiment must have fields: run_name"),
        ("a: [1", 1, "this is not valid YAML"),
        ("a: \x07", 1, "this is not valid YAML"),
        ("a: 2026-13-45", 1, "this is not valid YAML"),
        ("&a [*a]: 1", 1, "this is not valid YAML"),
        ("a: &a {b: *a}", 1, "this is not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]", 1, "this is not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_field(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidExperimentError) as caught:
        read_experiment(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert says in str(caught.value)


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InvalidExperimentError, match="this is not valid YAML"):
        read_experiment(path)
