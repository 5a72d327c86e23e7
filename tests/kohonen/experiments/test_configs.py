"""The experiments of configs/ can be run, from any folder."""

import json
from pathlib import Path

import pytest

from kohonen import Parameters
from kohonen.experiments.reading import read_experiment
from kohonen.experiments.run import start

ROOT = Path(__file__).parents[3]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def test_there_are_those_that_are_spoken_of() -> None:
    assert {path.stem for path in CONFIGS} >= {
        "10x10-100", "10x10-200", "10x10-500", "100x100-1000", "400x400-40-colours",
    }  # fmt: skip


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_nothing_is_left_to_chance(path: Path) -> None:
    experiment = read_experiment(path)
    assert experiment.parameters.random_state is not None
    assert experiment.run_name == path.stem
    size = f"{experiment.parameters.width}x{experiment.parameters.height}"
    assert path.stem.startswith(size) or experiment.data.kind != "random"


def test_the_palette_is_that_of_the_request() -> None:
    request = json.loads((ROOT / "examples" / "palettes" / "starry-night.json").read_text())
    experiment = read_experiment(ROOT / "configs" / "starry-night.yaml")
    assert experiment.data.options["values"] == request.pop("colours")
    assert experiment.parameters == Parameters(**request)


def test_the_first_makes_its_map(tmp_path: Path) -> None:
    finished = start(read_experiment(CONFIGS[1]), tmp_path / "run")
    assert finished is not None
    assert finished.card["quality"]["quantization_error"] < 0.1
