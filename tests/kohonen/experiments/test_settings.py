from pathlib import Path

import numpy as np
import pytest

from kohonen import InvalidExperimentError
from kohonen.experiments.experiment import Data
from kohonen.experiments.settings import VARIABLES, Layer, combine, environment, read_environment
from kohonen.inputs.arrays import Dataset

EVERY = {
    "SOM_WIDTH": "6",
    "SOM_HEIGHT": "5",
    "SOM_INPUT_DIM": "4",
    "SOM_SAMPLES": "9",
    "SOM_ITERATIONS": "40",
    "SOM_LEARNING_RATE": "5e-2",
    "SOM_SIGMA": "2",
    "SOM_FINAL_SIGMA": "0.5",
    "SOM_BATCH_SIZE": "100",
    "SOM_RANDOM_STATE": "7",
    "SOM_RUN_NAME": "sunset",
    "SOM_VERBOSE": "yes",
}


def test_every_variable_is_read() -> None:
    assert set(EVERY) == set(VARIABLES)
    layer = read_environment(EVERY)
    experiment = combine(variables=layer)
    parameters = experiment.parameters
    assert (parameters.width, parameters.height, parameters.iterations) == (6, 5, 40)
    assert (parameters.learning_rate, parameters.sigma, parameters.random_state) == (0.05, 2.0, 7)
    assert experiment.data.options == {"samples": 9, "dimension": 4}
    assert (experiment.batch_size, experiment.run_name, layer.verbose) == (100, "sunset", True)


def test_flag_over_environment_over_file_over_default() -> None:
    layers = {
        name: Layer(parameters={"width": width})
        for name, width in (("file", 3), ("variables", 4), ("flags", 5))
    }
    assert combine().parameters.width == 100
    assert combine(file=layers["file"]).parameters.width == 3
    assert combine(file=layers["file"], variables=layers["variables"]).parameters.width == 4
    assert combine(**layers).parameters.width == 5
    assert combine(file=Layer(parameters={"height": 3}), flags=layers["flags"]).parameters.height == 3


def test_what_is_generated_may_be_said_everywhere() -> None:
    file = Layer(data=Data("random", {"samples": 5, "random_state": 3}))
    said = combine(
        file=file, variables=Layer(generated={"dimension": 2}), flags=Layer(generated={"samples": 8})
    )
    assert said.data.options == {"samples": 8, "dimension": 2, "random_state": 3}


def test_what_is_generated_is_nothing_where_data_are_given() -> None:
    file = Layer(data=Data("colours", {"values": ["red"]}))
    assert combine(file=file, variables=Layer(generated={"samples": 8})).data.kind == "colours"
    with pytest.raises(InvalidExperimentError, match="--samples and --input-dim are for generated data"):
        combine(file=file, flags=Layer(generated={"samples": 8}))


def test_flags_without_any_of_it() -> None:
    assert (
        combine(file=Layer(data=Data("colours", {"values": ["red"]})), flags=Layer()).data.options["range"]
        == 1
    )


def test_the_file_env_is_read_below_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# a comment\nSOM_WIDTH=3\nexport SOM_HEIGHT='4'\nSOM_SIGMA\n")
    monkeypatch.setenv("SOM_WIDTH", "8")
    monkeypatch.chdir(tmp_path)
    assert {name: environment()[name] for name in ("SOM_WIDTH", "SOM_HEIGHT")} == {
        "SOM_WIDTH": "8",
        "SOM_HEIGHT": "4",
    }
    assert "SOM_SIGMA" not in environment(tmp_path)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_variable_says_nothing(text: str) -> None:
    assert read_environment(dict.fromkeys(VARIABLES, text)) == Layer()


@pytest.mark.parametrize("text", ["0", "false", "NO", "off"])
def test_verbose_may_be_off(text: str) -> None:
    assert read_environment({"SOM_VERBOSE": text}).verbose is False


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("SOM_WIDTH", "ten", "SOM_WIDTH must be an integer, but is 'ten'"),
        ("SOM_WIDTH", "0", "at least 1"),
        ("SOM_SIGMA", "nan", "above 0 and finite"),
        ("SOM_VERBOSE", "maybe", "must be true or false, but is 'maybe'"),
        ("SOM_RUN_NAME", "../up", "run_name must be"),
    ],
)
def test_a_variable_that_cannot_be_understood(name: str, text: str, says: str) -> None:
    with pytest.raises(InvalidExperimentError, match=f"the variable {name}: .*{says}"):
        read_environment({name: text})


def test_sizes_are_chosen_for_the_data_unless_they_are_colours() -> None:
    table = combine(flags=Layer(data=Data("csv", {"path": "/data/my iris.csv"}), parameters={"height": 4}))
    assert (set(table.auto), table.run_name) == ({"width", "iterations", "algorithm"}, "som-my-iris")
    sized = table.sized(Dataset(np.eye(4)))
    assert (sized.auto, sized.parameters.width, sized.parameters.iterations) == (frozenset(), 2, 12_500)
    colours = combine()
    assert (colours.auto, colours.run_name, colours.parameters.width) == (
        frozenset(),
        "som-100x100-1000",
        100,
    )
