import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kohonen import InvalidDataError, InvalidExperimentError, InvalidParameterError, Parameters
from kohonen.experiments.experiment import Data, Experiment
from kohonen.experiments.sources import image_colours, import_callable, load_samples, random_samples
from kohonen.identity import fingerprint

BATCH = Parameters(width=3, height=2, random_state=5, algorithm="batch")


def experiment(kind: str, folder: Path, known: str | None = None, **options: Any) -> Experiment:
    parameters = Parameters(width=3, height=2, random_state=5)
    return Experiment(run_name="a", data=Data(kind, options, known), parameters=parameters, code=folder)


def test_random_samples_are_the_demo_s_colours(tmp_path: Path) -> None:
    expected = np.random.default_rng([5, 1]).random((4, 3))
    np.testing.assert_array_equal(random_samples(4, 3, 5), expected)
    loaded = load_samples(experiment("random", tmp_path, samples=4, dimension=3)).data.samples
    np.testing.assert_array_equal(loaded, expected)
    other = load_samples(experiment("random", tmp_path, samples=4, dimension=3, random_state=6)).data.samples
    np.testing.assert_array_equal(other, random_samples(4, 3, 6))


def test_values_and_colours_that_are_written_down(tmp_path: Path) -> None:
    colours = load_samples(
        experiment("colours", tmp_path, values=["red", [0, 0, 255]], range=255)
    ).data.samples
    np.testing.assert_array_equal(colours, [[1, 0, 0], [0, 0, 1]])
    values = load_samples(experiment("values", tmp_path, rows=[[1], [2]]))
    np.testing.assert_array_equal(values.data.samples, [[1], [2]])
    assert values.preparation is None


def test_a_table_with_named_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id;price;colour;code\n1;2.5;red;7\n2;NA;blue;8\n3;4.5;red;7\n")
    options: dict[str, Any] = {
        "path": str(path),
        "ignore": ["id"],
        "categorical": ["code"],
        "dialect": {"absent": ["NA"], "delimiter": "semicolon"},
        "normalisation": {"price": "min-max"},
        "missing": "mask",
    }
    loaded = load_samples(experiment("csv", tmp_path, **options))
    assert loaded.preparation is not None
    assert loaded.preparation.components == ("price", "colour: blue", "colour: red", "code: 7", "code: 8")
    np.testing.assert_array_equal(
        loaded.data.samples, [[0, 0, 1, 1, 0], [np.nan, 1, 0, 0, 1], [1, 0, 1, 1, 0]]
    )
    with pytest.raises(InvalidDataError, match="'price' has no value in row 2"):
        load_samples(experiment("csv", tmp_path, **{**options, "missing": "error"}))


def test_a_table_is_normalised_by_default(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n")
    loaded = load_samples(experiment("csv", tmp_path, path=str(tmp_path / "a.csv"), missing="mask"))
    np.testing.assert_array_equal(loaded.data.samples, [[-1, -1], [1, 1]])


def test_what_is_no_table_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    with pytest.raises(InvalidDataError, match=r"a\.csv: the first line must name the columns"):
        load_samples(experiment("csv", tmp_path, path=str(tmp_path / "a.csv"), missing="mask"))
    (tmp_path / "a.csv").write_text('a,b\n1,"2,5"\n3,4\n')
    options = {"path": str(tmp_path / "a.csv"), "missing": "mask"}
    with pytest.raises(InvalidDataError, match=r"a\.csv: column 'b' holds numbers with a comma"):
        load_samples(experiment("csv", tmp_path, **options))
    loaded = load_samples(experiment("csv", tmp_path, **options, categorical=["b"]))
    assert loaded.data.samples.shape == (2, 3)


def test_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[1, 2], [3, 4]], dtype=np.int8))
    loaded = load_samples(experiment("npy", tmp_path, path=str(tmp_path / "a.npy"))).data.samples
    np.testing.assert_array_equal(loaded, [[1, 2], [3, 4]])


