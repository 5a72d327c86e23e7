"""Runs at a terminal become models of a store, and those are served."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import __main__
from app.models.card import parse_card
from app.settings import Settings
from kohonen import Observer, Parameters, Training
from kohonen.experiments.experiment import Data, Experiment
from kohonen.experiments.run import start
from kohonen.experiments.settings import VARIABLES


class Early(Observer):
    def after_iteration(self, training: Training) -> None:
        training.stop()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Train the map of two colours at a terminal."""
    experiment = Experiment(
        run_name="sunset",
        data=Data("colours", {"values": ["red", "blue"], "range": 1}),
        parameters=Parameters(width=4, height=3, iterations=5, random_state=1),
    )
    start(experiment, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            __main__.main(["models", "--store", f"file:{tmp_path}/models", "add", *arguments])
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return call


def test_a_run_is_the_model_that_the_service_would_make(
    run: Path, add: Any, make_client: Any, tmp_path: Path
) -> None:
    model_id = json.loads((run / "card.json").read_text())["id"]
    assert add(str(run), "--name", "sunset") == (0, f"{model_id}  added  sunset@1\n", "")
    assert add(str(run))[1] == f"{model_id}  exists\n"
    client = make_client(store=f"file:{tmp_path}/models")
    body = {"colours": ["red", "blue"], "width": 4, "height": 3, "iterations": 5, "random_state": 1}
    answer = client.post("/train", json=body, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["id"]) == (200, model_id)  # it was there
    assert client.get("/models/sunset/download").content == (run / "weights.npy").read_bytes()
    assert client.get("/models/sunset/image?view=hits").status_code == 200
    fresh = make_client().post("/train", json=body, headers={"accept": "application/json"}).json()
    stored = client.get("/models/sunset").json()
    for of_time in (fresh, stored):
        del of_time["created_at"], of_time["engine"]["seconds"], of_time["links"]
    assert {**fresh, "revisions": stored.get("revisions")} == {**stored, "revisions": stored.get("revisions")}


def test_the_card_of_a_run_is_that_of_a_model(run: Path) -> None:
    told = json.loads((run / "card.json").read_text())
    assert told.pop("run_name") == "sunset"
    assert parse_card(told).to_dict() == told


def test_without_its_samples(run: Path, add: Any, make_client: Any, tmp_path: Path) -> None:
    (run / "samples.npy").unlink()
    assert add(str(run), "--name", "a")[0] == 0
    client = make_client(store=f"file:{tmp_path}/models")
    assert client.get("/models/a").json()["data"]["kept"] is False
    assert client.get("/models/a/image?view=hits").status_code == 409


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("nothing", "is not the folder of a complete run: .* is not the folder of a run"),
        ("card", "is not the folder of a complete run: .* continue it with kohonen resume"),
        ("shape", "is not the folder of a complete run"),
        ("weights", "the weights in this folder are not those"),
        ("samples", "the samples in this folder are not those"),
    ],
)
def test_what_is_no_complete_run(run: Path, add: Any, damage: str, says: str) -> None:
    match damage:
        case "nothing":
            shutil.rmtree(run)
            run.mkdir()
        case "card":
            (run / "card.json").unlink()
        case "shape":
            (run / "card.json").write_text("{}")
        case _:
            path = run / f"{damage}.npy"
            np.save(path, np.load(path) + 1)
    code, out, err = add(str(run))
    assert (code, out) == (1, "")
    assert err.startswith("models add: ")
    assert re.search(says, err)


