import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kohonen import Parameters, train
from kohonen.cli.interrupts import Interrupts
from kohonen.experiments.run import Finished
from kohonen.experiments.sources import random_samples
from tests.kohonen.cli.senders import Sender
from tests.kohonen.cli.terminal import Terminal

SMALL = ("--width", "5", "--height", "4", "--iterations", "30", "--random-state", "7")


def test_without_anything_it_is_a_map_of_random_colours(kohonen: Terminal, tmp_path: Path) -> None:
    code, out, err = kohonen("train", *SMALL)
    assert (code, out) == (0, "runs/som-5x4-30\n")
    assert err.splitlines()[-1].startswith("runs/som-5x4-30: trained in ")
    expected = train(random_samples(20, 3, 7), Parameters(width=5, height=4, iterations=30, random_state=7))
    np.testing.assert_array_equal(np.load(tmp_path / out.strip() / "weights.npy"), expected.weights)


def test_a_script_has_the_card(kohonen: Terminal) -> None:
    code, out, err = kohonen("train", *SMALL, "--json", "-q", "--run-name", "mine")
    told = json.loads(out)
    assert (code, err, told["folder"]) == (0, "", "runs/mine")
    assert told["card"]["parameters"]["width"] == 5
    assert json.loads(Path("runs/mine/card.json").read_text()) == told["card"]


