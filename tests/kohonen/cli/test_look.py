import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kohonen import SelfOrganizingMap
from kohonen.analysis.clusters import cluster_units
from tests.kohonen.cli.terminal import Terminal

SMALL = ("--width", "5", "--height", "4", "--iterations", "30", "--random-state", "7", "--no-gif", "-q")


@pytest.fixture
def run(kohonen: Terminal) -> Path:
    """Train a small map in the folder ``run``."""
    assert kohonen("train", *SMALL, "--folder", "run")[0] == 0
    return Path("run")


def test_a_table_s_rows_find_their_units(kohonen: Terminal, run: Path) -> None:
    Path("new.csv").write_text("r,g,b\n0.9,0.2,0.3\n1,0.8,0\n")
    code, out, _ = kohonen("predict", "run", "new.csv", "--clusters", "3")
    rows = list(csv.DictReader(io.StringIO(out)))
    weights = np.load(run / "weights.npy")
    som = SelfOrganizingMap(5, 4)
    som.weights_, som.n_features_in_ = weights, 3
    labels = cluster_units(weights, 3).labels
    assert code == 0
    assert list(rows[0]) == ["bmu_x", "bmu_y", "distance", "cluster"]
    samples = np.array([[0.9, 0.2, 0.3], [1, 0.8, 0]])
    for row, (x, y), distances in zip(rows, som.predict(samples), som.transform(samples), strict=True):
        assert (int(row["bmu_x"]), int(row["bmu_y"]), int(row["cluster"])) == (x, y, labels[x, y])
        assert float(row["distance"]) == pytest.approx(distances.min(), rel=1e-12)
    assert kohonen("predict", "run", "new.csv", "--clusters", "3", "-o", "out.csv") == (0, "", "")
    assert Path("out.csv").read_text() == out
    told = json.loads(kohonen("predict", "run", "new.csv", "--json")[1])
    assert [one["bmu_x"] for one in told["results"]] == [int(row["bmu_x"]) for row in rows]


def test_what_cannot_be_written_is_told_by_its_name(kohonen: Terminal, run: Path) -> None:
    Path("new.csv").write_text("r,g,b\n0.9,0.2,0.3\n")
    for command in (
        ("predict", "run", "new.csv", "-o", "no/a.csv"),
        ("show", "run", "-o", "no/a.png"),
    ):
        code, out, err = kohonen(*command)
        assert (code, out) == (1, "")
        assert err == f"kohonen: {Path(command[-1])}: No such file or directory\n"


def test_a_table_is_prepared_as_the_one_that_was_trained_on(kohonen: Terminal) -> None:
    Path("a.csv").write_text("id,price,colour\n1,2.5,red\n2,NA,blue\n3,4.5,red\n")
    code, _, err = kohonen(
        "train",
        *SMALL,
        "--folder",
        "run",
        "--csv",
        "a.csv",
        "--ignore",
        "id",
        "--absent",
        "NA",
        "--normalisation",
        "none",
    )
    assert code == 0, err
    Path("new.csv").write_text("colour;price\nred;2.5\nblue;NA\n")
    code, out, err = kohonen("predict", "run", "new.csv", "--clusters", "2")
    assert code == 0, err
    samples = np.load("run/samples.npy")
    som = SelfOrganizingMap(5, 4, missing="mask")
    som.weights_, som.n_features_in_ = np.load("run/weights.npy"), samples.shape[1]
    found = [(int(row["bmu_x"]), int(row["bmu_y"])) for row in csv.DictReader(io.StringIO(out))]
    assert found == [tuple(unit) for unit in som.predict(samples)[:2].tolist()]
    Path("new.csv").write_text("colour;price\nred;2.5\ngreen;3\n")
    code, out, err = kohonen("predict", "run", "new.csv")
    assert (code, len(out.splitlines())) == (0, 3)
    says = "values that are not among its categories 'blue', 'red', such as 'green' in row 2"
    assert err == f"note: column 'colour' holds 1 {says}; they count as missing\n"
    assert says in kohonen("predict", "run", "new.csv", "--unknown", "error")[2]
    Path("new.csv").write_text("colour\nred\n")
    assert "there is no column 'price'" in kohonen("predict", "run", "new.csv")[2]
    assert kohonen("show", "run", "--view", "planes") == (0, "planes.png\n", "")
    for component, file in (("price", "name.png"), ("0", "number.png")):
        shown = kohonen("show", "run", "--view", "planes", "--component", component, "-o", file)
        assert shown == (0, f"{file}\n", "")
    assert Path("name.png").read_bytes() == Path("number.png").read_bytes()
    assert Path("name.png").read_bytes() != Path("planes.png").read_bytes()
    code, _, err = kohonen("show", "run", "--view", "planes", "--component", "prize")
    assert code == 2
    assert "must be from 0 to 2, or one of 'price', 'colour: blue', 'colour: red'" in err


