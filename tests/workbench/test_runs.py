"""``kohonen train --mlflow``: a run of the command in a real tracking server."""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest

from kohonen.cli.main import run
from kohonen.mlflow import best_run, load_som_model

SMALL = ["--width=6", "--height=5", "--iterations=40", "--random-state=3", "--samples=12"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_is_found_in_mlflow_with_all_that_came_of_it(
    experiment: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--mlflow", "--run-name=first", *SMALL]) == 0
    found = best_run()
    assert f"MLflow has it as run {found.info.run_id}" in capfd.readouterr().err
    assert found.info.run_name == "first"
    card = json.loads((folder / "runs/first/card.json").read_text())
    assert found.data.metrics["quantization_error"] == card["quality"]["quantization_error"]
    assert found.data.params["random_state"] == "3"
    course = mlflow.MlflowClient().get_metric_history(found.info.run_id, "training/quantization_error")
    lines = [json.loads(line) for line in (folder / "runs/first/telemetry.jsonl").read_text().splitlines()]
    assert [(one.step, one.value) for one in course] == [
        (line["iteration"], line["quantization_error"]) for line in lines
    ]
    files = mlflow.artifacts.list_artifacts(run_id=found.info.run_id, artifact_path="run")
    logged = {Path(file.path).name for file in files}
    assert {"experiment.yaml", "card.json", "telemetry.jsonl", "history.csv", "training.gif"} <= logged
    assert not [name for name in logged if name.endswith(".npy")]
    som = load_som_model(f"runs:/{found.info.run_id}/som")
    np.testing.assert_array_equal(som.weights_, np.load(folder / "runs/first/weights.npy"))


def test_a_run_that_was_gone_on_with_is_logged_as_well(experiment: str, folder: Path) -> None:
    assert run(["train", "--quiet", "--no-gif", "--run-name=second", *SMALL]) == 0
    (folder / "runs/second/card.json").unlink()
    assert run(["resume", "--mlflow", "--quiet", "runs/second"]) == 0
    found = best_run()
    assert found.info.run_name == "second"
    files = mlflow.artifacts.list_artifacts(run_id=found.info.run_id, artifact_path="run")
    assert "run/training.gif" not in {file.path for file in files}


def test_a_server_that_does_not_answer_is_told_before_the_training(
    experiment: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert run(["train", "--mlflow", *SMALL]) == 1
    assert "MLflow does not answer (MLFLOW_TRACKING_URI)" in capfd.readouterr().err
    assert not (folder / "runs").exists()


def test_a_server_that_fails_afterwards_leaves_the_run(
    experiment: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kohonen.experiments.mlflow.check_server", lambda: None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert run(["train", "--mlflow", "--run-name=third", *SMALL]) == 1
    assert "the run in runs/third is complete, but could not be logged" in capfd.readouterr().err
    assert (folder / "runs/third/card.json").exists()


def test_without_mlflow_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "kohonen.experiments.mlflow", None)
    assert run(["train", "--mlflow", *SMALL]) == 1
    assert "--mlflow needs MLflow: pip install '.[mlflow]'" in capfd.readouterr().err
    assert not (folder / "runs").exists()
