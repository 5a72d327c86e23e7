import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kohonen import SelfOrganizingMap
from kohonen.clusters import cluster_units
from tests.kohonen.cli.terminal import Terminal

SMALL = ("--width", "5", "--height", "4", "--iterations", "30", "--random-state", "7", "--no-gif", "-q")


@pytest.fixture
def run(kohonen: Terminal) -> Path:
    """Train a small map in the folder ``run``."""
    assert kohonen("train", *SMALL, "--folder", "run")[0] == 0
    return Path("run")


def test_a_table_s_rows_find_their_units(kohonen: Terminal, run: Path) -> None:
    Path("new.csv").write_text("r,g,b\n0.9,0.2,0.3\n1,0.8,0\n")
    code, out, _ = kohonen("predict", "run", "--csv", "new.csv", "--clusters", "3")
    rows = list(csv.DictReader(io.StringIO(out)))
    weights = np.load(run / "weights.npy")
    som = SelfOrganizingMap(5, 4)
    som.weights_, som.n_features_in_ = weights, 3
    labels = cluster_units(weights, 3).labels
    assert code == 0
    assert list(rows[0]) == ["bmu_x", "bmu_y", "cluster", "distance"]
    samples = np.array([[0.9, 0.2, 0.3], [1, 0.8, 0]])
    for row, (x, y), distances in zip(rows, som.predict(samples), som.transform(samples), strict=True):
        assert (int(row["bmu_x"]), int(row["bmu_y"]), int(row["cluster"])) == (x, y, labels[x, y])
        assert float(row["distance"]) == pytest.approx(distances.min(), rel=1e-12)
    assert kohonen("predict", "run", "--csv", "new.csv", "--clusters", "3", "-o", "out.csv") == (0, "", "")
    assert Path("out.csv").read_text() == out
    told = json.loads(kohonen("predict", "run", "--csv", "new.csv", "--json")[1])
    assert [one["bmu_x"] for one in told["results"]] == [int(row["bmu_x"]) for row in rows]


def test_a_table_that_does_not_suit_the_map(kohonen: Terminal, run: Path) -> None:
    Path("new.csv").write_text("1,2\n")
    code, out, err = kohonen("predict", "run", "--csv", "new.csv")
    assert (code, out) == (1, "")
    assert "new.csv has 2 columns, but the map was trained on 3" in err
    assert (
        "neither a number nor 'auto'" in kohonen("predict", "run", "--csv", "new.csv", "--clusters", "x")[2]
    )


def test_views_become_files(kohonen: Terminal, run: Path) -> None:
    assert kohonen("show", "run") == (0, "map.png\n", "")
    assert Path("map.png").read_bytes() == (run / "views" / "map.png").read_bytes()
    assert kohonen("show", "run", "--view", "planes", "-o", "a.svg")[:2] == (0, "a.svg\n")
    assert "<svg" in Path("a.svg").read_text()
    for options in (["--annotated"], ["--scale", "3"], ["--component", "1", "--view", "planes"]):
        assert kohonen("show", "run", *options)[0] == 0
    assert "must end in .png or .svg" in kohonen("show", "run", "-o", "a.jpg")[2]
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