def test_a_training_that_was_ended_early_is_no_model(run: Path, add: Any, tmp_path: Path) -> None:
    start(
        Experiment(
            run_name="early",
            data=Data("colours", {"values": ["red"], "range": 1}),
            parameters=Parameters(width=4, height=3, iterations=5, random_state=1),
        ),
        tmp_path / "early",
        observers=[Early()],
    )
    code, _, err = add(str(tmp_path / "early"))
    assert (code, "ended early by an observer" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], {}),
        (["--model", "sunset@3"], {"SOM_SERVED_MODEL": "sunset@3"}),
        (
            ["--best", "explained_variance"],
            {
                "SOM_SERVED_MODEL": "best",
                "METRIC_KEY": "explained_variance",
                "METRIC_ASCENDING": "false",
            },
        ),
    ],
)
def test_a_model_is_served(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str]
) -> None:
    for name in ("SOM_SERVED_MODEL", "METRIC_KEY", "METRIC_ASCENDING"):
        monkeypatch.setenv(name, "")  # and taken back afterwards
    served: list[Settings] = []
    monkeypatch.setattr("app.commands.server.serve", served.append)
    __main__.main(["serve", *arguments])
    assert {name: os.environ[name] for name in variables} == variables
    assert served == [Settings()]  # the application will read the same
    assert served[0].served_model == variables.get("SOM_SERVED_MODEL", "latest")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--model", "..."], "SOM_SERVED_MODEL: "),
        (["--best", "beauty"], "invalid choice: 'beauty'"),
        (["--model", "a", "--best", "unused_units"], "not allowed with"),
    ],
)
def test_a_model_that_cannot_be_served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    monkeypatch.setenv("SOM_SERVED_MODEL", "")
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["serve", *arguments])
    assert says in capsys.readouterr().err.replace("served_model", "SOM_SERVED_MODEL")


def test_what_drives_the_command_line_means_nothing_to_a_request(
    monkeypatch: pytest.MonkeyPatch, make_client: Any, tmp_path: Path
) -> None:
    body = {"colours": ["red", "blue"], "width": 4, "height": 3, "iterations": 5, "random_state": 1}
    before = Settings()
    wanted = make_client().post("/train", json=body, headers={"accept": "application/json"}).json()["id"]
    (tmp_path / ".env").write_text("".join(f"{name}=7\n" for name in VARIABLES))
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.setenv(name, "7")
    assert Settings() == before
    assert not {f"SOM_{name}".upper() for name in Settings.model_fields} & set(VARIABLES)
    told = make_client().post("/train", json=body, headers={"accept": "application/json"}).json()
    assert told["id"] == wanted
    small = {"colours": ["red", "blue"], "persist": False}
    card = make_client().post("/train", json=small, headers={"accept": "application/json"}).json()
    assert (card["parameters"]["width"], card["parameters"]["iterations"]) == (100, 1000)


def test_labels_of_a_run_are_stored(add: Any, make_client: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,kind,price,size\nrex,dog,2.5,3\ntom,cat,4,2\nben,dog,3,5\n")
    options = {"path": str(tmp_path / "a.csv"), "label": ["kind"], "id": ["name"], "missing": "mask"}
    parameters = Parameters(width=4, height=3, iterations=5, random_state=1)
    start(Experiment(run_name="pets", data=Data("csv", options), parameters=parameters), tmp_path / "run")
    model_id = json.loads((tmp_path / "run" / "card.json").read_text())["id"]
    assert add(str(tmp_path / "run"), "--name", "pets")[0] == 0
    client = make_client(store=f"file:{tmp_path}/models")
    query = {"width": 4, "height": 3, "iterations": 5, "random_state": 1, "label": "kind", "id": "name"}
    headers = {"accept": "application/json", "content-type": "text/csv"}
    content = (tmp_path / "a.csv").read_bytes()
    answer = client.post("/train", content=content, params=query, headers=headers)
    assert (answer.status_code, answer.json()["id"]) == (200, model_id)  # it was there
    assert (
        client.get("/models/pets/image?view=labels").content
        == (tmp_path / "run" / "views" / "labels.png").read_bytes()
    )
    archive = client.get("/models/pets/download?format=npz").content
    (tmp_path / "pets.npz").write_bytes(archive)
    client.delete(f"/models/{model_id}")
    assert add(str(tmp_path / "pets.npz"))[0] == 0
    kept = client.get(f"/models/{model_id}").json()["data"]
    assert (kept["kept"], kept["annotations"]["sha256"]) == (False, None)
    client.delete(f"/models/{model_id}")
    file = tmp_path / "run" / "annotations.json"
    file.write_bytes(file.read_bytes().replace(b"rex", b"rey"))
    code, _, err = add(str(tmp_path / "run"))
    assert code == 1
    assert "the labels in this folder are not those of the model" in err
