"""``kohonen train --mlflow``: a run of the command in a real tracking server."""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from kohonen.cli.main import run
from kohonen.mlflow.tracking import best_run, load_som_model

SMALL = ["--width=6", "--height=5", "--iterations=40", "--random-state=3", "--samples=12"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_is_found_in_mlflow_with_all_that_came_of_it(
    experiment: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--mlflow", "--json", "--run-name=first", *SMALL]) == 0
    found = best_run()
    out, err = capfd.readouterr()
    assert f"logged to MLflow as run {found.info.run_id}" in err
    assert json.loads(out)["folder"] == "runs/first", "nothing but what a script wants"
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


def test_a_table_s_run_takes_rows_of_the_table(experiment: str, folder: Path) -> None:
    rows = "height,species\n30,cat\n50,dog\n,dog\n28,\n"
    (folder / "pets.csv").write_text(rows)
    (folder / "a.yaml").write_text("data: {csv: pets.csv}\nparameters: {width: 4, height: 3, iterations: 20}")
    assert run(["train", "a.yaml", "--mlflow", "--quiet", "--no-gif"]) == 0
    model = mlflow.pyfunc.load_model(f"runs:/{best_run().info.run_id}/som")
    assert model.metadata.signature.inputs.input_names() == ["height", "species"]
    found = model.predict(pd.read_csv(folder / "pets.csv"))
    assert run(["predict", "runs/a", "pets.csv", "-o", "told.csv"]) == 0
    told = pd.read_csv(folder / "told.csv")
    np.testing.assert_array_equal(found[["bmu_x", "bmu_y"]], told[["bmu_x", "bmu_y"]])
    np.testing.assert_allclose(found["distance"], told["distance"])
    example = model.input_example
    assert example["species"].tolist() == ["cat", "dog", "dog"]
    np.testing.assert_allclose(example["height"], [30, 50, np.nan])


def test_colours_have_their_names(experiment: str, folder: Path) -> None:
    small = [flag for flag in SMALL if "samples" not in flag]
    assert run(["train", "--mlflow", "--quiet", "--colour=gold", "--colour=navy", *small]) == 0
    model = mlflow.pyfunc.load_model(f"runs:/{best_run().info.run_id}/som")
    assert model.metadata.signature.inputs.input_names() == ["red", "green", "blue"]


def test_what_was_not_logged_is_logged_later(
    experiment: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--quiet", "--run-name=later", *SMALL]) == 0
    before = (folder / "runs/later/card.json").read_bytes()
    assert run(["resume", "--mlflow", "runs/later"]) == 0
    found = best_run()
    assert f"logged to MLflow as run {found.info.run_id}" in capfd.readouterr().err
    assert (found.info.run_name, found.data.params["random_state"]) == ("later", "3")
    assert (folder / "runs/later/card.json").read_bytes() == before
    (folder / "runs/later/samples.npy").unlink()
    assert run(["resume", "--mlflow", "runs/later"]) == 1
    assert "the samples are not kept in runs/later" in capfd.readouterr().err


def test_a_server_that_does_not_answer_is_told_before_the_training(
    experiment: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert run(["train", "--mlflow", *SMALL]) == 1
    assert "MLflow does not answer; check MLFLOW_TRACKING_URI" in capfd.readouterr().err
    assert not (folder / "runs").exists()


def test_a_server_that_fails_afterwards_leaves_the_run(
    experiment: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kohonen.mlflow.runs.check_server", lambda: None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert run(["train", "--mlflow", "--run-name=third", *SMALL]) == 1
    assert "the run in runs/third is complete, but could not be logged" in capfd.readouterr().err
    assert (folder / "runs/third/card.json").exists()


def test_without_mlflow_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "kohonen.mlflow.runs", None)
    assert run(["train", "--mlflow", *SMALL]) == 1
    assert "--mlflow needs MLflow: pip install '.[mlflow]'" in capfd.readouterr().err
    assert not (folder / "runs").exists()


def test_a_run_with_labels_predicts_labels(experiment: str, folder: Path) -> None:
    rows = "name,height,species\nrex,50,dog\ntom,30,cat\nben,52,dog\nkit,,\n"
    Path("pets.csv").write_text(rows)
    roles = ["--label=species", "--id=name", "--only=height"]
    assert (
        run(["train", "--mlflow", "--quiet", "--no-gif", "pets.csv", "--run-name=a", *roles, *SMALL[:-1]])
        == 0
    )
    found = best_run()
    files = mlflow.artifacts.list_artifacts(run_id=found.info.run_id, artifact_path="views")
    assert {"views/labels.png", "views/pies.png"} <= {file.path for file in files}
    model = mlflow.pyfunc.load_model(f"runs:/{found.info.run_id}/som")
    assert model.metadata.signature.outputs.input_names()[3:] == ["species_majority", "species_share"]
    told = model.predict(pd.DataFrame({"height": [51.0, 29.0]}))
    assert told["species_majority"].tolist() == ["dog", "cat"]
    assert told["species_share"].tolist() == [1.0, 1.0]