def test_flag_over_environment_over_dot_env_over_file(
    kohonen: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text(
        "parameters: {width: 2, height: 2, iterations: 2, sigma: 2, random_state: 2}"
    )
    (tmp_path / ".env").write_text("SOM_HEIGHT=3\nSOM_ITERATIONS=3\nSOM_SIGMA=3\n")
    monkeypatch.setenv("SOM_ITERATIONS", "4")
    monkeypatch.setenv("SOM_SIGMA", "4")
    monkeypatch.setenv("SOM_VERBOSE", "1")
    code, out, err = kohonen("train", "a.yaml", "--sigma", "5", "--json")
    parameters = json.loads(out)["card"]["parameters"]
    assert code == 0
    assert [parameters[name] for name in ("width", "height", "iterations", "sigma", "random_state")] == [
        2,
        3,
        4,
        5,
        2,
    ]
    assert "from the environment or .env: SOM_HEIGHT=3, SOM_ITERATIONS=4, SOM_SIGMA=4, SOM_VERBOSE=1\n" in err
    assert "engine: " in err


def test_verbose_without_an_environment(kohonen: Terminal) -> None:
    assert kohonen("train", *SMALL, "-v")[2].startswith("engine: ")
    assert kohonen("train", *SMALL, "-v", "-q", "--overwrite")[2] == ""


@pytest.mark.parametrize("kind", ["csv", "npy", "image", "colour"])
def test_data_of_every_kind(kohonen: Terminal, tmp_path: Path, kind: str) -> None:
    colours = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    (tmp_path / "a.csv").write_text("r,g,b,n\n1,0,0,0\n0,0,1,2\n")
    np.save(tmp_path / "a.npy", np.array(colours))
    pixels = np.array([[[255, 0, 0]] * 3 + [[0, 0, 255]]], dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    given = {
        "csv": ["--csv", "a.csv", "--ignore", "g", "--normalisation", "r:none", "--missing", "error"],
        "npy": ["--npy", "a.npy"],
        "image": ["--image", "a.png", "--image-colours", "2"],
        "colour": ["--colour", "red", "--colour", "#00f"],
    }[kind]
    code, out, err = kohonen("train", *SMALL, *given)
    assert code == 0, err
    samples = np.load(tmp_path / out.strip() / "samples.npy")
    np.testing.assert_array_equal(samples, colours if kind != "csv" else [[1, -1, -1], [0, 1, 1]])


def test_a_column_has_the_weights(kohonen: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,count\n1,0,0.5\n0,1,2\n")
    flags = ["--sample-weight", "count", "--algorithm", "batch"]
    code, out, err = kohonen("train", *SMALL, "--csv", "a.csv", *flags)
    assert code == 0, err
    np.testing.assert_array_equal(np.load(tmp_path / out.strip() / "sample_weight.npy"), [0.5, 2])
    code, out, err = kohonen("look", "a.csv", *flags)
    assert code == 0, err
    assert "count   weight  0        0.5    it has the weights of the rows" in out


def test_what_is_wanted_besides_the_map(kohonen: Terminal) -> None:
    code, out, _ = kohonen(
        "train", *SMALL, "--no-gif", "--single-frames", "--frames", "3", "--view", "hits", "--view", "map",
        "--no-report", "--telemetry", "3", "--batch-size", "9", "--samples", "4", "--input-dim", "3",
    )  # fmt: skip
    folder = Path(out.strip())
    assert code == 0
    assert not (folder / "training.gif").exists()
    assert len(list((folder / "frames").iterdir())) == 3
    assert sorted(path.name for path in (folder / "views").iterdir()) == ["hits.png", "map.png"]
    assert np.load(folder / "samples.npy").shape == (4, 3)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--width", "0"], 2, "kohonen: width must be at least 1, but is 0"),
        (["--width", "x"], 2, "'x' is not a valid integer"),
        (["--widht", "3"], 2, "'--width'"),
        (["--algorithm", "magic"], 2, "'magic' is not one of 'online', 'batch'"),
        (["none.yaml"], 2, "'none.yaml' does not exist"),
        (["bad.yaml"], 2, "bad.yaml, line 1: xyz: unknown field"),
        (["--colour", "red", "--npy", "bad.yaml"], 2, "use only one of --csv, --npy, --image and --colour"),
        (["--normalisation", "none"], 2, "--normalisation needs --csv"),
        (["--sample-weight", "n"], 2, "--sample-weight needs --csv"),
        (["--csv", "bad.yaml", *(2 * ["--normalisation", "none"])], 2, "one normalisation for all columns"),
        (["--csv", "bad.yaml"], 1, "must name the columns"),
        (["--image-colours", "3"], 2, "--image-colours needs --image"),
        (["--image", "bad.yaml", "--image-colours", "300"], 2, "--image-colours must be at most 256"),
        (["--image", "bad.yaml"], 1, "bad.yaml is not an image"),
        (["--colour", "redd"], 1, "is not a CSS colour"),
        (["--colour", "red", "--samples", "4"], 2, "--samples and --input-dim are for generated data"),
        (["--view", "heat"], 2, "a view must be one of map, "),
        (["--run-name", "a/b"], 2, "run_name must be"),
        (["--grid", "hexagonal", "--boundary", "toroidal", "--height", "3"], 2, "must be even"),
        (["--folder", "."], 1, "exists and is not the folder of a run"),
    ],
)  # fmt: skip
def test_what_is_not_understood_or_fails(
    kohonen: Terminal, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "bad.yaml").write_text("xyz: 1")
    done, out, err = kohonen("train", *arguments)
    assert (done, out) == (code, "")
    assert says in err
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


def test_a_variable_that_is_not_understood(kohonen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOM_WIDTH", "wide")
    assert kohonen("train") == (
        2,
        "",
        "kohonen: the variable SOM_WIDTH: SOM_WIDTH must be an integer, but is 'wide'\n",
    )


def test_a_run_is_not_overwritten_unless_told(kohonen: Terminal) -> None:
    assert kohonen("train", *SMALL)[0] == 0
    code, _, err = kohonen("train", *SMALL)
    assert code == 1
    assert "use --overwrite to replace it" in err
    assert kohonen("train", *SMALL, "--overwrite")[0] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_and_resumed(kohonen: Terminal, tmp_path: Path, number: int, code: int) -> None:
    (tmp_path / "a.yaml").write_text(f"observers: ['tests.kohonen.cli.senders:send_{number:d}']")
    assert kohonen("train", *SMALL, "--folder", "whole")[0] == 0
    before = signal.getsignal(number)
    done, out, err = kohonen("train", "a.yaml", *SMALL, "--folder", "parts")
    assert (done, out) == (code, "")
    assert err == "kohonen: interrupted after 11 of 30 iterations; to continue: kohonen resume parts\n"
    assert signal.getsignal(number) == before
    code, out, err = kohonen("resume", "parts", "--json")
    assert (code, json.loads(out)["folder"]) == (0, "parts")
    assert Path("parts/weights.npy").read_bytes() == Path("whole/weights.npy").read_bytes()
    assert kohonen("resume", "parts")[::2] == (0, "the run in parts is already complete\n")


def test_a_complete_run_can_be_logged(kohonen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """To MLflow, whose part is tested where that is installed."""
    logged: list[Finished] = []
    monkeypatch.setattr("kohonen.cli.train.tracker", lambda wanted, *, quiet: logged.append)
    small = ("--width", "5", "--height", "4", "--iterations", "9", "--no-gif", "--folder", "run", "-q")
    assert kohonen("train", *small)[0] == 0
    logged.clear()
    assert kohonen("resume", "run", "-q") == (0, "run\n", "")
    assert not logged
    assert kohonen("resume", "run", "-q", "--mlflow") == (0, "run\n", "")
    assert [finished.folder.path for finished in logged] == [Path("run")]


def test_a_second_signal_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    interrupts = Interrupts()
    train(
        random_samples(4, 3, 0),
        Parameters(width=2, height=2, iterations=20, random_state=0),
        should_stop=interrupts.requested,
        observers=[interrupts, Sender(signal.SIGINT)],
    )
    assert (interrupts.iteration, interrupts.last_iteration) == (11, 20)
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(os, "kill", lambda *given: sent.append(given))
    try:
        interrupts._handle(signal.SIGINT, None)
        assert sent == [(os.getpid(), signal.SIGINT)]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, handler)


def test_there_is_nothing_to_resume(kohonen: Terminal) -> None:
    assert kohonen("resume", "none") == (
        1,
        "",
        "kohonen: none is not the folder of a run: it does not exist\n",
    )
