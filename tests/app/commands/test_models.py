import json
from pathlib import Path
from typing import Any

import pytest

from app import __main__
from app.app import create_app
from app.settings import Settings

BODY: dict[str, Any] = {
    "colours": ["red", "blue"],
    "width": 4,
    "height": 3,
    "iterations": 5,
    "random_state": 1,
}


class Terminal:
    """Calls the command as a shell would."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.store = f"file:{folder}/models"
        self.folder = folder
        self._capture = capture

    def __call__(self, *arguments: str, store: str | None = None) -> tuple[int, str, str]:
        self._capture.readouterr()  # what a server in the test has logged
        with pytest.raises(SystemExit) as end:
            __main__.main(["models", "--store", store or self.store, *arguments])
        out, err = self._capture.readouterr()
        return int(end.value.code or 0), out, err

    def add(self, seed: int, *more: str) -> str:
        path = self.folder / "request.json"
        path.write_text(json.dumps({**BODY, "random_state": seed}))
        code, out, _ = self("add", str(path), *more)
        assert code == 0
        return out.split()[0]


@pytest.fixture
def models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, capsys)


def test_from_adding_to_removing(models: Terminal) -> None:
    assert models("list") == (0, "", "")
    first, second = models.add(1), models.add(2, "--name", "sunset")
    out = models("list")[1]
    assert [line.split()[0] for line in out.splitlines()] == [second, first]
    assert models("list", "--max", "1")[1].split()[0] == second
    assert models("list", "--name", "sunset")[1].split()[-1] == "sunset@1"
    assert len(models("list", "--sort", "quantization_error")[1].splitlines()) == 2
    card = json.loads(models("show", "sunset")[1])
    assert (card["id"], card["revisions"]) == (second, ["sunset@1"])
    assert models("remove", "sunset@1") == (0, f"{second}  removed\n", "")
    assert models("remove", first)[0] == 0
    assert models("list")[1] == ""


def test_adding_what_is_there(models: Terminal) -> None:
    model_id = models.add(1)
    path = str(models.folder / "request.json")
    assert models("add", path)[1] == f"{model_id}  exists\n"
    assert models("add", path, "--name", "a")[1] == f"{model_id}  exists  a@1\n"


def test_from_one_store_to_another(models: Terminal, make_client: Any) -> None:
    model_id = models.add(1, "--name", "a")
    client = make_client(store=models.store)
    archive = models.folder / "model.npz"
    archive.write_bytes(client.get("/models/a/download?format=npz").content)
    other = f"file:{models.folder}/other"
    assert models("add", str(archive), "--name", "b", store=other)[1] == f"{model_id}  added  b@1\n"
    assert models("add", str(archive), store=other)[1] == f"{model_id}  exists\n"
    moved = make_client(store=other)
    assert moved.get("/models/b/download").content == client.get("/models/a/download").content
    assert moved.get("/models/b").json()["data"]["kept"] is False
    assert moved.get("/models/b/image?view=input-output").status_code == 409


@pytest.mark.parametrize("damage", ["nothing", "text", "short", "weights", "pickle"])
def test_what_is_no_archive(models: Terminal, damage: str, make_client: Any) -> None:
    import numpy as np

    models.add(1, "--name", "a")
    archive = models.folder / "model.npz"
    content = make_client(store=models.store).get("/models/a/download?format=npz").content
    match damage:
        case "nothing":
            archive.write_bytes(b"")
        case "text":
            archive.write_bytes(b"not an archive")
        case "short":
            archive.write_bytes(content[:-100])
        case _:
            archive.write_bytes(content)
            with np.load(archive) as parts:
                weights, card = parts["weights"].copy(), parts["card"]
            weights[0, 0, 0] += 1
            if damage == "pickle":
                weights = np.array([{}], dtype=object)
            np.savez(archive, weights=weights, card=card)
    code, out, err = models("add", str(archive), store=f"file:{models.folder}/other")
    assert (code, out) == (1, "")
    assert err.startswith("models add: ")
    assert "Traceback" not in err
    assert models("list", store=f"file:{models.folder}/other")[1] == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "0" * 32),
        ("show", "latest"),
        ("show", "..."),
        ("remove", "latest"),
        ("remove", "a@1"),
        ("remove", "0" * 32),
        ("add", "no-such-file.json"),
        ("prune",),
    ],
)
def test_what_cannot_be_done(models: Terminal, arguments: tuple[str, ...]) -> None:
    code, out, err = models(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"models {arguments[0]}: ")


def test_a_request_that_is_not_valid(models: Terminal) -> None:
    path = models.folder / "request.json"
    path.write_text(json.dumps({**BODY, "width": 0}))
    assert models("add", str(path))[0] == 1


def test_names_are_checked(models: Terminal) -> None:
    code, _, err = models("list", "--name", "best")
    assert code == 2
    assert "a name is up to 64" in err


def test_pruning_and_repairing(models: Terminal) -> None:
    first, second = models.add(1), models.add(2, "--name", "a")
    assert models("prune", "--days", "1") == (0, "", "")
    assert "would be removed" in models("prune", "--days", "0", "--dry-run")[1]
    assert models("prune", "--days", "0")[1].split()[::2] == [first, "removed"]
    store = create_app(Settings(store=models.store)).state.models.store
    for key in store.keys("index/"):
        store.delete(key)
    assert models("list")[1] == ""
    assert models("repair") == (0, f"{second}  was not listed\n", "")
    assert models("list")[1].split()[0] == second


def test_the_age_is_a_setting(models: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    models.add(1)
    monkeypatch.setenv("SOM_UNNAMED_DAYS", "0.000000001")
    assert models("list")[1] == ""
    assert models("prune")[1].endswith("removed\n")