@pytest.mark.parametrize("content", [b"", b"text", None, "archive"])
def test_what_is_no_array(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "a.npy"
    if content is None:
        np.save(path, np.array([{}], dtype=object))
    elif content == "archive":
        with path.open("wb") as file:
            np.savez(file, a=np.ones(3))
    else:
        path.write_bytes(content)
    with pytest.raises(InvalidDataError, match=r"a\.npy is"):
        load_samples(experiment("npy", tmp_path, path=str(path)))


def test_an_image_s_colours_are_those_of_the_most_pixels_first(tmp_path: Path) -> None:
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[:7] = (255, 0, 0)
    pixels[7:9] = (0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    loaded = load_samples(
        experiment("image", tmp_path, path=str(tmp_path / "a.png"), colours=40)
    ).data.samples
    np.testing.assert_array_equal(loaded, [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    assert len(image_colours(tmp_path / "a.png", 2)) == 2


def test_a_large_image_is_looked_at_in_part(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000), "gold").save(tmp_path / "a.png")
    np.testing.assert_array_equal(image_colours(tmp_path / "a.png", 3), [[1, 215 / 255, 0]])


def test_what_is_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(InvalidDataError, match="is not an image"):
        image_colours(tmp_path / "a.png", 3)
    Image.new("RGB", (20, 10)).save(tmp_path / "b.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)
    with pytest.raises(InvalidDataError, match="is not an image"):
        image_colours(tmp_path / "b.png", 3)


MODULE = """\
class Loader:
    @staticmethod
    def load(n=2):
        return [[float(i)] for i in range(n)]

number = 7
"""


def test_samples_may_come_from_a_callable(tmp_path: Path) -> None:
    (tmp_path / "mydata_of_test.py").write_text(MODULE)
    path = list(sys.path)
    loaded = load_samples(
        experiment("call", tmp_path, target="mydata_of_test:Loader.load", arguments={"n": 3})
    ).data.samples
    np.testing.assert_array_equal(loaded, [[0], [1], [2]])
    assert (
        len(load_samples(experiment("call", tmp_path, target="mydata_of_test:Loader.load")).data.samples) == 2
    )
    assert sys.path == path


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("mydata", "must be module:callable"),
        (":load", "must be module:callable"),
        ("no_such_module:load", "was not found"),
        ("json:no_such_thing", "was not found"),
        ("json:__name__", "must be callable"),
    ],
)
def test_a_callable_that_there_is_not(tmp_path: Path, target: str, says: str) -> None:
    with pytest.raises(InvalidExperimentError, match=says):
        import_callable(target, tmp_path)


def test_other_data_than_before_are_told(tmp_path: Path) -> None:
    known = fingerprint(np.array([[1.0], [2.0]]))
    assert len(load_samples(experiment("values", tmp_path, known, rows=[[1], [2]])).data.samples) == 2
    with pytest.raises(InvalidDataError, match=r"the data \(values\) are not those"):
        load_samples(experiment("values", tmp_path, known, rows=[[1], [3]]))


@pytest.mark.parametrize("kind", ["values", "colours", "npy", "csv"])
def test_samples_may_have_weights(tmp_path: Path, kind: str) -> None:
    np.save(tmp_path / "a.npy", [[1.0], [2.0]])
    np.save(tmp_path / "w.npy", [0.5, 2.0])
    (tmp_path / "a.csv").write_text("a,count\n1,0.5\n2,2\n")
    options: dict[str, dict[str, Any]] = {
        "values": {"rows": [[1], [2]], "sample_weight": [0.5, 2]},
        "colours": {"values": ["red", "blue"], "range": 1, "sample_weight": [0.5, 2]},
        "npy": {"path": str(tmp_path / "a.npy"), "sample_weight": str(tmp_path / "w.npy")},
        "csv": {"path": str(tmp_path / "a.csv"), "sample_weight": "count", "missing": "mask"},
    }
    batch = replace(experiment(kind, tmp_path, **options[kind]), parameters=BATCH)
    loaded = load_samples(batch)
    np.testing.assert_array_equal(loaded.data.sample_weight, [0.5, 2.0])
    assert loaded.data.samples.shape == (2, 3 if kind == "colours" else 1)
    with pytest.raises(InvalidParameterError, match="takes no sample weights"):
        experiment(kind, tmp_path, **options[kind]).sized(loaded.data)
    known = replace(batch, data=replace(batch.data, fingerprint=fingerprint(loaded.data.table)))
    assert load_samples(known).data.samples.shape == loaded.data.samples.shape


def test_a_column_without_weights_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,count\n1,0.5\n2,-2\n")
    options: dict[str, Any] = {"path": str(tmp_path / "a.csv"), "missing": "mask"}
    with pytest.raises(InvalidDataError, match=r"a\.csv: column 'count': sample weights must not"):
        load_samples(experiment("csv", tmp_path, **options, sample_weight="count"))
    with pytest.raises(InvalidDataError, match=r"a\.csv: there is no column 'size' of sample weights"):
        load_samples(experiment("csv", tmp_path, **options, sample_weight="size"))