def test_a_table_that_does_not_suit_the_map(kohonen: Terminal, run: Path) -> None:
    Path("new.csv").write_text("a,b,c\n1,2,x\n")
    assert "the column 'c' must hold numbers" in kohonen("predict", "run", "new.csv")[2]
    Path("new.csv").write_text("id,b,c\n1,2,0\n2,2,0\n")
    assert kohonen("predict", "run", "new.csv")[0] == 0
    Path("new.csv").write_text("a,b\n1,2\n")
    code, out, err = kohonen("predict", "run", "new.csv")
    assert (code, out) == (1, "")
    assert "new.csv: the table has 2 columns, but the map was trained on 3" in err
    assert (
        "must be a number or 'auto', but is 'x'" in kohonen("predict", "run", "new.csv", "--clusters", "x")[2]
    )


def test_views_become_files(kohonen: Terminal, run: Path) -> None:
    assert kohonen("show", "run") == (0, "map.png\n", "")
    assert Path("map.png").read_bytes() == (run / "views" / "map.png").read_bytes()
    assert kohonen("show", "run", "--view", "planes", "-o", "a.svg")[:2] == (0, "a.svg\n")
    assert "<svg" in Path("a.svg").read_text()
    for options in (["--annotated"], ["--scale", "3"], ["--component", "1", "--view", "planes"]):
        assert kohonen("show", "run", *options)[0] == 0
    assert "must end in .png, .svg or .html" in kohonen("show", "run", "-o", "a.jpg")[2]
    assert kohonen("show", "run", "-o", "a.html")[:2] == (0, "a.html\n")
    assert Path("a.html").read_text() == (run / "report.html").read_text()
    (run / "samples.npy").unlink()
    assert "needs the samples" in kohonen("show", "run", "--view", "hits")[2]


@pytest.mark.parametrize(("name", "form"), [("a.gif", "GIF"), ("a.png", "PNG"), ("a.webp", "WEBP")])
def test_animations_of_every_form(kohonen: Terminal, run: Path, name: str, form: str) -> None:
    assert kohonen("animate", "run", "-o", name, "--frames", "4", "-q") == (0, f"{name}\n", "")
    with Image.open(name) as animation:
        assert (animation.format, getattr(animation, "n_frames", 1)) == (form, 4)


def test_animations_that_cannot_be_made(kohonen: Terminal, run: Path) -> None:
    assert kohonen("animate", "run", "-o", "a.mp4")[0] == 2
    (run / "samples.npy").unlink()
    code, _, err = kohonen("animate", "run")
    assert code == 1
    assert "the samples are not kept in run" in err


PETS = "name;kind;price;left\nrex;dog;2,5;x\ntom;cat;4;y\nkit;;9,5;x\ntop;dog;3;y\n"


@pytest.fixture
def labelled(kohonen: Terminal) -> Path:
    """Train a map of a table with labels and ids in the folder ``run``."""
    Path("a.csv").write_text(PETS)
    roles = ("--label", "kind", "--id", "name", "--only", "price")
    code, _, err = kohonen("train", "a.csv", *SMALL, *roles, "--folder", "run")
    assert code == 0, err
    return Path("run")


