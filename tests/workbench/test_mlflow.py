"""Trainings and maps in a real tracking server, reached over HTTP."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import kohonen.mlflow.tracking
from kohonen import InvalidDataError, InvalidParameterError, NotFittedError, SelfOrganizingMap, assess
from kohonen.mlflow.tracking import Tracking, best_run, load_som_model, log_som_model
from kohonen.pyfunc import read_map, write_map

DATA = np.random.default_rng(1).random((30, 3))
NAMES = ["red", "green", "blue"]
CLIENT = mlflow.MlflowClient


def trained(random_state: int = 3, **more: Any) -> SelfOrganizingMap:
    return SelfOrganizingMap(6, 5, iterations=40, random_state=random_state, **more).fit(DATA)


def only_run() -> mlflow.entities.Run:
    (run,) = mlflow.search_runs(output_format="list")
    return run


def downloaded(uri: str, folder: Path) -> Path:
    return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(folder)))


def test_a_training_is_logged_with_its_history_its_map_and_its_views(experiment: str, tmp_path: Path) -> None:
    with mlflow.start_run():
        som = SelfOrganizingMap(6, 5, iterations=40, random_state=3)
        som.fit(DATA, observers=[Tracking(points=10)])
        log_som_model(som, DATA)
    run = only_run()
    assert mlflow.get_experiment(run.info.experiment_id).name == experiment
    assert run.data.params == {
        "width": "6",
        "height": "5",
        "iterations": "40",
        "learning_rate": "0.1",
        "sigma": "3.0",
        "final_sigma": "1.0",
        "random_state": "3",
        "algorithm": "online",
        "initialisation": "random",
        "grid": "rectangular",
        "boundary": "planar",
        "samples": "30",
        "dimension": "3",
    }
    assert run.data.metrics["quantization_error"] == som.quantization_error(DATA)
    assert run.data.metrics["topographic_error"] == som.topographic_error(DATA)
    assert {"explained_variance", "unused_units"} <= set(run.data.metrics)
    history = CLIENT().get_metric_history(run.info.run_id, "training/quantization_error")
    assert [point.step for point in history] == list(range(0, 41, 4))
    untrained = assess(som.parameters.initial_weights(3), DATA)
    assert history[0].value == pytest.approx(untrained.quantization_error)
    assert history[-1].value == pytest.approx(som.quantization_error(DATA))
    assert run.data.metrics["training/radius"] == pytest.approx(1.0)
    folder = Path(
        mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/views", dst_path=str(tmp_path))
    )
    views = {path.stem: Image.open(BytesIO(path.read_bytes())).size for path in folder.glob("*.png")}
    assert set(views) == {"map", "u-matrix", "planes", "hits", "errors", "clusters"}
    assert views["map"] == (396, 330)


def test_a_map_comes_back_as_it_was(experiment: str) -> None:
    som = trained(grid="hexagonal", initialisation="pca")
    info = log_som_model(som, DATA)
    for uri in (info.model_uri, f"runs:/{info.run_id}/som"):
        back = load_som_model(uri)
        np.testing.assert_array_equal(back.weights_, som.weights_)
        assert (back.parameters.grid, back.n_iter_, back.random_state_) == ("hexagonal", 40, 3)
        np.testing.assert_array_equal(back.predict(DATA), som.predict(DATA))
    # It goes on where it stood.
    np.testing.assert_array_equal(back.partial_fit(DATA).weights_, som.partial_fit(DATA).weights_)
    assert mlflow.active_run() is None


def test_pyfunc_predicts_as_the_library_does(experiment: str) -> None:
    som = trained()
    model = mlflow.pyfunc.load_model(log_som_model(som, DATA).model_uri)
    found = model.predict(DATA)
    np.testing.assert_array_equal(found[["bmu_x", "bmu_y"]], som.predict(DATA))
    np.testing.assert_allclose(found["distance"], som.transform(DATA).min(axis=1), rtol=1e-12)
    example = model.input_example
    np.testing.assert_array_equal(example, DATA[:3])
    with pytest.raises(mlflow.exceptions.MlflowException, match="shape"):
        model.predict(DATA[:, :2])


def test_a_table_has_a_signature_with_names(experiment: str) -> None:
    som = trained()
    info = log_som_model(som, DATA, feature_names=NAMES, registered_model_name="colours")
    assert info.signature is not None
    assert info.signature.inputs.input_names() == NAMES
    assert info.signature.outputs.input_names() == ["bmu_x", "bmu_y", "distance"]
    model = mlflow.pyfunc.load_model("models:/colours/1")
    table = pd.DataFrame(DATA, columns=NAMES)
    # Columns are taken by their names, in whatever order they stand.
    found = model.predict(table[["blue", "red", "green"]])
    np.testing.assert_array_equal(found[["bmu_x", "bmu_y"]], som.predict(DATA))
    with pytest.raises(mlflow.exceptions.MlflowException, match="green"):
        model.predict(table[["red", "blue"]])


def test_values_may_be_missing(experiment: str) -> None:
    samples = DATA.copy()
    samples[::4, 1] = np.nan
    som = SelfOrganizingMap(6, 5, iterations=40, random_state=3, missing="mask").fit(samples)
    model = mlflow.pyfunc.load_model(log_som_model(som, samples, feature_names=NAMES).model_uri)
    found = model.predict(pd.DataFrame(samples, columns=NAMES))
    np.testing.assert_array_equal(found[["bmu_x", "bmu_y"]], som.predict(samples))


def test_a_model_is_data_and_its_requirements_name_no_library_of_another_s(
    experiment: str, tmp_path: Path
) -> None:
    info = log_som_model(trained(), DATA)
    folder = downloaded(info.model_uri, tmp_path)
    files = {path.name for path in folder.rglob("*") if path.is_file()}
    assert "map.npz" in files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".py"))]
    requirements = (folder / "requirements.txt").read_text()
    assert "numpy==" in requirements
    assert "kohonen" not in requirements


def test_another_process_predicts_with_what_a_url_gives(experiment: str, tmp_path: Path) -> None:
    info = log_som_model(trained(), DATA, feature_names=NAMES)
    rows, out = tmp_path / "rows.csv", tmp_path / "units.json"
    pd.DataFrame(DATA, columns=NAMES).to_csv(rows, index=False)
    command: list[str | Path] = [
        Path(sys.executable).with_name("mlflow"),
        "models",
        "predict",
        "--env-manager",
        "local",
    ]
    command += ["-m", info.model_uri, "-i", rows, "-t", "csv", "-o", out]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environment, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    units = pd.DataFrame(json.loads(out.read_text())["predictions"])
    np.testing.assert_array_equal(units[["bmu_x", "bmu_y"]], trained().predict(DATA))


def test_the_best_run_is_chosen_by_a_metric_and_a_direction(experiment: str) -> None:
    errors = {}
    for seed in (1, 2, 3):
        som = trained(random_state=seed)
        errors[som.quantization_error(DATA)] = log_som_model(som, DATA).run_id
    with mlflow.start_run():
        mlflow.log_metric("another", 1.0)
    mlflow.start_run()
    mlflow.log_metric("quantization_error", 0.0)
    mlflow.end_run("FAILED")
    assert best_run().info.run_id == errors[min(errors)]
    assert best_run(ascending=False).info.run_id == errors[max(errors)]
    assert best_run("another").data.metrics == {"another": 1.0}
    assert best_run(experiment=experiment).info.run_id == errors[min(errors)]
    with pytest.raises(
        InvalidParameterError, match="no finished run of the active experiment has a metric 'nope'"
    ):
        best_run("nope")
    with pytest.raises(InvalidParameterError, match="no finished run of the experiment 'Default'"):
        best_run(experiment="Default")


def test_what_cannot_be_logged_leaves_no_run(experiment: str) -> None:
    with pytest.raises(NotFittedError):
        log_som_model(SelfOrganizingMap(3, 3), DATA)
    with pytest.raises(InvalidDataError, match="must have 3 values"):
        log_som_model(trained(), DATA[:, :2])
    with pytest.raises(
        InvalidParameterError, match="there must be 3 names, one for each value of a sample, but"
    ):
        log_som_model(trained(), DATA, feature_names=["one"])
    with pytest.raises(InvalidParameterError, match=r"within mlflow\.start_run"):
        Tracking()
    assert mlflow.search_runs(output_format="list") == []


def test_a_training_that_was_stopped_is_logged_as_far_as_it_came(experiment: str) -> None:
    som = SelfOrganizingMap(4, 4, iterations=1000, random_state=1)
    asked = iter(range(1000))
    with mlflow.start_run():
        som.fit(DATA, observers=[Tracking(points=3)], should_stop=lambda: next(asked) > 3)
        log_som_model(som, DATA)
    run = only_run()
    steps = [p.step for p in CLIENT().get_metric_history(run.info.run_id, "training/radius")]
    assert steps == [0, som.n_iter_]
    assert som.n_iter_ < 333


def test_a_training_in_another_thread_is_logged_to_the_run_it_was_meant_for(experiment: str) -> None:
    with mlflow.start_run():
        tracking = Tracking(points=2)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(SelfOrganizingMap(4, 4, iterations=20).fit, DATA, observers=[tracking]).result()
    run = only_run()
    assert run.data.params["width"] == "4"
    assert run.data.metrics["training/radius"] > 0


def test_a_server_that_fails_does_not_lose_the_training(
    experiment: str, tracking_server: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with mlflow.start_run():
        tracking = Tracking()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        som = SelfOrganizingMap(4, 4, iterations=20, random_state=1).fit(DATA, observers=[tracking])
        monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_server)
    assert som.n_iter_ == 20
    assert "Tracking failed at iteration 0" in caplog.text


def test_other_models_are_refused(experiment: str, tmp_path: Path) -> None:
    class Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: list[str], params: Any = None) -> list[str]:
            return model_input

    mlflow.pyfunc.save_model(str(tmp_path / "echo"), python_model=Echo(), pip_requirements=[])
    with pytest.raises(InvalidDataError, match="was not logged by kohonen"):
        load_som_model(str(tmp_path / "echo"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", None])
def test_files_that_hold_no_map_are_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    if content is None:
        np.savez(
            path, weights=np.zeros((2, 2)), training=np.array('{"parameters": {"width": 2, "height": 2}}')
        )
    else:
        path.write_bytes(content)
    with pytest.raises(InvalidDataError, match=r"map\.npz does not hold a map"):
        read_map(path)


def test_whatever_is_damaged_in_a_file_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    write_map(trained(), path)
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            read_map(path)
        except InvalidDataError:
            refused += 1
    assert refused > len(whole) / 2


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    np.savez(path, weights=np.array([{}], dtype=object), training=np.array("{}"), allow_pickle=True)
    with zipfile.ZipFile(path) as archive:
        assert "weights.npy" in archive.namelist()
    with pytest.raises(InvalidDataError, match="pickle"):
        read_map(path)


def test_without_mlflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.models", None)
    spec = importlib.util.spec_from_file_location("again", str(kohonen.mlflow.tracking.__file__))
    assert spec
    assert spec.loader
    with pytest.raises(ImportError, match=r"pip install '\.\[mlflow\]'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