def test_predictions_have_ids_and_labels(kohonen: Terminal, labelled: Path) -> None:
    Path("new.csv").write_text("price;name\n2,5;ben\n9;\n")
    code, out, err = kohonen("predict", "run", "new.csv", "--clusters", "2")
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == [
        "id", "bmu_x", "bmu_y", "distance", "cluster", "kind_majority", "kind_share",
    ]  # fmt: skip
    assert [row["id"] for row in rows] == ["ben", ""]
    assert (rows[0]["kind_majority"], rows[0]["kind_share"]) == ("dog", "1.0")
    told = json.loads(kohonen("predict", "run", "new.csv", "--clusters", "2", "--json")[1])["results"]
    assert told[0]["id"] == "ben"
    assert told[1]["id"] is None
    assert told[0]["labels"] == {"kind": {"majority": "dog", "share": 1.0}}


def test_rows_are_joined_as_they_came(kohonen: Terminal, labelled: Path) -> None:
    Path("new.csv").write_text('price;cluster;note\n2,50;"a;b";x\n 9;;NA\n')
    code, out, err = kohonen("predict", "run", "new.csv", "--clusters", "2", "--join")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "price;cluster;note;bmu_x;bmu_y;distance;cluster_2;kind_majority;kind_share"
    assert lines[1].startswith('2,50;"a;b";x;')
    assert lines[1].endswith(";dog;1,0")
    assert lines[2].startswith("9;;NA;")
    assert "." not in out
    told = json.loads(kohonen("predict", "run", "new.csv", "--join", "--json")[1])["results"]
    assert told[0]["row"] == {"price": "2,50", "cluster": "a;b", "note": "x"}
    assert list(told[0]) == ["row", "bmu_x", "bmu_y", "distance", "cluster", "labels"]


def test_rows_of_plain_vectors_are_joined(kohonen: Terminal, run: Path) -> None:
    Path("new.csv").write_text("r,g,b\n0.90,0.2,0.3\n")
    lines = kohonen("predict", "run", "new.csv", "--join")[1].splitlines()
    assert lines[0] == "r,g,b,bmu_x,bmu_y,distance,cluster"
    assert lines[1].startswith("0.90,0.2,0.3,")


def test_views_of_labels_and_of_columns(kohonen: Terminal, labelled: Path) -> None:
    assert {"labels.png", "pies.png"} <= {path.name for path in (labelled / "views").iterdir()}
    assert "<h2>Labels</h2>" in (labelled / "report.html").read_text()
    assert kohonen("show", "run", "--view", "labels")[0] == 0
    assert Path("labels.png").read_bytes() == (labelled / "views" / "labels.png").read_bytes()
    for options in (
        ("pies", "--label", "kind"),
        ("plane", "--column", "kind"),
        ("plane", "--column", "price"),
    ):
        assert kohonen("show", "run", "--view", *options)[0] == 0
    code, _, err = kohonen("show", "run", "--view", "plane", "--column", "left")
    assert code == 2
    assert "train with label=left" in err
    assert "no column of labels 'name'" in kohonen("show", "run", "--view", "pies", "--label", "name")[2]


def test_labels_go_with_the_data(kohonen: Terminal, labelled: Path) -> None:
    text = (labelled / "experiment.yaml").read_text().replace("keep_data: true", "keep_data: false")
    Path("other.yaml").write_text(text.replace("../a.csv", "a.csv"))
    code, _, err = kohonen("train", "other.yaml", "--folder", "other", "-q")
    assert code == 0, err
    assert not Path("other/annotations.json").exists()
    told, other = (json.loads(Path(name, "card.json").read_text()) for name in ("run", "other"))
    assert other["data"]["annotations"] is None
    assert other["id"] != told["id"]
    out = kohonen("predict", "other", "a.csv")[1]
    assert out.splitlines()[0] == "id,bmu_x,bmu_y,distance,cluster"
    (labelled / "annotations.json").write_text("{}")
    code, _, err = kohonen("predict", "run", "a.csv")
    assert code == 1
    assert "annotations.json is damaged" in err
